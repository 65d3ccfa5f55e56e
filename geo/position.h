#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
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

/// A position in 32 bytes: the accuracy in single precision, the height in whole metres. Hot paths are
/// limited by the memory that they touch.
struct CompactPosition {
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int16_t kNoHeight = std::numeric_limits<std::int16_t>::min();
  static constexpr std::int8_t kNoFloor = std::numeric_limits<std::int8_t>::min();

  LatLon at;
  std::int64_t time_ms = kNone;  // kNone: there is no position
  float acc_m = -1;              // negative: not stated
  std::int16_t height_m = kNoHeight;
  std::int8_t floor = kNoFloor;

  CompactPosition() = default;
  explicit CompactPosition(const Position& p)
      : at(p.at),
        time_ms(p.time_ms),
        acc_m(p.acc_m ? static_cast<float>(*p.acc_m) : -1),
        height_m(p.alt_m ? rounded(*p.alt_m) : kNoHeight),
        floor(p.floor ? static_cast<std::int8_t>(std::clamp(*p.floor, -127, 127)) : kNoFloor) {}

  Position position() const {
    Position p{.at = at, .time_ms = time_ms, .acc_m = {}, .alt_m = {}, .floor = {}};
    if (acc_m >= 0) p.acc_m = acc_m;
    if (height_m != kNoHeight) p.alt_m = height_m;
    if (floor != kNoFloor) p.floor = floor;
    return p;
  }

 private:
  static std::int16_t rounded(double height_m) {
    return static_cast<std::int16_t>(std::lround(std::clamp(height_m, -32'767.0, 32'767.0)));
  }
};
static_assert(sizeof(CompactPosition) == 32);

}  // namespace convoke::geo
