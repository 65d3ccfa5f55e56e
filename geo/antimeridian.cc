#include "geo/antimeridian.h"

#include <algorithm>
#include <cmath>

#include "geo/boost_geometry.h"

namespace convoke::geo {
namespace {

struct LonSpan {
  double low, high;
};

LonSpan longitudes(const Ring& ring) {
  const auto [low, high] =
      std::minmax_element(ring.begin(), ring.end(), [](LatLon a, LatLon b) { return a.lon < b.lon; });
  return {low->lon, high->lon};
}

bool is_far_step(LatLon a, LatLon b) { return std::abs(b.lon - a.lon) > 180; }

bool crosses_antimeridian(const Ring& ring) {
  for (std::size_t i = 1; i < ring.size(); ++i) {
    if (is_far_step(ring[i - 1], ring[i]) && std::abs(ring[i].lon - ring[i - 1].lon) < 360) return true;
  }
  return false;
}

/// Clipping computes where edges meet the antimeridian; what it puts within a hair of it belongs on it.
LatLon snapped(LatLon p) {
  constexpr double kHairDegrees = 1e-12;
  if (std::abs(p.lon) > 180 - kHairDegrees) p.lon = p.lon > 0 ? 180 : -180;
  return p;
}

template <class BoostRing>
Ring snapped_ring(const BoostRing& ring) {
  Ring result;
  for (const LatLon p : ring) {
    if (result.empty() || snapped(p) != result.back()) result.push_back(snapped(p));
  }
  return result;
}

void append_part(const std::vector<UnwrappedRing>& rings, int turn, Polygons& parts) {
  BoostPolygons clipped;
  bg::intersection(to_boost(seen_from(rings, turn)), Box{{-90, -180}, {90, 180}}, clipped);
  for (const BoostPolygon& piece : clipped) {
    Polygon part{snapped_ring(piece.outer()), {}};
    for (const Ring& hole : piece.inners()) part.holes.push_back(snapped_ring(hole));
    parts.push_back(std::move(part));
  }
}

}  // namespace

Ring UnwrappedRing::seen_from(int turn) const {
  Ring result = ring;
  for (std::size_t i = 0; i < ring.size(); ++i) result[i].lon += 360.0 * (turns[i] - turn);
  return result;
}

Polygon seen_from(const std::vector<UnwrappedRing>& rings, int turn) {
  Polygon polygon{rings.front().seen_from(turn), {}};
  for (std::size_t i = 1; i < rings.size(); ++i) polygon.holes.push_back(rings[i].seen_from(turn));
  return polygon;
}

UnwrappedRing unwrap(const Ring& ring) {
  UnwrappedRing result{.ring = ring, .turns = std::vector<std::int8_t>(ring.size(), 0)};
  if (!crosses_antimeridian(ring)) return result;
  result.crosses = true;
  int turn = 0, lowest = 0, highest = 0;
  for (std::size_t i = 1; i < ring.size(); ++i) {
    if (is_far_step(ring[i - 1], ring[i])) turn += ring[i].lon < ring[i - 1].lon ? 1 : -1;
    lowest = std::min(lowest, turn);
    highest = std::max(highest, turn);
    if (highest - lowest > 1) break;
    result.turns[i] = static_cast<std::int8_t>(turn);
  }
  result.too_wide = highest - lowest > 1;
  result.round_a_pole = !result.too_wide && turn != 0;
  if (!result.too_wide) {
    const LonSpan range = longitudes(result.seen_from(0));
    result.too_wide = range.high - range.low > 360;
  }
  return result;
}

std::vector<std::vector<LatLon>> split_line(const std::vector<LatLon>& line) {
  std::vector<std::vector<LatLon>> parts = {{line.front()}};
  const auto append = [&parts](LatLon p) {
    if (parts.back().back() != p) parts.back().push_back(p);
  };
  for (std::size_t i = 1; i < line.size(); ++i) {
    const LatLon a = line[i - 1], b = line[i];
    if (is_far_step(a, b)) {
      const double side = a.lon > 0 ? 180 : -180;
      const double before = std::abs(side - a.lon), after = std::abs(side + b.lon);
      const double part = before + after > 0 ? before / (before + after) : 0;
      const double lat = a.lat + part * (b.lat - a.lat);
      append({lat, side});
      parts.push_back({{lat, -side}});
    }
    append(b);
  }
  // A line that begins or ends on the antimeridian leaves a single position on the other side, which adds
  // nothing.
  const auto single = [](const std::vector<LatLon>& part) { return part.size() == 1; };
  if (!std::all_of(parts.begin(), parts.end(), single))
    parts.erase(std::remove_if(parts.begin(), parts.end(), single), parts.end());
  return parts;
}

void align_hole(const UnwrappedRing& outer, UnwrappedRing& hole) {
  const LonSpan around = longitudes(outer.seen_from(0));
  for (const int turn : {0, 1, -1}) {
    const LonSpan range = longitudes(hole.seen_from(-turn));
    if (range.low < around.low || range.high > around.high) continue;
    for (auto& t : hole.turns) t = static_cast<std::int8_t>(t + turn);
    return;
  }
}

Polygons split_at_antimeridian(const std::vector<UnwrappedRing>& rings) {
  Polygons parts;
  for (const int turn : {0, 1, -1}) append_part(rings, turn, parts);
  return parts;
}

}  // namespace convoke::geo
