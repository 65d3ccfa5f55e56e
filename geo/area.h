#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "geo/lat_lon.h"

namespace convoke::geo {

/// A ring of at least four vertices, the last equal to the first. Edges are straight in longitude/latitude
/// (RFC 7946, section 3.1.1). After loading, no ring crosses the antimeridian: those that did were split.
using Ring = std::vector<LatLon>;

struct Polygon {
  Ring outer;
  std::vector<Ring> holes;
  friend bool operator==(const Polygon&, const Polygon&) = default;
};

struct Circle {
  LatLon center;
  double radius_m = 0;  // 0 < radius <= 1,000,000
  friend bool operator==(const Circle&, const Circle&) = default;
};

/// Several polygons: a multipolygon, or one polygon split at the antimeridian.
using Polygons = std::vector<Polygon>;

/// A named place with an edge. A point on the edge is inside; a point on the edge of a hole is inside too.
struct Area {
  std::string id;    // [A-Za-z0-9._-]{1,64}
  std::string name;  // for people, may be empty
  std::variant<Circle, Polygons> shape;
  friend bool operator==(const Area&, const Area&) = default;
};

}  // namespace convoke::geo
