#include "geo/indexed_area.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace convoke::geo {
namespace {

constexpr double kMetersPerDegree = kEarthRadiusM * std::numbers::pi / 180;
constexpr double kRadians = std::numbers::pi / 180;
constexpr double kNearDegrees = 0.01;  // the plane is exact to a tenth of a millimetre over this distance
constexpr double kMinStepM = 0.5;      // on the way between two fixes

/// Area and length of edges in a plane scaled at the ring's first vertex.
struct Extent {
  double area_m2 = 0, edge_m = 0;

  void add(const Ring& ring, double sign) {
    const double y_scale = kMetersPerDegree,
                 x_scale = y_scale * std::cos(ring[0].lat * std::numbers::pi / 180);
    double twice = 0;
    for (std::size_t i = 1; i < ring.size(); ++i) {
      const double ax = (ring[i - 1].lon - ring[0].lon) * x_scale,
                   ay = (ring[i - 1].lat - ring[0].lat) * y_scale;
      const double bx = (ring[i].lon - ring[0].lon) * x_scale, by = (ring[i].lat - ring[0].lat) * y_scale;
      twice += ax * by - ay * bx;
      edge_m += std::sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay));
    }
    area_m2 += sign * std::abs(twice) / 2;
  }
};

}  // namespace

void IndexedArea::set(Area value) {
  area = std::move(value);
  polygons.clear();
  simple_ = false;
  const auto* shapes = std::get_if<Polygons>(&area.shape);
  if (shapes == nullptr) return;
  polygons.reserve(shapes->size());
  for (const Polygon& polygon : *shapes) polygons.emplace_back(polygon);
  simple_ = std::all_of(polygons.begin(), polygons.end(), [](const PolygonIndex& polygon) {
    const auto& [low, high] = polygon.box();
    return low.lon > -180 && high.lon < 180 && low.lat > -90 && high.lat < 90;
  });
}

bool IndexedArea::covers(LatLon point) const {
  if (polygons.empty()) return geo::covers(area, point);
  const auto at = [&](LatLon p) {
    return std::any_of(polygons.begin(), polygons.end(),
                       [&](const PolygonIndex& polygon) { return polygon.covers(p); });
  };
  return at(point) || (std::abs(point.lon) == 180 && at({point.lat, -point.lon}));
}

std::optional<double> IndexedArea::distance_m(LatLon point, double limit_m) const {
  // Only the slow way looks over the antimeridian, and knows which edges along it and the poles are none.
  const auto on_this_side = [&](const PolygonIndex& polygon) {
    return polygon.box().high.lon - point.lon < 180 && point.lon - polygon.box().low.lon < 180;
  };
  if (!simple_ || !std::all_of(polygons.begin(), polygons.end(), on_this_side))
    return std::abs(geo::signed_distance_m(area, point));
  // Near by the plane does, scaled half way between the two; far away it does not, and no limit holds.
  double best2 = std::numeric_limits<double>::infinity();
  if (const double reach = (1.01 * limit_m + 0.01) / kMetersPerDegree; reach < kNearDegrees)
    best2 = reach * reach;
  std::optional<LatLon> nearest;
  const double lon_scale = std::cos(point.lat * kRadians);
  for (const PolygonIndex& polygon : polygons)
    if (const auto found = polygon.nearest(point, lon_scale, best2)) nearest = *found;
  if (!nearest) return std::nullopt;
  const double middle =
      lon_scale - std::sin(point.lat * kRadians) * (nearest->lat - point.lat) * kRadians / 2;
  return best2 < kNearDegrees * kNearDegrees
             ? std::hypot((nearest->lon - point.lon) * middle, nearest->lat - point.lat) * kMetersPerDegree
             : geo::distance_m(point, *nearest);
}

double IndexedArea::signed_distance_m(LatLon point) const {
  if (polygons.empty()) return geo::signed_distance_m(area, point);
  const double distance = distance_m(point, std::numeric_limits<double>::infinity()).value_or(0);
  return covers(point) ? -distance : distance;
}

std::size_t IndexedArea::bytes() const {
  std::size_t sum = sizeof *this + area.id.capacity() + area.name.capacity();
  for (const PolygonIndex& polygon : polygons)
    sum += polygon.bytes() + sizeof(Polygon) + polygon.vertices() * sizeof(LatLon);
  return sum;
}

double IndexedArea::depth_m() const {
  if (const auto* circle = std::get_if<Circle>(&area.shape)) return circle->radius_m;
  if (const auto* corridor = std::get_if<Corridor>(&area.shape)) return corridor->width_m / 2;
  Extent extent;
  for (const Polygon& polygon : std::get<Polygons>(area.shape)) {
    extent.add(polygon.outer, 1);
    for (const Ring& hole : polygon.holes) extent.add(hole, -1);
  }
  return std::max(0.0, extent.area_m2 / extent.edge_m);
}

/// Goes along the way in steps that the distance to the area allows.
bool IndexedArea::meets_way(LatLon from, LatLon to) const {
  const double length_m = geo::distance_m(from, to);
  for (double gone_m = 0;;) {
    const double t = length_m > 0 ? std::min(1.0, gone_m / length_m) : 1.0;
    const double distance =
        signed_distance_m({from.lat + t * (to.lat - from.lat), from.lon + t * (to.lon - from.lon)});
    if (distance <= 0) return true;
    if (t == 1) return false;
    gone_m += std::max(kMinStepM, distance * 0.99);
  }
}

}  // namespace convoke::geo
