#include "tests/oracle/s2.h"

#include <s2/mutable_s2shape_index.h>
#include <s2/s2closest_edge_query.h>
#include <s2/s2contains_point_query.h>
#include <s2/s2latlng.h>
#include <s2/s2lax_polygon_shape.h>
#include <s2/s2polyline.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace convoke::oracle {
namespace {

using geo::LatLon;

constexpr double kRadians = std::numbers::pi / 180;
constexpr double kDeviationM = 0.002;

S2Point point_of(LatLon p) { return S2LatLng::FromDegrees(p.lat, p.lon).Normalized().ToPoint(); }

/// The line with so many positions that no great circle between two of them leaves our edge by more than
/// kDeviationM.
std::vector<S2Point> densified(const Line& line) {
  std::vector<S2Point> points = {point_of(line.front())};
  const Line along = unwrapped(line);
  for (std::size_t i = 1; i < along.size(); ++i) {
    const LatLon a = along[i - 1], b = along[i];
    const double lon = (b.lon - a.lon) * kRadians, lat = (b.lat - a.lat) * kRadians;
    const double bend = geo::kEarthRadiusM / 8 * (lon * lon + std::abs(lon * lat));
    const int steps = std::max(1, static_cast<int>(std::ceil(std::sqrt(bend / kDeviationM))));
    for (int k = 1; k <= steps; ++k) {
      const double t = static_cast<double>(k) / steps;
      const LatLon between{a.lat + t * (b.lat - a.lat), a.lon + t * (b.lon - a.lon)};
      const S2Point p = point_of(k == steps ? line[i] : between);
      if (p != points.back()) points.push_back(p);
    }
  }
  return points;
}

/// S2 has the inside on the left.
bool is_counterclockwise(const Line& ring) {
  const Line line = unwrapped(ring);
  double twice_area = 0;
  for (std::size_t i = 1; i < line.size(); ++i) {
    twice_area += (line[i - 1].lon - line.front().lon) * (line[i].lat - line.front().lat) -
                  (line[i].lon - line.front().lon) * (line[i - 1].lat - line.front().lat);
  }
  return twice_area > 0;
}

std::vector<S2Point> loop_of(const Line& ring, bool outer) {
  std::vector<S2Point> loop = densified(ring);
  loop.pop_back();
  if (is_counterclockwise(ring) != outer) std::reverse(loop.begin(), loop.end());
  return loop;
}

}  // namespace

struct S2Shapes::Impl {
  MutableS2ShapeIndex index;
  S2ContainsPointQuery<MutableS2ShapeIndex> query;
};

S2Shapes::S2Shapes() : impl_(std::make_unique<Impl>()) {}
S2Shapes::~S2Shapes() = default;

void S2Shapes::add(const AtlasArea& area) {
  std::vector<std::vector<S2Point>> loops;
  for (const Rings& rings : area.polygons) {
    for (std::size_t i = 0; i < rings.size(); ++i) loops.push_back(loop_of(rings[i], i == 0));
  }
  impl_->index.Add(std::make_unique<S2LaxPolygonShape>(loops));
}

std::vector<std::size_t> S2Shapes::containing(LatLon p) const {
  impl_->query.Init(&impl_->index);  // builds the index after the last `add`
  std::vector<std::size_t> numbers;
  impl_->query.VisitContainingShapes(point_of(p), [&numbers](const S2Shape* shape) {
    numbers.push_back(static_cast<std::size_t>(shape->id()));
    return true;
  });
  return numbers;
}

struct S2Line::Impl {
  MutableS2ShapeIndex index;
};

S2Line::S2Line(const Line& line) : impl_(std::make_unique<Impl>()) {
  impl_->index.Add(std::make_unique<S2Polyline::OwningShape>(
      std::make_unique<S2Polyline>(densified(line), S2Debug::DISABLE)));
}
S2Line::~S2Line() = default;
double S2Line::distance_rad(LatLon p) const {
  S2ClosestEdgeQuery query(&impl_->index);
  S2ClosestEdgeQuery::PointTarget target(point_of(p));
  return query.GetDistance(&target).ToAngle().radians();
}

}  // namespace convoke::oracle
