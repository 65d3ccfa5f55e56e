#include "topics/broker_plugin/rate_limiter.h"

#include <algorithm>

namespace convoke::broker_plugin {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

}  // namespace

/// Up to when it is charged. A time further ahead than the limit allows is none: the clock was set back, or
/// the group has other rules now.
std::int64_t RateLimiter::charged(const Times& times, std::string_view key, std::int64_t ahead_ms,
                                  std::int64_t now_ms) {
  const auto found = times.find(key);
  return found == times.end() || found->second > now_ms + ahead_ms ? now_ms : std::max(found->second, now_ms);
}

void RateLimiter::charge(Times& times, std::string_view key, std::int64_t until_ms) {
  if (const auto found = times.find(key); found != times.end())
    found->second = until_ms;
  else
    times.emplace(key, until_ms);
}

std::int64_t RateLimiter::admit(std::string_view group, std::string_view user, const topics::ChatRules& rules,
                                std::int64_t now_ms) {
  const std::int64_t burst_ms = kBurst * each_ms_;
  const std::int64_t of_user = charged(users_, user, burst_ms, now_ms) + each_ms_;
  std::int64_t wait = std::max<std::int64_t>(of_user - (now_ms + burst_ms), 0);
  const bool limited = rules.slow_ms > 0 || rules.per_minute > 0;
  const std::string place = limited ? std::string(group) + '/' + std::string(user) : std::string();
  std::int64_t of_rate = 0;
  if (rules.per_minute > 0) {
    of_rate = charged(rates_, place, kMinuteMs, now_ms) + kMinuteMs / rules.per_minute;
    wait = std::max(wait, of_rate - (now_ms + kMinuteMs));
  }
  if (rules.slow_ms > 0) wait = std::max(wait, charged(next_, place, rules.slow_ms, now_ms) - now_ms);
  if (wait > 0) return wait;
  if (each_ms_ > 0) charge(users_, user, of_user);
  if (rules.per_minute > 0) charge(rates_, place, of_rate);
  if (rules.slow_ms > 0) charge(next_, place, now_ms + rules.slow_ms);
  return 0;
}

void RateLimiter::sweep(std::int64_t now_ms) {
  if (now_ms - swept_ms_ < kSweepMs && now_ms >= swept_ms_) return;
  swept_ms_ = now_ms;
  for (Times* times : {&users_, &rates_, &next_})
    std::erase_if(*times, [&](const auto& entry) { return entry.second <= now_ms; });
}

}  // namespace convoke::broker_plugin
