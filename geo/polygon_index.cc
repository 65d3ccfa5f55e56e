#include "geo/polygon_index.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace convoke::geo {
namespace {

constexpr double kThickness = 2e-14;  // of an edge, in degrees: what is rounded in a number like 116.3168

bool between(double x, double a, double b) {
  return x >= std::min(a, b) - kThickness && x <= std::max(a, b) + kThickness;
}

}  // namespace

PolygonIndex::PolygonIndex(const Polygon& polygon) : polygon_(&polygon), box_(bounds(polygon)) {
  const double height = box_.high.lat - box_.low.lat;
  const double lon_scale = std::cos((box_.low.lat + box_.high.lat) / 2 * std::numbers::pi / 180);
  all_edges([&](LatLon a, LatLon b) {
    const double x = (b.lon - a.lon) * lon_scale, y = b.lat - a.lat;
    length_ += std::sqrt(x * x + y * y);
  });
  slabs_ = slabs_for(height);
  slabs_per_degree_ = height > 0 ? slabs_ / height : 0;
  std::size_t count = slabs_ + 1;
  for_each_edge([&](std::uint32_t, std::size_t low, std::size_t high) { count += high - low + 1; });
  // No edge's number, and no place in the list, is larger than this.
  if (std::max(count, vertices()) <= std::numeric_limits<std::uint16_t>::max()) {
    narrow_.resize(count);
    list(narrow_);
  } else {
    wide_.resize(count);
    list(wide_);
  }
}

/// Counted, summed up, and then filled in: two passes, and no slab has a list of its own.
template <class Number>
void PolygonIndex::list(std::vector<Number>& numbers) {
  Number* const starts = numbers.data();
  Number* const edges = starts + slabs_ + 1;
  for_each_edge([&](std::uint32_t, std::size_t low, std::size_t high) {
    for (std::size_t s = low; s <= high; ++s) ++starts[s + 1];
  });
  for (std::size_t s = 0; s < slabs_; ++s) starts[s + 1] = static_cast<Number>(starts[s + 1] + starts[s]);
  std::vector<Number> next(starts, starts + slabs_);
  for_each_edge([&](std::uint32_t edge, std::size_t low, std::size_t high) {
    for (std::size_t s = low; s <= high; ++s) edges[next[s]++] = static_cast<Number>(edge);
  });
}

/// Half as many as vertices; less where edges are so long that each would be in many slabs.
std::uint32_t PolygonIndex::slabs_for(double height) const {
  double climb = 0;  // of all edges
  all_edges([&](LatLon a, LatLon b) { climb += std::abs(b.lat - a.lat); });
  const auto count = static_cast<double>(vertices());
  return static_cast<std::uint32_t>(std::max(1.0, std::min(count / 2, 2 * count * height / climb)));
}

/// Calls `visit(edge, lowest slab, highest slab)`.
template <class Visit>
void PolygonIndex::for_each_edge(const Visit& visit) const {
  std::uint32_t first = 0;
  const auto ring = [&](const Ring& r) {
    for (std::size_t i = 0; i + 1 < r.size(); ++i) {
      const auto [low, high] = std::minmax(r[i].lat, r[i + 1].lat);
      visit(first + static_cast<std::uint32_t>(i), slab(low), slab(high));
    }
    first += static_cast<std::uint32_t>(r.size());
  };
  ring(polygon_->outer);
  for (const Ring& hole : polygon_->holes) ring(hole);
}

/// Counts how often a ray to the east crosses an edge (Shimrat, Algorithm 112, CACM 1962). Holes need no
/// care: a ray from inside one crosses an even number of edges in all.
bool PolygonIndex::covers(LatLon p) const {
  if (!between(p.lat, box_.low.lat, box_.high.lat) || !between(p.lon, box_.low.lon, box_.high.lon))
    return false;
  bool inside = false, on_edge = false;
  edges_in(slab(p.lat), [&](LatLon a, LatLon b) {
    const double dx = b.lon - a.lon, dy = b.lat - a.lat;
    const double side = dx * (p.lat - a.lat) - dy * (p.lon - a.lon);  // positive: p is to the left
    if (std::abs(side) <= kThickness * (std::abs(dx) + std::abs(dy)) && between(p.lat, a.lat, b.lat) &&
        between(p.lon, a.lon, b.lon))
      on_edge = true;
    // Without a branch: which edges the ray crosses nobody can predict.
    inside ^= ((a.lat > p.lat) != (b.lat > p.lat)) & ((side > 0) == (dy > 0));
  });
  return inside || on_edge;
}

std::optional<LatLon> PolygonIndex::nearest(LatLon p, double lon_scale, double& best2) const {
  std::optional<LatLon> best;
  const double east = std::max({0.0, box_.low.lon - p.lon, p.lon - box_.high.lon}) * lon_scale,
               north = std::max({0.0, box_.low.lat - p.lat, p.lat - box_.high.lat});
  if (east * east + north * north >= best2) return best;
  const auto look = [&](std::size_t slab) {
    edges_in(slab, [&](LatLon a, LatLon b) {
      const double ax = (a.lon - p.lon) * lon_scale, ay = a.lat - p.lat;
      const double dx = (b.lon - a.lon) * lon_scale, dy = b.lat - a.lat;
      // Most edges are too far away by their box, and need no division.
      const double away_x = std::max({0.0, std::min(ax, ax + dx), -std::max(ax, ax + dx)});
      const double away_y = std::max({0.0, std::min(ay, ay + dy), -std::max(ay, ay + dy)});
      if (away_x * away_x + away_y * away_y >= best2) return;
      const double length2 = dx * dx + dy * dy;
      const double t = length2 > 0 ? std::clamp(-(ax * dx + ay * dy) / length2, 0.0, 1.0) : 0.0;
      const double x = ax + t * dx, y = ay + t * dy;
      if (x * x + y * y >= best2) return;
      best2 = x * x + y * y;
      best = {a.lat + t * dy, a.lon + t * (b.lon - a.lon)};
    });
  };
  // From the slab of the point up and down, as long as what follows can be nearer.
  const std::ptrdiff_t slabs = slabs_;
  const auto middle = static_cast<std::ptrdiff_t>(slab(p.lat));
  const double height = (box_.high.lat - box_.low.lat) / static_cast<double>(slabs);
  const auto reaches = [&](double away) { return away <= 0 || away * away < best2; };
  look(middle);
  for (auto s = middle + 1; s < slabs && reaches(box_.low.lat + static_cast<double>(s) * height - p.lat); ++s)
    look(s);
  for (auto s = middle - 1; s >= 0 && reaches(p.lat - (box_.low.lat + static_cast<double>(s + 1) * height));
       --s)
    look(s);
  return best;
}

std::size_t PolygonIndex::vertices() const {
  std::size_t count = polygon_->outer.size();
  for (const Ring& hole : polygon_->holes) count += hole.size();
  return count;
}

std::size_t PolygonIndex::bytes() const {
  return sizeof *this + narrow_.capacity() * sizeof(std::uint16_t) + wide_.capacity() * sizeof(std::uint32_t);
}

}  // namespace convoke::geo
