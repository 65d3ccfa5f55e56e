#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "backend/gateways/hooks/hook_service.h"

namespace convoke::gateways::hooks {

/// A hint that is on disk (core/hints.h).
struct KeptHint {
  std::string hook, about;
  std::uint64_t number = 0;
  std::int64_t told_ms = 0;  // first, in real time
};

/// Whose turn it is to be asked about. A shop that is away is asked about one hint at a time, after ever
/// longer pauses, and about all of them once it answers; a question that alone has no answer holds up no
/// other. No clock of its own: `now_ms` never goes back. One thread at a time.
class HintQueue {
 public:
  static constexpr std::int64_t kFirstPauseMs = 5'000, kLongestPauseMs = 600'000;

  void put(KeptHint hint);
  /// Takes one out; nothing, if none's turn has come.
  std::optional<KeptHint> take(std::int64_t now_ms);
  /// After `take`: what came of it. Unless it is gone from the disk, it waits for another turn.
  void asked(KeptHint hint, HookService::Asked result, bool gone, std::int64_t now_ms);
  bool empty() const { return shops_.empty(); }

 private:
  struct Waiting {
    KeptHint hint;
    std::int64_t not_before_ms = 0;
  };
  struct Shop {
    std::deque<Waiting> hints = {};
    std::int64_t pause_ms = 0, not_before_ms = 0;
  };
  void insert(Waiting waiting);
  std::map<std::string, Shop> shops_;  // by hook
  std::string last_;                   // the hook that had the last turn
};

}  // namespace convoke::gateways::hooks
