#pragma once

#include <string_view>

#include "geo/area_file.h"

namespace convoke::geo {

/// Reads areas in well-known text, longitude first: POLYGON, MULTIPOLYGON, LINESTRING and MULTILINESTRING (of
/// `defaults.width_m`), and GEOMETRYCOLLECTION of polygons or of lines. One geometry or several, one after
/// another; each is one area, with an id out of `defaults`. Z and M are read and dropped, `SRID=4326;` in
/// front is allowed. A POINT is refused: the format has no radius. Everything else as in parse_geojson.
AreaFile parse_wkt(std::string_view text, const AreaLimits& limits = {}, const AreaDefaults& defaults = {});

}  // namespace convoke::geo
