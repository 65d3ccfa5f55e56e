#include "geo/safe_region.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <variant>

#include "geo/convex_cutter.h"
#include "geo/measure.h"

namespace convoke::geo {
namespace {

constexpr double kRadians = std::numbers::pi / 180;
constexpr double kMetersPerDegree = kEarthRadiusM * kRadians;
constexpr double kMaxLat = 80;
constexpr double kStepsPerDegree = 1e7;

/// Metres around one place: lines in longitude and latitude stay lines.
class Plane {
 public:
  explicit Plane(LatLon origin) : origin_(origin), shrink_(std::cos(origin.lat * kRadians)) {}

  /// `turn`: degrees added to the longitude, 0 or ±360.
  Vec from(LatLon p, double turn = 0) const {
    return {(p.lon + turn - origin_.lon) * shrink_ * kMetersPerDegree,
            (p.lat - origin_.lat) * kMetersPerDegree};
  }
  LatLon to(Vec v) const {
    return {origin_.lat + v.y / kMetersPerDegree, origin_.lon + v.x / (shrink_ * kMetersPerDegree)};
  }
  LatLon origin() const { return origin_; }
  double shrink() const { return shrink_; }

 private:
  LatLon origin_;
  double shrink_;  // of a degree of longitude
};

/// The place at this distance and bearing (radians, clockwise from north). Not for poles.
LatLon destination(LatLon from, double bearing, double meters) {
  const double lat = from.lat * kRadians, angle = meters / kEarthRadiusM;
  const double sin_lat =
      std::sin(lat) * std::cos(angle) + std::cos(lat) * std::sin(angle) * std::cos(bearing);
  const double east = std::sin(bearing) * std::sin(angle) * std::cos(lat);
  const double turned = std::atan2(east, std::cos(angle) - std::sin(lat) * sin_lat);
  return {std::asin(std::clamp(sin_lat, -1.0, 1.0)) / kRadians, from.lon + turned / kRadians};
}

double bearing(LatLon from, LatLon to) {
  const double lat1 = from.lat * kRadians, lat2 = to.lat * kRadians, turned = (to.lon - from.lon) * kRadians;
  return std::atan2(std::sin(turned) * std::cos(lat2),
                    std::cos(lat1) * std::sin(lat2) - std::sin(lat1) * std::cos(lat2) * std::cos(turned));
}

/// Turns areas into obstacles around one point, as far as they are within reach of it.
class Surveyor {
 public:
  Surveyor(LatLon at, double reach_m, Obstacles& obstacles)
      : plane_(at), reach_m_(reach_m), obstacles_(obstacles) {
    const double reach_degrees = reach_m / (plane_.shrink() * kMetersPerDegree);
    near_antimeridian_ = std::abs(at.lon) + reach_degrees >= 180;
  }

  void add(const Area& area, std::span<const PolygonIndex> polygons) {
    if (const auto* circle = std::get_if<Circle>(&area.shape)) return add_circle(*circle);
    if (const auto* corridor = std::get_if<Corridor>(&area.shape)) return add_corridor(*corridor);
    const double south = plane_.to({0, -reach_m_}).lat, north = plane_.to({0, reach_m_}).lat;
    for (const PolygonIndex& polygon : polygons)
      polygon.edges_between(south, north, [&](LatLon a, LatLon b) {
        add_edge(a, b, 0);
        if (!near_antimeridian_) return;
        add_edge(a, b, 360);
        add_edge(a, b, -360);
      });
  }

 private:
  /// As far as 80° north or south, circles (of at most 1,000 km) are convex in longitude and latitude too:
  /// they bend more than any such line does.
  void add_circle(const Circle& circle) {
    const double to_center = distance_m(circle.center, plane_.origin());
    if (to_center > circle.radius_m)
      add_tangent(circle);
    else
      add_chords(circle);
  }

  /// Outside: all beyond the line that parts the point from each piece of the corridor. Inside: an octagon in
  /// the circle around the point that is inside too. Half the width counts for a little more or less, because
  /// `covers` scales its plane elsewhere.
  void add_corridor(const Corridor& corridor) {
    static constexpr double kScale = 0.004;
    const double half = corridor.width_m / 2, distance = signed_distance_m(corridor, plane_.origin());
    if (distance <= 0) return add_octagon(std::max(0.0, -distance - kScale * half));
    for (const auto& line : corridor.lines) {
      for (std::size_t i = 0; i < line.size(); ++i) {
        const double turn = 360 * std::round((plane_.origin().lon - line[i].lon) / 360);
        const Vec a = plane_.from(line[i], turn),
                  b = plane_.from(line[std::min(i + 1, line.size() - 1)], turn);
        const double along = dot(b - a, b - a);
        const Vec nearest = a + (b - a) * (along > 0 ? std::clamp(-dot(a, b - a) / along, 0.0, 1.0) : 0.0);
        if (length(nearest) - half > reach_m_) continue;
        const Vec away = nearest * (1 / length(nearest));
        obstacles_.tangents.push_back({away, length(nearest) - half * (1 + kScale)});
      }
    }
  }

