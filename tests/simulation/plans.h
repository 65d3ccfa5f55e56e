#pragma once

#include <cstdint>
#include <string>

#include "tests/simulation/random.h"

namespace convoke::simulation {

/// The world's people and places: users u0, u1, …; round areas a0, a1, … far from one another.
inline constexpr int kAreas = 4;
struct Spot {
  double lat = 0, lon = 0;
};
/// The middle of an area; any number beyond is a place in none.
inline Spot spot(int area) { return {52.0 + 0.01 * area, 13.0}; }

/// The text of a plan file with one plan, drawn by chance: any audience, triggers, timings and ends.
std::string draw_plan(Random& random, const std::string& id, std::size_t users, std::int64_t now_ms,
                      bool enabled);

}  // namespace convoke::simulation
