#include "tests/oracle/s2.h"

#include <s2/mutable_s2shape_index.h>
#include <s2/s2closest_edge_query.h>
#include <s2/s2latlng.h>
#include <s2/s2polygon.h>
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

std::unique_ptr<S2Polygon> polygon_of(const AtlasArea& area) {
  std::vector<std::unique_ptr<S2Loop>> loops;
  for (const Rings& rings : area.polygons) {
    for (const Line& ring : rings) {
      std::vector<S2Point> points = densified(ring);
      points.pop_back();
      loops.push_back(std::make_unique<S2Loop>(points, S2Debug::DISABLE));
      loops.back()->Normalize();
    }
  }
  auto polygon = std::make_unique<S2Polygon>();
  polygon->set_s2debug_override(S2Debug::DISABLE);
  polygon->InitNested(std::move(loops));
  return polygon;
}

}  // namespace

struct S2Shapes::Impl {
  std::vector<std::unique_ptr<S2Polygon>> polygons;
};

S2Shapes::S2Shapes() : impl_(std::make_unique<Impl>()) {}
S2Shapes::~S2Shapes() = default;
void S2Shapes::add(const AtlasArea& area) { impl_->polygons.push_back(polygon_of(area)); }
bool S2Shapes::contains(std::size_t number, LatLon p) const {
  return impl_->polygons[number]->Contains(point_of(p));
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
