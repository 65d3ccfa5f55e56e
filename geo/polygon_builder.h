#pragma once

#include <optional>
#include <string>
#include <vector>

#include "geo/area.h"

namespace convoke::geo {

/// Where and what, for a person: {", polygon 1, ring 0, vertex 17", "expected …"}. Counted from 0.
struct PolygonProblem {
  std::string where;
  std::string what;
};

/// Makes polygons out of the rings of a file. `files_rings[p]` are the rings of polygon p, the outer one
/// first, each vertex in range. Rings in the wrong order and repeated vertices are mended; polygons that
/// cross the antimeridian are split there. Each mending adds to `repaired`. Anything else that is wrong adds
/// to `errors`, and then the result is empty.
Polygons build_polygons(const std::vector<std::vector<Ring>>& files_rings,
                        std::vector<PolygonProblem>& errors, std::vector<PolygonProblem>& repaired);

}  // namespace convoke::geo
