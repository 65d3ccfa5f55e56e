#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/app/config.h"
#include "backend/app/metrics.h"
#include "backend/gateways/hooks/hint_asker.h"
#include "backend/gateways/hooks/hook_server.h"
#include "backend/gateways/identity_vault.h"

namespace convoke::app {

/// The hooks as the configuration has them, on their listener.
class HookGate {
 public:
  /// Each waits until it is on disk, and says whether it is.
  struct Outside {
    std::function<bool(const core::Act&)> take;
    /// The hint's number.
    std::function<std::optional<std::uint64_t>(const std::string& hook, const std::string& about,
                                               std::int64_t told_ms)>
        keep;
    std::function<bool(const gateways::hooks::KeptHint&)> drop;
  };

  /// Reads the secrets' files. Throws std::runtime_error naming hook and key for the first thing wrong.
  /// `vault` and `metrics` must outlive it.
  HookGate(const Config& config, const gateways::IdentityVault& vault, Metrics& metrics, Outside outside);

  /// Reads the secrets' files again. Throws as the constructor, and keeps the secrets there are. Any thread.
  void reload();

  /// `kept`: hints that were kept before this start.
  void start(std::vector<gateways::hooks::KeptHint> kept);
  void stop();

 private:
  bool keep(const std::string& hook, const std::string& about, std::int64_t told_ms);

  const std::string host_;
  const int port_;
  const std::string public_url_;
  const std::vector<HookConfig> hooks_;
  const Outside outside_;
  gateways::hooks::HookService service_;
  gateways::hooks::HintAsker asker_;
  gateways::hooks::HookServer server_;
};

/// The gate, if the configuration has one. Throws as it does, and where there is no vault.
std::unique_ptr<HookGate> make_hook_gate(const Config& config, const gateways::IdentityVault* vault,
                                         Metrics& metrics, HookGate::Outside outside);

}  // namespace convoke::app
