#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "geo/area.h"

namespace convoke::geo {

/// Two edges that make a polygon invalid: they cross, lie on one another, or touch within the same ring.
struct EdgeMeeting {
  std::size_t ring = 0, vertex = 0;              // the edge from this vertex to the next …
  std::size_t other_ring = 0, other_vertex = 0;  // … meets this one
  LatLon at;
};

/// Finds such a pair among the rings of one polygon (repeated vertices allowed), to tell a person where to
/// look. Best effort: gives up on huge tangles, and does not see rings that cross exactly in a vertex of
/// each.
std::optional<EdgeMeeting> find_edge_meeting(const std::vector<Ring>& rings);

}  // namespace convoke::geo
