#pragma once

// The one place that maps our types to Boost.Geometry. Private to the .cc files of geo/: it costs seconds to
// compile.

#include <boost/geometry/algorithms/area.hpp>
#include <boost/geometry/algorithms/comparable_distance.hpp>
#include <boost/geometry/algorithms/covered_by.hpp>
#include <boost/geometry/algorithms/intersection.hpp>
#include <boost/geometry/algorithms/is_valid.hpp>
#include <boost/geometry/algorithms/within.hpp>
#include <boost/geometry/geometries/box.hpp>
#include <boost/geometry/geometries/multi_polygon.hpp>
#include <boost/geometry/geometries/polygon.hpp>
#include <boost/geometry/geometries/register/box.hpp>
#include <boost/geometry/geometries/register/point.hpp>
#include <boost/geometry/geometries/register/ring.hpp>
#include <boost/geometry/index/rtree.hpp>
#include <boost/geometry/strategies/index/cartesian.hpp>

#include "geo/area.h"
#include "geo/measure.h"

BOOST_GEOMETRY_REGISTER_POINT_2D(convoke::geo::LatLon, double, boost::geometry::cs::cartesian, lon, lat)
BOOST_GEOMETRY_REGISTER_RING(convoke::geo::Ring)
BOOST_GEOMETRY_REGISTER_BOX(convoke::geo::Box, convoke::geo::LatLon, low, high)

namespace convoke::geo {

namespace bg = boost::geometry;

/// A polygon as Boost's algorithms on areas want it: outer ring counter-clockwise, rings closed.
using BoostPolygon = bg::model::polygon<LatLon, false, true>;
using BoostPolygons = bg::model::multi_polygon<BoostPolygon>;

inline BoostPolygon to_boost(const Polygon& polygon) {
  BoostPolygon result;
  result.outer().assign(polygon.outer.begin(), polygon.outer.end());
  for (const Ring& hole : polygon.holes) result.inners().emplace_back(hole.begin(), hole.end());
  return result;
}

}  // namespace convoke::geo
