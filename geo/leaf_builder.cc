#include "geo/leaf_builder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace convoke::geo {
namespace {

constexpr double kMetersPerDegree = kEarthRadiusM * std::numbers::pi / 180;
constexpr double kClear = 0.05 / kMetersPerDegree;  // a reference point's distance from every edge
constexpr std::size_t kMaxEdges = 4096;             // in one leaf; with more, areas are asked themselves
constexpr std::size_t kGuessed = 128;      // polygons of so many vertices are not looked at for their density
constexpr double kMaxPlaneCircleM = 5000;  // larger circles, and those near a pole, are asked themselves
constexpr double kMaxPlaneCircleLat = 80;

using Edge = std::pair<LatLon, LatLon>;

LatLon center(const Box& box) { return {(box.low.lat + box.high.lat) / 2, (box.low.lon + box.high.lon) / 2}; }

bool holds(const Box& box, LatLon p) {
  return p.lat >= box.low.lat && p.lat <= box.high.lat && p.lon >= box.low.lon && p.lon <= box.high.lon;
}

/// The part of the edge in the box (Liang and Barsky, ACM Transactions on Graphics 3, 1984).
std::optional<Edge> clip(LatLon a, LatLon b, const Box& box) {
  // Most edges lie beyond one side of the box, or within it.
  if (std::max(a.lon, b.lon) < box.low.lon || std::min(a.lon, b.lon) > box.high.lon ||
      std::max(a.lat, b.lat) < box.low.lat || std::min(a.lat, b.lat) > box.high.lat)
    return std::nullopt;
  if (holds(box, a) && holds(box, b)) return Edge{a, b};
  const double dx = b.lon - a.lon, dy = b.lat - a.lat;
  double from = 0, to = 1;
  const auto cut = [&](double step, double room) {  // step * t <= room
    if (step == 0) return room >= 0;
    const double t = room / step;
    step < 0 ? from = std::max(from, t) : to = std::min(to, t);
    return from <= to;
  };
  if (!cut(-dx, a.lon - box.low.lon) || !cut(dx, box.high.lon - a.lon) || !cut(-dy, a.lat - box.low.lat) ||
      !cut(dy, box.high.lat - a.lat))
    return std::nullopt;
  // Ends that are not cut stay exactly what they are: they are the next edge's beginning.
  return Edge{from > 0 ? LatLon{a.lat + from * dy, a.lon + from * dx} : a,
              to < 1 ? LatLon{a.lat + to * dy, a.lon + to * dx} : b};
}

/// Calls `visit` for the part of every edge that lies in the box.
template <class Visit>
void clipped_edges(const PolygonIndex& polygon, const Box& box, const Visit& visit) {
  polygon.edges_between(box.low.lat, box.high.lat, [&](LatLon a, LatLon b) {
    if (const auto edge = clip(a, b, box)) visit(*edge);
  });
}

/// In degrees of latitude, squared.
double distance2(LatLon p, const Edge& edge, double lon_scale) {
  const double ax = (edge.first.lon - p.lon) * lon_scale, ay = edge.first.lat - p.lat;
  const double dx = (edge.second.lon - edge.first.lon) * lon_scale, dy = edge.second.lat - edge.first.lat;
  const double length2 = dx * dx + dy * dy;
  const double t = length2 > 0 ? std::clamp(-(ax * dx + ay * dy) / length2, 0.0, 1.0) : 0.0;
  const double x = ax + t * dx, y = ay + t * dy;
  return x * x + y * y;
}

/// Whether the point is so near to the edge that it cannot be one of reference.
bool next_to(LatLon p, const Edge& edge, double lon_scale) {
  const double away = std::max({p.lat - std::max(edge.first.lat, edge.second.lat),
                                std::min(edge.first.lat, edge.second.lat) - p.lat,
                                (p.lon - std::max(edge.first.lon, edge.second.lon)) * lon_scale,
                                (std::min(edge.first.lon, edge.second.lon) - p.lon) * lon_scale});
  return away < kClear && distance2(p, edge, lon_scale) < kClear * kClear;
}

/// How much of the first box lies in the second.
double share_in(const Box& box, const Box& in) {
  const auto share = [](double low, double high, double in_low, double in_high) {
    return high > low ? std::max(0.0, std::min(high, in_high) - std::max(low, in_low)) / (high - low) : 1.0;
  };
  return share(box.low.lat, box.high.lat, in.low.lat, in.high.lat) *
         share(box.low.lon, box.high.lon, in.low.lon, in.high.lon);
}

}  // namespace

