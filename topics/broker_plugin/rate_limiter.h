#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "topics/membership.h"

namespace convoke::broker_plugin {

/// How often people may speak: each user so many messages a second over all groups, after a burst; and in
/// each group as often as its rules say. Forgets who has been quiet for long enough.
class RateLimiter {
 public:
  static constexpr std::int64_t kBurst = 100;  // messages at once, after silence: a phone back from a tunnel
  static constexpr std::int64_t kSweepMs = 60'000;

  /// `per_second` 0: no limit but those of groups.
  explicit RateLimiter(std::uint32_t per_second) : each_ms_(per_second ? 1000 / per_second : 0) {}

  /// 0: the message may pass, and counts. Otherwise the time after which one may, in ms.
  std::int64_t admit(std::string_view group, std::string_view user, const topics::ChatRules& rules,
                     std::int64_t now_ms);
  /// Makes room, once in kSweepMs.
  void sweep(std::int64_t now_ms);
  std::size_t size() const { return users_.size() + rates_.size() + next_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using Times = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;

  static std::int64_t charged(const Times& times, std::string_view key, std::int64_t ahead_ms,
                              std::int64_t now_ms);
  static void charge(Times& times, std::string_view key, std::int64_t until_ms);

  const std::int64_t each_ms_;
  Times users_;  // each message is charged each_ms_, at most kBurst of them ahead of now
  Times rates_;  // by group/user: each is charged its part of a minute, at most a minute ahead of now
  Times next_;   // by group/user: when the next message in a slow group may come
  std::int64_t swept_ms_ = 0;
};

}  // namespace convoke::broker_plugin
