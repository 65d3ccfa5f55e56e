#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "topics/messages/result.h"

namespace convoke::messages {

/// A vertex in steps of 1e-7 degrees, WGS84: about a centimetre.
struct GridPoint {
  std::int32_t lat = 0;
  std::int64_t lon = 0;  // goes on beyond ±1,800,000,000 where a region crosses the antimeridian
  friend bool operator==(const GridPoint&, const GridPoint&) = default;
};

/// Where no decision can change by movement, in the inbox of a user:
///   {"type":"safe-region","t":1767225600000,"max_age_s":600,"lat":52.5146,"lon":13.2334,"ring":[0,90,50,0]}
/// `ring` has the steps from each vertex to the next, north then east. docs/protocol/terminal.md says what a
/// phone makes of it.
struct SafeRegion {
  std::int64_t time_ms = 0;     // of the fix it was made for
  std::uint32_t max_age_s = 0;  // so long a phone within may keep silent; 1 to 86,400
  std::vector<GridPoint> ring;  // kMinRegionVertices to kMaxRegionVertices, counter-clockwise, not closed
  friend bool operator==(const SafeRegion&, const SafeRegion&) = default;
};

/// True if the place is strictly to the left of every side: strictly inside, where the ring is convex and
/// counter-clockwise. Of any other ring that holds for a part of it at most; what is no region holds nothing.
/// Exact to a millionth of a step.
bool holds(const SafeRegion& region, double lat, double lon);

}  // namespace convoke::messages
