#pragma once

#include <cstddef>
#include <vector>

namespace convoke::cli {

/// A point of a map, in metres: to the east, and to the south.
struct MapPoint {
  double x = 0, y = 0;
};

using MapLine = std::vector<MapPoint>;

/// What thinning left: of each line the places of the points to keep, in order.
struct Thinned {
  std::vector<std::vector<std::size_t>> kept;
  std::size_t left_out = 0;  // points
  double within_m = 0;       // about so far the points left out lie from what is drawn instead
};

/// Chooses at most `max_points` points of all lines together: those that most tell the shape (Douglas and
/// Peucker's measure). A small line may be left out as a whole.
Thinned thin(const std::vector<MapLine>& lines, std::size_t max_points);

}  // namespace convoke::cli
