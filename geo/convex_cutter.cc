#include "geo/convex_cutter.h"

#include <algorithm>
#include <bit>
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
  double from = 0, to = 1;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const Vec corner = polygon[i], side = polygon[i + 1 < polygon.size() ? i + 1 : 0] - corner;
    const double a = cross(side, segment.a - corner), b = cross(side, segment.b - corner);
    if (a < 0 && b < 0) return std::nullopt;
    if (a >= 0 && b >= 0) continue;
    const double t = a / (a - b);
    if (a < 0)
      from = std::max(from, t);
    else
      to = std::min(to, t);
    if (from > to) return std::nullopt;
  }
  const Vec along = segment.b - segment.a;
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
    : clearance_m_(clearance_m), tangents_(std::move(obstacles.tangents)) {
  const double h = half_side_m;
  region_ = {{-h, -h}, {h, -h}, {h, h}, {-h, h}};
  edges_.reserve(obstacles.edges.size());
  for (const Segment& edge : obstacles.edges) edges_.push_back({length(nearest(edge)), edge});
  std::make_heap(edges_.begin(), edges_.end());
}

bool ConvexCutter::run() {
  for (std::size_t cuts = 0;; ++cuts) {
    if (std::has_single_bit(cuts)) drop_what_is_cut_off();
    const std::optional<HalfPlane> tangent = nearest_tangent();
    const std::optional<Waiting> edge = nearest_edge();
    if (!tangent && !edge) return true;
    const bool round = tangent && (!edge || tangent->distance < edge->distance);
    const double distance = round ? tangent->distance : edge->distance;
    if (distance < 2 * clearance_m_) return false;
    if (cuts == kMaxCuts) {
      take_octagon(distance);
      return true;
    }
    if (edge && round) put_back(*edge);
    if (round)
      take(*tangent);
    else
      cut_off(edge->edge);
  }
}

/// Quicker than finding it out one by one in order of distance. Half as often each time: most go early.
void ConvexCutter::drop_what_is_cut_off() {
  std::size_t kept = 0;
  for (const Waiting& waiting : edges_)
    if (const auto part = within(region_, waiting.edge)) edges_[kept++] = {length(nearest(*part)), *part};
  edges_.resize(kept);
  std::make_heap(edges_.begin(), edges_.end());
}

/// What was cut from an edge only makes it further away: so the first that is still where it waited is the
/// nearest, and whatever waits beyond the region's furthest corner is not in it.
std::optional<ConvexCutter::Waiting> ConvexCutter::nearest_edge() {
  double furthest2 = 0;
  for (const Vec v : region_) furthest2 = std::max(furthest2, dot(v, v));
  while (!edges_.empty()) {
    std::pop_heap(edges_.begin(), edges_.end());
    const Waiting first = edges_.back();
    edges_.pop_back();
    if (first.distance * first.distance > furthest2) break;
    const std::optional<Segment> part = within(region_, first.edge);
    if (!part) continue;
    const Waiting now{length(nearest(*part)), *part};
    if (edges_.empty() || now.distance <= edges_.front().distance) return now;
    put_back(now);
  }
  edges_.clear();
  return std::nullopt;
}

void ConvexCutter::put_back(const Waiting& edge) {
  edges_.push_back(edge);
  std::push_heap(edges_.begin(), edges_.end());
}

std::optional<HalfPlane> ConvexCutter::nearest_tangent() {
  std::erase_if(tangents_, [&](const HalfPlane& half) { return !reaches_beyond(region_, half); });
  const auto nearest = std::min_element(tangents_.begin(), tangents_.end(),
                                        [](const auto& a, const auto& b) { return a.distance < b.distance; });
  return nearest == tangents_.end() ? std::nullopt : std::optional(*nearest);
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
