#include "geo/convex_cutter.h"

#include <algorithm>
#include <limits>
#include <numbers>
#include <utility>

namespace convoke::geo {
namespace {

double area(const Convex& polygon) {
  double twice = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i)
    twice += cross(polygon[i], polygon[(i + 1) % polygon.size()]);
  return twice / 2;
}

bool reaches_beyond(const Convex& polygon, const HalfPlane& half) {
  return std::any_of(polygon.begin(), polygon.end(),
                     [&](Vec v) { return dot(half.away, v) > half.distance; });
}

Convex cut(const Convex& polygon, const HalfPlane& half) {
  Convex kept;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Vec a = polygon[i], b = polygon[(i + 1) % polygon.size()];
    const double beyond_a = dot(half.away, a) - half.distance, beyond_b = dot(half.away, b) - half.distance;
    if (beyond_a <= 0) kept.push_back(a);
    if ((beyond_a < 0 && beyond_b > 0) || (beyond_a > 0 && beyond_b < 0))
      kept.push_back(a + (b - a) * (beyond_a / (beyond_a - beyond_b)));
  }
  return kept;
}

/// The part of the segment within the polygon; nothing if they do not meet.
std::optional<Segment> within(const Convex& polygon, const Segment& segment) {
  const Vec along = segment.b - segment.a;
  double from = 0, to = 1;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Vec side = polygon[(i + 1) % polygon.size()] - polygon[i];
    const double in_at_a = cross(side, segment.a - polygon[i]), change = cross(side, along);
    if (change == 0) {
      if (in_at_a < 0) return std::nullopt;
      continue;
    }
    const double t = -in_at_a / change;
    if (change > 0)
      from = std::max(from, t);
    else
      to = std::min(to, t);
    if (from > to) return std::nullopt;
  }
  return Segment{segment.a + along * from, segment.a + along * to};
}

Vec nearest(const Segment& segment) {
  const Vec along = segment.b - segment.a;
  const double length2 = dot(along, along);
  const double t = length2 > 0 ? std::clamp(-dot(segment.a, along) / length2, 0.0, 1.0) : 0.0;
  return segment.a + along * t;
}

}  // namespace

ConvexCutter::ConvexCutter(double half_side_m, double clearance_m, Obstacles obstacles)
    : clearance_m_(clearance_m), left_(std::move(obstacles)) {
  const double h = half_side_m;
  region_ = {{-h, -h}, {h, -h}, {h, h}, {-h, h}};
}

bool ConvexCutter::run() {
  for (std::size_t cuts = 0;; ++cuts) {
    drop_what_is_cut_off();
    if (left_.edges.empty() && left_.tangents.empty()) return true;
    if (nearest_m_ < 2 * clearance_m_) return false;
    if (cuts == kMaxCuts) break;
    if (nearest_edge_)
      cut_off(*nearest_edge_);
    else
      take(*nearest_tangent_);
  }
  take_octagon(nearest_m_);
  return true;
}

void ConvexCutter::drop_what_is_cut_off() {
  nearest_m_ = std::numeric_limits<double>::infinity();
  nearest_edge_.reset();
  nearest_tangent_.reset();
  std::size_t kept = 0;
  for (const Segment& edge : left_.edges) {
    const std::optional<Segment> part = within(region_, edge);
    if (!part) continue;
    left_.edges[kept++] = *part;
    const double distance = length(nearest(*part));
    if (distance >= nearest_m_) continue;
    nearest_m_ = distance;
    nearest_edge_ = part;
  }
  left_.edges.resize(kept);
  std::erase_if(left_.tangents, [&](const HalfPlane& half) { return !reaches_beyond(region_, half); });
  for (const HalfPlane& half : left_.tangents) {
    if (half.distance >= nearest_m_) continue;
    nearest_m_ = half.distance;
    nearest_tangent_ = half;
    nearest_edge_.reset();
  }
}

/// An edge that faces the origin is cut along its own line. Of one that ends or bends away, either that or
/// the line straight across the way to its nearest point, whichever leaves more.
void ConvexCutter::cut_off(const Segment& edge) {
  const Vec along = edge.b - edge.a, foot = nearest(edge);
  const HalfPlane across{foot * (1 / length(foot)), length(foot)};
  if (length(along) < clearance_m_) return take(across);
  Vec away = Vec{along.y, -along.x} * (1 / length(along));
  if (dot(away, foot) < 0) away = away * -1;
  const HalfPlane own{away, dot(away, foot)};
  if (own.distance < 2 * clearance_m_) return take(across);
  take(area(shortened(own)) >= area(shortened(across)) ? own : across);
}

Convex ConvexCutter::shortened(const HalfPlane& half) const {
  return cut(region_, {half.away, half.distance - clearance_m_});
}

void ConvexCutter::take_octagon(double radius_m) {
  for (int i = 0; i < 8; ++i) {
    const double angle = i * std::numbers::pi / 4;
    take({{std::cos(angle), std::sin(angle)}, radius_m * std::cos(std::numbers::pi / 8)});
  }
}

bool thin_out(Convex& polygon, std::size_t max_vertices, double clearance_m) {
  while (polygon.size() > max_vertices) {
    const std::size_t n = polygon.size();
    std::size_t least = n;
    double least_cost = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < n; ++i) {
      const Vec before = polygon[(i + n - 1) % n], after = polygon[(i + 1) % n];
      const double cost = cross(polygon[i] - before, after - polygon[i]);
      const double origin_in_m = cross(before, after) / std::max(length(after - before), 1e-9);
      if (cost >= least_cost || origin_in_m < clearance_m) continue;
      least_cost = cost;
      least = i;
    }
    if (least == n) return false;
    polygon.erase(polygon.begin() + static_cast<std::ptrdiff_t>(least));
  }
  return true;
}

}  // namespace convoke::geo
