#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/gateways/hooks/hook.h"
#include "backend/gateways/hooks/kinds.h"
#include "backend/gateways/hooks/rate.h"
#include "backend/gateways/rate_per_key.h"
#include "topics/sync/mutex.h"

namespace convoke::gateways::hooks {

/// Answers what comes to the hooks: who sent it, what it means, and once that is on disk, thanks. No socket
/// and no clock of its own. Any thread.
class HookService {
 public:
  struct Out {
    /// Carries the act out and waits until it is on disk; false: it was not taken, it may come again.
    std::function<bool(const core::Act&)> take;
    /// Keeps a hint of that hook, told at that time, until its shop answers (`ask_again`), and waits until it
    /// is on disk; false: it was not kept.
    std::function<bool(const std::string& hook, const std::string& about, std::int64_t told_ms)> keep;
    /// What became of a request: "taken", "nothing", "refused", "unsigned", "limited", "unavailable", "kept";
    /// the detail holds nothing that was sent.
    std::function<void(const std::string& hook, const std::string& result, const std::string& detail)> note;
  };

  /// Calls of one number to another in a minute that are looked at: whoever calls is registered by the first.
  static constexpr int kCallsPerMinute = 6;

  /// Throws std::runtime_error "hook NAME: KEY: expected …". `vault` must outlive it.
  HookService(const std::vector<HookOptions>& hooks, const IdentityVault& vault, Out out);

  Reply answer(const std::string& hook, const Request& request);

  /// What came of asking about a hint that was kept: it is done with, or its shop is away, or only this
  /// question has no answer that can be read.
  enum class Asked { done, away, unclear };
  Asked ask_again(const std::string& hook, const std::string& about, std::int64_t now_ms);

  /// Uses these from now on, with other secrets; throws as the constructor, and then changes nothing.
  void replace(const std::vector<HookOptions>& hooks);

 private:
  struct Entry {
    std::unique_ptr<Hook> hook;
    std::unique_ptr<Rate> rate;
  };
  using Hooks = std::map<std::string, Entry>;
  Hooks make(const std::vector<HookOptions>& hooks) const;
  std::shared_ptr<const Hooks> current() const;
  Reply answer(const std::string& name, const Entry& entry, const Request& request);
  Reply keep(const std::string& name, const Hint& hint, const Refusal& why, std::int64_t now_ms);
  Reply carry_out(const std::string& name, const Hook& hook, Reading reading, std::int64_t now_ms);
  Reply carry_out(const std::string& name, const Hook& hook, core::Act act, std::int64_t now_ms);

  const IdentityVault& vault_;
  Out out_;
  RatePerKey calls_{kCallsPerMinute};
  mutable Mutex mutex_;
  std::shared_ptr<const Hooks> hooks_ CONVOKE_GUARDED_BY(mutex_);  // whoever uses one set keeps it
};

}  // namespace convoke::gateways::hooks
