#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "topics/dev_clock.h"
#include "topics/messages/chat.h"

namespace convoke::broker_plugin {

/// Gives each chat message its place in its group's order. The epoch is new at each start of the broker and n
/// counts 1, 2, 3 … for each group within it, so no two messages of a group ever have the same (epoch, n).
class Stamper {
 public:
  Stamper(std::string site, std::uint64_t epoch_ms, std::optional<topics::DevClock> dev_clock)
      : site_(std::move(site)), epoch_(epoch_ms), dev_clock_(dev_clock) {}

  messages::Stamp next(std::string_view group, std::int64_t now_ms);
  /// For groups that never speak again: their number is not kept.
  void forget(std::string_view group);
  std::uint64_t epoch() const { return epoch_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  std::string site_;
  std::uint64_t epoch_;
  std::optional<topics::DevClock> dev_clock_;
  std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> last_n_;
};

}  // namespace convoke::broker_plugin
