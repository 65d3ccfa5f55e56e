#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "geo/area.h"

namespace convoke::geo {

struct GeoJsonLimits {
  std::size_t max_bytes = 64 << 20;
  std::size_t max_areas = 200'000;
  std::size_t max_vertices = 100'000;  // per area
};

/// One thing wrong with a file of areas: where, and what. "feature 3 (hall-a), ring 0, vertex 17: …"
struct GeoJsonProblem {
  std::string where;
  std::string what;
};

struct GeoJsonResult {
  std::vector<Area> areas;               // empty if there are errors: all or nothing
  std::vector<GeoJsonProblem> errors;    // at most 100
  std::vector<GeoJsonProblem> repaired;  // mended and worth telling: ring order, a ring split at ±180°
};

/// Reads a FeatureCollection, a Feature, or one geometry: Polygon, MultiPolygon, and Point with `radius_m` in
/// the properties (a circle). The area's id is the feature's `id`, its name `properties.name`. Refused with
/// feature, ring, vertex and reason: self-intersection, unclosed or short ring, coordinates out of range or
/// not numbers, a hole outside its ring, duplicate or bad ids, too many vertices.
GeoJsonResult parse_geojson(std::string_view text, const GeoJsonLimits& limits = {});

/// A FeatureCollection that `parse_geojson` reads back to equal areas.
std::string to_geojson(const std::vector<Area>& areas);

}  // namespace convoke::geo