void add_density(const IndexedArea& area, std::size_t polygon, const Box& box, FenceCells::Density& sum) {
  const double height = box.high.lat - box.low.lat;
  if (polygon < area.polygons.size()) {
    const PolygonIndex& index = area.polygons[polygon];
    // Of small polygons, as many as there are, a guess will do.
    if (index.vertices() <= kGuessed) {
      const double share = share_in(index.box(), box);
      sum.edges += static_cast<std::size_t>(std::ceil(share * static_cast<double>(index.vertices())));
      sum.length += share * index.length() / height;
      return;
    }
    const double lon_scale = std::cos(center(box).lat * std::numbers::pi / 180);
    clipped_edges(index, box, [&](const Edge& e) {
      const double x = (e.second.lon - e.first.lon) * lon_scale, y = e.second.lat - e.first.lat;
      ++sum.edges;
      sum.length += std::sqrt(x * x + y * y) / height;
    });
  } else if (const auto* circle = std::get_if<Circle>(&area.area.shape)) {
    // What of it lies in the box, at most; it costs about as much as two edges.
    sum.edges += 2;
    sum.length += 2 * std::min(2 * std::numbers::pi * circle->radius_m / kMetersPerDegree / height, 4.0);
  }
}

void LeafBuilder::begin(const Box& box) {
  parts_.box = box;
  parts_.covering.clear();
  parts_.polygonal.clear();
  parts_.edges.clear();
  parts_.circular.clear();
  parts_.others.clear();
  asked_.clear();
  const double lat = FenceLeaf::kMore * (box.high.lat - box.low.lat),
               lon = FenceLeaf::kMore * (box.high.lon - box.low.lon);
  around_ = {{box.low.lat - lat, box.low.lon - lon}, {box.high.lat + lat, box.high.lon + lon}};
}

void LeafBuilder::add(Handle handle, const IndexedArea& area) {
  if (!area.polygons.empty()) return add_polygons(handle, area);
  if (const auto* circle = std::get_if<Circle>(&area.area.shape)) return add_circle(handle, *circle);
  parts_.others.push_back(handle);
}

void LeafBuilder::add_polygons(Handle handle, const IndexedArea& area) {
  const std::size_t before = parts_.edges.size();
  for (const PolygonIndex& polygon : area.polygons)
    clipped_edges(polygon, around_, [&](const Edge& edge) { parts_.edges.push_back(edge); });
  if (parts_.edges.size() > kMaxEdges || full()) {
    parts_.edges.resize(before);
    parts_.others.push_back(handle);
  } else if (parts_.edges.size() > before) {
    parts_.polygonal.push_back({handle, false, parts_.edges.size()});
    asked_.push_back(&area);
  } else if (area.covers(center(parts_.box))) {
    parts_.covering.push_back(handle);
  }
}

void LeafBuilder::add_circle(Handle handle, const Circle& circle) {
  const LatLon middle = center(parts_.box);
  const double reach = 1.01 * std::max(distance_m(middle, around_.low), distance_m(middle, around_.high));
  const double outside = distance_m(circle.center, middle) - circle.radius_m;
  if (outside > reach) return;
  if (outside < -reach) {
    parts_.covering.push_back(handle);
  } else if (circle.radius_m > kMaxPlaneCircleM || std::abs(middle.lat) > kMaxPlaneCircleLat || full()) {
    parts_.others.push_back(handle);
  } else {
    // Its centre as seen from here, without a jump at the antimeridian.
    Circle seen = circle;
    seen.center.lon = middle.lon + std::remainder(circle.center.lon - middle.lon, 360);
    parts_.circular.push_back({handle, seen});
  }
}

/// A point that is not next to any edge.
std::optional<LatLon> LeafBuilder::reference() const {
  const double lon_scale = std::cos(center(parts_.box).lat * std::numbers::pi / 180);
  const auto clear = [&](LatLon p) {
    return std::none_of(parts_.edges.begin(), parts_.edges.end(),
                        [&](const Edge& edge) { return next_to(p, edge, lon_scale); });
  };
  constexpr double kTries[][2] = {{.5, .5},   {.31, .37}, {.67, .29}, {.73, .71},
                                  {.21, .79}, {.09, .53}, {.91, .43}};
  for (const auto [y, x] : kTries) {
    const Box& box = parts_.box;
    const LatLon p{box.low.lat + y * (box.high.lat - box.low.lat),
                   box.low.lon + x * (box.high.lon - box.low.lon)};
    if (clear(p)) return p;
  }
  return std::nullopt;
}

FenceLeaf::Ptr LeafBuilder::build() {
  const auto point = reference();
  parts_.reference = point.value_or(center(parts_.box));
  if (!point) {
    for (const auto& polygon : parts_.polygonal) parts_.others.push_back(polygon.area);
    parts_.polygonal.clear();
    parts_.edges.clear();
  }
  for (std::size_t i = 0; i < parts_.polygonal.size(); ++i)
    parts_.polygonal[i].holds_reference = asked_[i]->covers(parts_.reference);
  return FenceLeaf::make(parts_);
}

}  // namespace convoke::geo
