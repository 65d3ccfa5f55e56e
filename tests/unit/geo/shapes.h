#pragma once

#include <string>

#include "geo/area.h"

namespace convoke::geo::test {

/// Counter-clockwise rectangle.
inline Ring box_ring(double south, double west, double north, double east) {
  return {{south, west}, {south, east}, {north, east}, {north, west}, {south, west}};
}

inline Area box_area(std::string id, double south, double west, double north, double east) {
  return {std::move(id), "", Polygons{{box_ring(south, west, north, east), {}}}};
}

inline Area circle_area(std::string id, LatLon center, double radius_m) {
  return {std::move(id), "", Circle{center, radius_m}};
}

/// Metres of one degree of latitude.
inline constexpr double kDegreeM = 111'195.08;

}  // namespace convoke::geo::test
