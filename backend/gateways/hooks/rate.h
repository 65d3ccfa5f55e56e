#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace convoke::gateways::hooks {

/// So many a second, and as many at once. Any thread.
class Rate {
 public:
  explicit Rate(int per_second) : per_second_(per_second), left_(per_second) {}

  bool take(std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const double passed_s = static_cast<double>(std::max<std::int64_t>(0, now_ms - last_ms_)) / 1000;
    left_ = std::min(static_cast<double>(per_second_), left_ + passed_s * per_second_);
    last_ms_ = now_ms;
    if (left_ < 1) return false;
    --left_;
    return true;
  }

 private:
  const int per_second_;
  std::mutex mutex_;
  double left_;
  std::int64_t last_ms_ = 0;
};

}  // namespace convoke::gateways::hooks
