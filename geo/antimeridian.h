#pragma once

#include <cstdint>
#include <vector>

#include "geo/area.h"

namespace convoke::geo {

/// A ring laid out without a jump: where it crosses the antimeridian its longitudes go on beyond ±180.
/// Vertices keep the exact longitude of the file beside the turns (of 360°) that are to be added.
struct UnwrappedRing {
  Ring ring;
  std::vector<std::int8_t> turns;  // one for each vertex; empty if the ring is too wide
  bool crosses = false;            // some turn is not 0
  bool round_a_pole = false;       // it did not come back to where it began
  bool too_wide = false;           // it covers more than 360° of longitude

  /// The ring as seen from `turn` turns further east. Exact for the vertices of that turn.
  Ring seen_from(int turn) const;
};

/// A step of more than 180° of longitude is taken as crossing the antimeridian the short way. The one
/// exception: if all such steps go exactly from -180 to 180 or back, the ring is taken as it stands (the
/// whole world, or Antarctica closed along the pole).
UnwrappedRing unwrap(const Ring& ring);

/// The line on each side of the antimeridian, cut where a step of more than 180° of longitude crosses it.
/// Other than for rings there is no exception: 180 and -180 are the same place. `line` has at least one
/// position and none twice in a row; so has each part.
std::vector<std::vector<LatLon>> split_line(const std::vector<LatLon>& line);

/// The polygon as seen from `turn` turns further east; its outer ring comes first.
Polygon seen_from(const std::vector<UnwrappedRing>& rings, int turn);

/// Turns a hole so that it lies in the longitudes of its outer ring, if there is a way.
void align_hole(const UnwrappedRing& outer, UnwrappedRing& hole);

/// The parts of a valid polygon (outer ring first, counter-clockwise; holes clockwise) on each side of the
/// antimeridian, with longitudes in ±180.
Polygons split_at_antimeridian(const std::vector<UnwrappedRing>& rings);

}  // namespace convoke::geo
