#include "geo/edge_meeting.h"

#include <algorithm>

namespace convoke::geo {
namespace {

constexpr std::size_t kMaxComparisons = 50'000'000;  // well under a second

struct Edge {
  std::size_t ring, vertex;  // as in the file
  std::size_t order, count;  // place among the ring's edges of some length
  LatLon a, b;
  double low() const { return std::min(a.lon, b.lon); }
  double high() const { return std::max(a.lon, b.lon); }
};

double cross(LatLon o, LatLon a, LatLon b) {
  return (a.lon - o.lon) * (b.lat - o.lat) - (a.lat - o.lat) * (b.lon - o.lon);
}

double dot(LatLon o, LatLon a, LatLon b) {
  return (a.lon - o.lon) * (b.lon - o.lon) + (a.lat - o.lat) * (b.lat - o.lat);
}

bool in_box(const Edge& e, LatLon p) {
  return p.lon >= e.low() && p.lon <= e.high() && p.lat >= std::min(e.a.lat, e.b.lat) &&
         p.lat <= std::max(e.a.lat, e.b.lat);
}

bool opposite(double x, double y) { return (x > 0 && y < 0) || (x < 0 && y > 0); }

/// Where the insides of the edges cross.
std::optional<LatLon> crossing(const Edge& e, const Edge& f) {
  const double fa = cross(e.a, e.b, f.a), fb = cross(e.a, e.b, f.b);
  if (!opposite(fa, fb) || !opposite(cross(f.a, f.b, e.a), cross(f.a, f.b, e.b))) return std::nullopt;
  const double t = fa / (fa - fb);
  return LatLon{f.a.lat + t * (f.b.lat - f.a.lat), f.a.lon + t * (f.b.lon - f.a.lon)};
}

/// Where an end of one edge lies on the other.
std::optional<LatLon> touch(const Edge& e, const Edge& f) {
  for (const LatLon p : {f.a, f.b}) {
    if (cross(e.a, e.b, p) == 0 && in_box(e, p)) return p;
  }
  for (const LatLon p : {e.a, e.b}) {
    if (cross(f.a, f.b, p) == 0 && in_box(f, p)) return p;
  }
  return std::nullopt;
}

/// The second edge runs back over the first.
bool is_spike(const Edge& first, const Edge& second) {
  return first.b == second.a && cross(first.b, first.a, second.b) == 0 && dot(first.b, first.a, second.b) > 0;
}

std::optional<LatLon> bad_meeting(const Edge& e, const Edge& f) {
  if (e.ring == f.ring) {
    const bool neighbors = (e.order + 1) % e.count == f.order || (f.order + 1) % f.count == e.order;
    if (neighbors) return std::nullopt;
    if (const auto at = touch(e, f)) return at;
  }
  return crossing(e, f);
}

EdgeMeeting meeting(const Edge& e, const Edge& f, LatLon at) {
  return {e.ring, e.vertex, f.ring, f.vertex, at};
}

std::vector<Edge> edges_of(const std::vector<Ring>& rings) {
  std::vector<Edge> edges;
  for (std::size_t r = 0; r < rings.size(); ++r) {
    const std::size_t first = edges.size();
    for (std::size_t v = 0; v + 1 < rings[r].size(); ++v) {
      if (rings[r][v] == rings[r][v + 1]) continue;
      edges.push_back({r, v, edges.size() - first, 0, rings[r][v], rings[r][v + 1]});
    }
    for (std::size_t i = first; i < edges.size(); ++i) edges[i].count = edges.size() - first;
  }
  return edges;
}

/// `edges` as edges_of gives them.
std::optional<EdgeMeeting> find_spike(const std::vector<Edge>& edges) {
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const Edge& e = edges[i];
    const Edge& next = edges[e.order + 1 < e.count ? i + 1 : i + 1 - e.count];
    if (is_spike(e, next)) return meeting(e, next, next.a);
  }
  return std::nullopt;
}

}  // namespace

std::optional<EdgeMeeting> find_edge_meeting(const std::vector<Ring>& rings) {
  std::vector<Edge> edges = edges_of(rings);
  if (const auto spike = find_spike(edges)) return spike;
  std::sort(edges.begin(), edges.end(), [](const Edge& e, const Edge& f) { return e.low() < f.low(); });
  std::size_t comparisons = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    for (std::size_t k = i + 1; k < edges.size() && edges[k].low() <= edges[i].high(); ++k) {
      if (++comparisons > kMaxComparisons) return std::nullopt;
      if (const auto at = bad_meeting(edges[i], edges[k])) return meeting(edges[i], edges[k], *at);
    }
  }
  return std::nullopt;
}

}  // namespace convoke::geo
