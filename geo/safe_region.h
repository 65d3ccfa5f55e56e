#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "geo/fence_index.h"

namespace convoke::geo {

/// A place to be in without any news: no edge of any area meets it, so all its points are in the same areas.
/// Convex, counter-clockwise, not closed. Whoever is strictly inside (in the plane of longitude and latitude)
/// need not report. Vertices are whole multiples of 1e-7 degrees, so that a phone tests the very same shape;
/// longitudes go on beyond ±180 where the region crosses the antimeridian.
struct SafeRegion {
  std::vector<LatLon> vertices;  // 3 to SafeRegionLimits::max_vertices
};

struct SafeRegionLimits {
  double max_m = 2000;            // no point is further north, south, east or west than this; 10 to 10,000
  std::size_t max_vertices = 16;  // 4 or more. Fewer cost room: a square's corner, a circle's bow
  // No edge of an area is nearer to the region than this, in metres, which outweighs rounding and the
  // differences between ways to measure. Half of it at least remains after rounding. 0.02 or more.
  double clearance_m = 0.02;
};

/// A large region of this kind around the point, which is at least a centimetre inside. Nothing if an edge is
/// nearer than twice the clearance, or beyond 80° north or south, where metres east shrink too fast. Edges
/// are cut off nearest first; where an edge faces the point its own line is the cut, so that a walk along it
/// stays inside. A cut of an area along the antimeridian counts as an edge. Costs some 40 µs in a town, 150
/// where areas of 50 m lie side by side.
std::optional<SafeRegion> safe_region(const FenceIndex& index, LatLon at,
                                      const SafeRegionLimits& limits = {});

}  // namespace convoke::geo
