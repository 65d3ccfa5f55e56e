#include "topics/broker_plugin/rate_limiter.h"

#include <algorithm>

namespace convoke::broker_plugin {

bool RateLimiter::admit(std::string_view group, std::string_view user, std::int64_t slow_ms,
                        std::int64_t now_ms) {
  const std::int64_t most = now_ms + kBurst * each_ms_;
  const auto charged = charged_until_ms_.find(user);
  // A time further ahead than the rules allow is none: the clock was set back, or the group is slow no more.
  const bool holds = charged != charged_until_ms_.end() && charged->second <= most;
  const std::int64_t until = holds ? std::max(charged->second, now_ms) : now_ms;
  if (until + each_ms_ > most) return false;
  if (slow_ms > 0) {
    const std::string place = std::string(group) + '/' + std::string(user);
    const auto next = next_ms_.find(place);
    if (next != next_ms_.end() && next->second > now_ms && next->second <= now_ms + slow_ms) return false;
    next_ms_[place] = now_ms + slow_ms;
  }
  if (charged != charged_until_ms_.end())
    charged->second = until + each_ms_;
  else if (each_ms_ > 0)
    charged_until_ms_.emplace(user, until + each_ms_);
  return true;
}

void RateLimiter::sweep(std::int64_t now_ms) {
  if (now_ms - swept_ms_ < kSweepMs && now_ms >= swept_ms_) return;
  swept_ms_ = now_ms;
  std::erase_if(charged_until_ms_, [&](const auto& entry) { return entry.second <= now_ms; });
  std::erase_if(next_ms_, [&](const auto& entry) { return entry.second <= now_ms; });
}

}  // namespace convoke::broker_plugin
