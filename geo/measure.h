#pragma once

#include <vector>

#include "geo/area.h"

namespace convoke::geo {

/// A rectangle in longitude and latitude, edges included; never crosses the antimeridian.
struct Box {
  LatLon low;   // south-west corner
  LatLon high;  // north-east corner
};

/// True if the point is in the area or on its edge. Of a corridor: at most half its width from the line, by
/// the distance of `signed_distance_m`. Longitudes 180 and -180 are the same place. At a pole the
/// longitude counts as stated.
bool covers(const Circle& circle, LatLon point);
bool covers(const Polygon& polygon, LatLon point);
bool covers(const Corridor& corridor, LatLon point);
bool covers(const Area& area, LatLon point);

/// Metres from the point to the area's edge, negative inside.
/// Circle: great-circle distance to the centre minus the radius. Polygons: great-circle distance to the
/// nearest point of the edge, which is found in a plane scaled at the point: within 1 cm up to 1 km from the
/// edge and 0.5 % up to 100 km, between 70° south and 70° north. Cuts along the antimeridian and edges along
/// a pole are no edges. Corridor: great-circle distance to the nearest point of the line, found in the same
/// way, minus half the width.
double signed_distance_m(const Corridor& corridor, LatLon point);
double signed_distance_m(const Area& area, LatLon point);

/// Boxes that together hold every point within `radius_m` (at most 20,000 km) of the centre: two if it
/// crosses the antimeridian, all longitudes if it holds a pole. Up to a centimetre too large, never too
/// small.
std::vector<Box> bounds(const Circle& circle);
/// The box of one polygon.
Box bounds(const Polygon& polygon);
/// Boxes that together hold every point of the corridor: for each of its lines one, or two if it crosses the
/// antimeridian; all longitudes if it holds a pole. Up to a centimetre too large, never too small.
std::vector<Box> bounds(const Corridor& corridor);
/// Boxes that together hold the area.
std::vector<Box> bounds(const Area& area);

/// True if the point is in one of the boxes or on its edge. Longitudes 180 and -180 are the same place.
bool in_any(const std::vector<Box>& boxes, LatLon point);

}  // namespace convoke::geo
