#include "mobile-sdk/src/backoff.h"

#include <algorithm>

namespace convoke::sdk {

std::int64_t Backoff::next(std::mt19937_64& random) {
  const std::int64_t delay = std::uniform_int_distribution<std::int64_t>(0, range_ms_)(random);
  range_ms_ = std::min(range_ms_ * 2, ++tries_ < kHopefulTries ? kCapMs : kLateCapMs);
  return std::max(delay, kFloorMs);
}

}  // namespace convoke::sdk
