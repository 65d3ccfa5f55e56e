#pragma once

#include <condition_variable>
#include <functional>
#include <string>
#include <thread>

#include "backend/gateways/hooks/hint_queue.h"
#include "topics/sync/mutex.h"

namespace convoke::gateways::hooks {

/// Asks the shops about the hints that are kept, one after the other on a thread of its own, until each has
/// an answer or is too old.
class HintAsker {
 public:
  static constexpr std::int64_t kKeptMs = 3 * 86'400'000;  // as long as pretix itself would tell it again

  struct Hooks {
    /// Takes it from the disk, and waits for that; false: it is still there.
    std::function<bool(const KeptHint& hint)> drop;
    std::function<void(const std::string& hook, const std::string& result, const std::string& detail)> note;
    std::function<std::int64_t()> now_ms;  // real time
  };

  /// `service` must outlive it.
  HintAsker(HookService& service, Hooks hooks) : service_(service), hooks_(std::move(hooks)) {}
  ~HintAsker() { stop(); }

  void start();
  /// Waits for the question that is under way.
  void stop();
  /// Any thread.
  void put(KeptHint hint);

 private:
  void run();
  std::optional<KeptHint> next();
  void ask(KeptHint hint);
  HookService::Asked result_of(const KeptHint& hint);

  HookService& service_;
  const Hooks hooks_;
  std::thread thread_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  HintQueue queue_ CONVOKE_GUARDED_BY(mutex_);
  bool stopping_ CONVOKE_GUARDED_BY(mutex_) = false;
};

}  // namespace convoke::gateways::hooks
