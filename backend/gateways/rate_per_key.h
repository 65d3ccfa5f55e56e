#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "topics/sync/mutex.h"

namespace convoke::gateways {

/// So many in a minute for each of many: the senders of mails, the numbers that call. Any thread. Beyond
/// kMaxKeys at a time nobody new is counted, so that a flood of strangers locks nobody out.
class RatePerKey {
 public:
  static constexpr std::size_t kMaxKeys = 50'000;
  static constexpr std::int64_t kMinuteMs = 60'000;

  explicit RatePerKey(int per_minute) : per_minute_(per_minute) {}

  /// False: that is one too many.
  bool take(const std::string& key, std::int64_t now_ms) {
    const MutexLock lock(mutex_);
    sweep(now_ms);
    const auto known = minutes_.find(key);
    if (known == minutes_.end()) {
      if (minutes_.size() < kMaxKeys) minutes_[key] = {now_ms, 1};
      return true;
    }
    if (is_over(known->second, now_ms)) known->second = {now_ms, 0};
    return ++known->second.count <= per_minute_;
  }

  /// It did not come to anything and will come again, which is not to count.
  void give_back(const std::string& key) {
    const MutexLock lock(mutex_);
    if (const auto known = minutes_.find(key); known != minutes_.end()) --known->second.count;
  }

 private:
  struct Minute {
    std::int64_t begin_ms = 0;
    int count = 0;
  };
  static bool is_over(const Minute& minute, std::int64_t now_ms) {
    return now_ms < minute.begin_ms || now_ms - minute.begin_ms >= kMinuteMs;
  }

  void sweep(std::int64_t now_ms) CONVOKE_REQUIRES(mutex_) {
    if (now_ms >= swept_ms_ && now_ms - swept_ms_ < kMinuteMs) return;
    swept_ms_ = now_ms;
    std::erase_if(minutes_, [&](const auto& one) { return is_over(one.second, now_ms); });
  }

  const int per_minute_;
  Mutex mutex_;
  std::unordered_map<std::string, Minute> minutes_ CONVOKE_GUARDED_BY(mutex_);
  std::int64_t swept_ms_ CONVOKE_GUARDED_BY(mutex_) = 0;
};

}  // namespace convoke::gateways
