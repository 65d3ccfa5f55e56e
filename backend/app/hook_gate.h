#pragma once

#include <functional>
#include <memory>

#include "backend/app/config.h"
#include "backend/app/metrics.h"
#include "backend/gateways/hooks/hook_server.h"
#include "backend/gateways/identity_vault.h"

namespace convoke::app {

/// The hooks as the configuration has them, on their listener.
class HookGate {
 public:
  using Take = std::function<bool(const core::Act&)>;

  /// Reads the secrets' files. Throws std::runtime_error naming hook and key for the first thing wrong.
  /// `vault` and `metrics` must outlive it.
  HookGate(const Config& config, const gateways::IdentityVault& vault, Metrics& metrics, Take take);

  /// Reads the secrets' files again. Throws as the constructor, and keeps the secrets there are. Any thread.
  void reload();

  void start();
  void stop() { server_.stop(); }

 private:
  const std::string host_;
  const int port_;
  const std::string public_url_;
  const std::vector<HookConfig> hooks_;
  gateways::hooks::HookService service_;
  gateways::hooks::HookServer server_;
};

/// The gate, if the configuration has one. Throws as it does, and where there is no vault.
std::unique_ptr<HookGate> make_hook_gate(const Config& config, const gateways::IdentityVault* vault,
                                         Metrics& metrics, HookGate::Take take);

}  // namespace convoke::app
