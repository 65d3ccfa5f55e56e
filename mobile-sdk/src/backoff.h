#pragma once

#include <cstdint>
#include <random>

namespace convoke::sdk {

/// Delays between attempts: full jitter over a range that doubles, so that phones cut off together do not
/// come back together.
class Backoff {
 public:
  static constexpr std::int64_t kBaseMs = 500;
  static constexpr std::int64_t kCapMs = 30'000;
  // About ten minutes; from then on it costs more battery than it helps.
  static constexpr int kHopefulTries = 44;
  static constexpr std::int64_t kLateCapMs = 120'000;
  static constexpr std::int64_t kFloorMs = 50;  // lets the old connection's last callbacks pass

  /// The next delay in milliseconds, from kFloorMs to the range's end.
  std::int64_t next(std::mt19937_64& random);
  /// After a success the range is small again.
  void reset() { *this = {}; }

 private:
  std::int64_t range_ms_ = kBaseMs;
  int tries_ = 0;
};

}  // namespace convoke::sdk
