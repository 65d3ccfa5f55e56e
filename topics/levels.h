#pragma once

#include <cstddef>
#include <string_view>

namespace convoke::topics {

/// Longest topic name or filter of the language, in bytes.
inline constexpr std::size_t kMaxTopicBytes = 512;

/// Walks the levels of a topic name or filter, left to right, without copying: "a//b" has "a", "", "b".
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}

  /// True if every level has been taken.
  bool done() const { return done_; }

  /// The next level; an empty one if there is none left.
  std::string_view next() {
    if (done_) return {};
    const auto slash = rest_.find('/');
    const std::string_view level = rest_.substr(0, slash);
    if (slash == std::string_view::npos) {
      done_ = true;
    } else {
      rest_.remove_prefix(slash + 1);
    }
    return level;
  }

  /// All levels not yet taken, joined as they were; empty if there is none.
  std::string_view remainder() const { return done_ ? std::string_view{} : rest_; }

 private:
  std::string_view rest_;
  bool done_ = false;
};

}  // namespace convoke::topics
