#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace convoke::broker_plugin {

/// How often people may speak: each user so many messages a second over all groups, after a burst; and in a
/// slow group one message in so long. Forgets who has been quiet for long enough.
class RateLimiter {
 public:
  static constexpr std::int64_t kBurst = 100;  // messages at once, after silence: a phone back from a tunnel
  static constexpr std::int64_t kSweepMs = 60'000;

  /// `per_second` 0: no limit but that of slow groups.
  explicit RateLimiter(std::uint32_t per_second) : each_ms_(per_second ? 1000 / per_second : 0) {}

  /// True: the message may pass, and counts. `slow_ms` 0: the group is not slow for this user.
  bool admit(std::string_view group, std::string_view user, std::int64_t slow_ms, std::int64_t now_ms);
  /// Makes room, once in kSweepMs.
  void sweep(std::int64_t now_ms);
  std::size_t size() const { return charged_until_ms_.size() + next_ms_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using Times = std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>>;

  const std::int64_t each_ms_;
  Times charged_until_ms_;  // by user: each message is charged each_ms_, at most kBurst of them ahead of now
  Times next_ms_;           // by group/user: when the next message in a slow group may come
  std::int64_t swept_ms_ = 0;
};

}  // namespace convoke::broker_plugin
