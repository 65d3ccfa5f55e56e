#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "topics/dev_clock.h"

namespace convoke::app {

/// The only clock of the server: the wall clock in Unix milliseconds, or in development the one that a replay
/// set.
class Clock {
 public:
  explicit Clock(std::optional<topics::DevClock> dev = {}) : dev_(dev) {}

  /// The time that positions, plans and groups go by.
  std::int64_t now() const { return dev_ ? dev_->now(real_now()) : real_now(); }
  /// The same for a given real time.
  std::int64_t at(std::int64_t real_ms) const { return dev_ ? dev_->now(real_ms) : real_ms; }
  /// The time that tokens, connections and this machine go by.
  static std::int64_t real_now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  }
  /// How long to wait, in real milliseconds, until `now()` shows `at`. Not negative.
  std::int64_t until(std::int64_t at) const {
    const std::int64_t left = at - now();
    if (left <= 0) return 0;
    return dev_ ? static_cast<std::int64_t>(static_cast<double>(left) / dev_->speed) + 1 : left;
  }

 private:
  std::optional<topics::DevClock> dev_;
};

}  // namespace convoke::app
