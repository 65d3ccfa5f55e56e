#pragma once

#include <cstdint>
#include <optional>

#include "geo/lat_lon.h"

namespace convoke::geo {

/// One position as the engine sees it.
struct Position {
  LatLon at;
  std::int64_t time_ms = 0;          // Unix ms of the measurement
  std::optional<double> acc_m = {};  // 68 % radius in metres; absent: unknown
  std::optional<double> alt_m = {};  // metres above the ellipsoid
  std::optional<int> floor = {};
  friend bool operator==(const Position&, const Position&) = default;
};

}  // namespace convoke::geo
