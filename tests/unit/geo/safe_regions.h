#pragma once

#include <cmath>

#include "geo/safe_region.h"

namespace convoke::geo::test {

/// What a phone asks: strictly to the left of every side.
inline bool holds(const SafeRegion& region, LatLon point) {
  const std::size_t n = region.vertices.size();
  for (std::size_t i = 0; i < n; ++i) {
    const LatLon a = region.vertices[i], b = region.vertices[(i + 1) % n];
    const double east = std::remainder(point.lon - a.lon, 360);
    if ((b.lon - a.lon) * (point.lat - a.lat) <= (b.lat - a.lat) * east) return false;
  }
  return true;
}

/// On the way around the region, and from each place there to `center`, `f(place)`.
template <class F>
void for_each_place(const SafeRegion& region, LatLon center, F f) {
  const std::size_t n = region.vertices.size();
  for (std::size_t i = 0; i < n; ++i) {
    const LatLon a = region.vertices[i], b = region.vertices[(i + 1) % n];
    for (int along = 0; along < 40; ++along) {
      const double t = along / 40.0;
      const LatLon rim{a.lat + t * (b.lat - a.lat), a.lon + t * (b.lon - a.lon)};
      for (const double in : {0.0, 0.3, 0.8}) {
        const double east = std::remainder(center.lon - rim.lon, 360);
        f(LatLon{rim.lat + in * (center.lat - rim.lat), std::remainder(rim.lon + in * east, 360)});
      }
    }
  }
}

}  // namespace convoke::geo::test
