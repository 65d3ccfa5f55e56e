#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "geo/area_rule.h"
#include "geo/lat_lon.h"
#include "geo/rare.h"
#include "geo/schedule.h"

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

/// All that is within half the width of a line, with round ends. The line's edges are straight in
/// longitude/latitude like a polygon's, and after loading none crosses the antimeridian: a line that does is
/// split into several.
struct Corridor {
  std::vector<std::vector<LatLon>> lines;  // each of at least one position
  double width_m = 0;                      // 0 < width <= 100,000
  friend bool operator==(const Corridor&, const Corridor&) = default;
};

/// Limits of what counts, both included; an end without a limit is infinite. A fix that does not say its
/// height is outside the limits of none: it is evidence neither for entering nor for leaving.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  friend bool operator==(const Range&, const Range&) = default;
};

/// A named place with an edge. A point on the edge is inside; a point on the edge of a hole is inside too.
struct Area {
  std::string id;    // [A-Za-z0-9._-]{1,64}
  std::string name;  // for people, may be empty
  std::variant<Circle, Polygons, Corridor> shape;
  std::optional<Range> altitude_m = {};  // above the ellipsoid; within -12,000 to 100,000
  std::optional<Range> floor = {};       // 0 is the ground floor; within -1,000 to 1,000
  std::vector<std::string> groups = {};  // names of sets of areas this one belongs to, like ids; at most 32
  // The operator's own: at most 64, keys of 1 to 64 bytes, values of at most 1,024.
  std::map<std::string, std::string> metadata = {};
  std::optional<AreaRule> rule = {};  // absent: the site's default
  // The area counts from here until just before there (Unix ms); absent: always.
  std::optional<std::int64_t> from_ms = {}, until_ms = {};
  Rare<Schedule> schedule = {};  // its opening hours; absent: always open
  friend bool operator==(const Area&, const Area&) = default;
};

}  // namespace convoke::geo