  void add_octagon(double radius_m) {
    const auto corner = [&](int i) {
      const double angle = std::numbers::pi / 4 * i;
      return Vec{radius_m * std::cos(angle), radius_m * std::sin(angle)};
    };
    for (int i = 0; i < 8; ++i) obstacles_.edges.push_back({corner(i), corner(i + 1)});
  }

  void add_edge(LatLon a, LatLon b, double turn) {
    const Segment edge{plane_.from(a, turn), plane_.from(b, turn)};
    const bool far = std::max(edge.a.x, edge.b.x) < -reach_m_ || std::min(edge.a.x, edge.b.x) > reach_m_ ||
                     std::max(edge.a.y, edge.b.y) < -reach_m_ || std::min(edge.a.y, edge.b.y) > reach_m_;
    if (!far) obstacles_.edges.push_back(edge);
  }

  /// From outside: all beyond the tangent at the nearest point.
  void add_tangent(const Circle& circle) {
    const double outward = bearing(circle.center, plane_.origin());
    const LatLon touch = destination(circle.center, outward, circle.radius_m);
    const double onward = bearing(touch, circle.center) + std::numbers::pi;
    // The direction across the tangent there, as this plane's scale shows it.
    const double shrink_there = std::cos(touch.lat * kRadians);
    Vec away{-std::sin(onward) * shrink_there / plane_.shrink(), -std::cos(onward)};
    away = away * (1 / length(away));
    obstacles_.tangents.push_back({away, dot(away, seen(touch))});
  }

  /// From inside: chords, shorter towards the point, with a corner right ahead of it so that it is never cut
  /// off. Of a circle much larger than the reach only the bow around the point.
  void add_chords(const Circle& circle) {
    static constexpr std::array<double, 8> kParts = {0, 0.02, 0.05, 0.1, 0.18, 0.3, 0.5, 0.75};  // of the bow
    const double outward = bearing(circle.center, plane_.origin());
    const bool whole = circle.radius_m < 2 * reach_m_;
    const double bow = whole ? std::numbers::pi : std::asin(1.1 * reach_m_ / circle.radius_m);
    const auto corner = [&](double part) {
      return seen(destination(circle.center, outward + part * bow, circle.radius_m));
    };
    for (const double side : {1.0, -1.0}) {
      for (std::size_t i = 1; i < kParts.size(); ++i)
        obstacles_.edges.push_back({corner(side * kParts[i - 1]), corner(side * kParts[i])});
      obstacles_.edges.push_back({corner(side * kParts.back()), corner(side)});
    }
  }

  Vec seen(LatLon p) const {
    const double east = std::remainder(p.lon - plane_.origin().lon, 360);
    return plane_.from({p.lat, plane_.origin().lon + east});
  }

  Plane plane_;
  double reach_m_;
  bool near_antimeridian_;
  Obstacles& obstacles_;
};

double on_grid(double degrees) { return std::round(degrees * kStepsPerDegree) / kStepsPerDegree; }

/// The polygon with vertices moved to the grid, by up to 8 mm: less than the clearance, by which every side
/// is off the obstacles. Nothing if the point is not strictly inside any more.
std::optional<SafeRegion> rounded(const Convex& polygon, const Plane& plane) {
  SafeRegion region;
  for (const Vec v : polygon) {
    const LatLon p = plane.to(v), vertex{on_grid(p.lat), on_grid(p.lon)};
    if (region.vertices.empty() || region.vertices.back() != vertex) region.vertices.push_back(vertex);
  }
  while (region.vertices.size() > 1 && region.vertices.front() == region.vertices.back())
    region.vertices.pop_back();
  const std::size_t n = region.vertices.size();
  if (n < 3) return std::nullopt;
  for (std::size_t i = 0; i < n; ++i)
    if (cross(plane.from(region.vertices[i]), plane.from(region.vertices[(i + 1) % n])) <= 0)
      return std::nullopt;
  return region;
}

Obstacles survey(const FenceIndex& index, LatLon at, double half_side_m) {
  Obstacles obstacles;
  const double reach_m = half_side_m * 1.5;  // the square's corners are within it, and rounding too
  Surveyor surveyor(at, reach_m, obstacles);
  for (const Handle area : index.near(at, reach_m)) surveyor.add(index.area(area), index.polygons(area));
  return obstacles;
}

bool touches_square(const Convex& polygon, double half_side_m) {
  return std::any_of(polygon.begin(), polygon.end(), [=](Vec v) {
    return std::max(std::abs(v.x), std::abs(v.y)) >= half_side_m * (1 - 1e-9);
  });
}

}  // namespace

std::optional<SafeRegion> safe_region(const FenceIndex& index, LatLon at, const SafeRegionLimits& limits) {
  if (std::abs(at.lat) > kMaxLat) return std::nullopt;
  // A small square first: among many areas it is all that is needed, and spares a look at the others.
  for (double half_side_m = limits.max_m / 64;; half_side_m *= 4) {
    ConvexCutter cutter(half_side_m, limits.clearance_m, survey(index, at, half_side_m));
    if (!cutter.run()) return std::nullopt;
    Convex region = cutter.region();
    if (half_side_m < limits.max_m && touches_square(region, half_side_m)) continue;
    if (!thin_out(region, limits.max_vertices, limits.clearance_m)) return std::nullopt;
    return rounded(region, Plane(at));
  }
}

}  // namespace convoke::geo
