#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/oracle/atlas.h"

/// Asks two other libraries, GEOS and S2, what the engine was asked.
namespace convoke::oracle {

struct Comparison {
  std::size_t areas = 0;              // that were compared
  std::vector<std::string> refused;   // areas that we do not take: "country-7, ring 0: …"
  std::size_t refused_but_valid = 0;  // … though GEOS calls them valid, and they do not go round a pole
  std::size_t points = 0;
  std::size_t questions = 0;  // pairs of a point and an area that is near it
  std::size_t inside = 0;
  std::size_t differ_geos = 0, differ_s2 = 0;
  double worst_geos_m = 0, worst_s2_m = 0;  // how far from the area's edge the two differ
};

/// Draws points, nine of ten near an edge (1e-9 to 1 degree off, evenly over the magnitudes), and asks for
/// each of them, and each area that is near it, whether the area covers it: FenceIndex, GEOS with the same
/// edges, and S2 with edges so short that great circles deviate from ours by 2 mm at most.
Comparison compare(const std::vector<AtlasArea>& atlas, std::size_t points, std::uint64_t seed);

/// The largest difference, in metres, between S2's distance to a border and ours to a corridor along it;
/// points up to a kilometre away.
double worst_corridor_m(const std::vector<AtlasArea>& atlas, std::size_t points, std::uint64_t seed);

struct DistanceError {
  double sphere_m = 0;   // against the exact geodesic on our sphere
  double ellipsoid = 0;  // against the geodesic on WGS84, as a part of the distance
};

/// The largest errors of distance_m against GeographicLib; pairs 1 m to 1,000 km apart, everywhere.
DistanceError worst_distance(std::size_t pairs, std::uint64_t seed);

}  // namespace convoke::oracle
