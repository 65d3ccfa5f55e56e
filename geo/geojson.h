#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "geo/area_file.h"

namespace convoke::geo {

/// Reads a FeatureCollection, a Feature, or one bare geometry: Polygon, MultiPolygon, Point with `radius_m`
/// in the properties (a circle), LineString and MultiLineString with `width_m` (a corridor), and collections
/// of polygons or of lines. The area's id is the feature's `id`; docs/protocol/files.md lists the properties.
/// Refused with feature, ring, vertex and reason: self-intersection, unclosed or short ring, coordinates out
/// of range or not numbers, a hole outside its ring, duplicate or bad ids, too many vertices, properties that
/// are not as described.
AreaFile parse_geojson(std::string_view text, const AreaLimits& limits = {},
                       const AreaDefaults& defaults = {});

/// A FeatureCollection that `parse_geojson` reads back to equal areas.
std::string to_geojson(const std::vector<Area>& areas);

}  // namespace convoke::geo
