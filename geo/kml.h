#pragma once

#include <string_view>

#include "geo/area_file.h"

namespace convoke::geo {

/// Reads the Placemarks of a KML document, in whatever folder: Polygon, LineString with a width, Point with a
/// radius, and MultiGeometry of polygons or of lines. The id is that of the Placemark, or made of its name,
/// or out of `defaults`; ids made here are made different from one another. The name is the Placemark's; all
/// other properties, radius_m and width_m too, are taken out of its ExtendedData, by the names and in the
/// form of GeoJSON. Altitudes of positions are dropped; links are not followed; entities other than XML's own
/// are not expanded. Everything else as in parse_geojson.
AreaFile parse_kml(std::string_view text, const AreaLimits& limits = {}, const AreaDefaults& defaults = {});

}  // namespace convoke::geo
