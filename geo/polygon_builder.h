#pragma once

#include <vector>

#include "geo/area_file.h"

namespace convoke::geo {

/// Makes polygons out of the rings of a file. `files_rings[p]` are the rings of polygon p, the outer one
/// first, each vertex in range. Rings in the wrong order and repeated vertices are mended; polygons that
/// cross the antimeridian are split there. Each mending adds to `repaired`. Anything else that is wrong adds
/// to `errors`, and then the result is empty. Places are named from the polygon on: ", polygon 1, ring 0,
/// vertex 17".
Polygons build_polygons(const std::vector<std::vector<Ring>>& files_rings, std::vector<AreaProblem>& errors,
                        std::vector<AreaProblem>& repaired);

}  // namespace convoke::geo
