#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "geo/area.h"
#include "geo/fence_tracker.h"

/// A second, slow implementation of the plain rule that shares nothing with the engine but its types: every
/// area is asked for every fix, points and rings are whole numbers on a grid, and all decisions on them are
/// exact.
namespace convoke::geo::test {

class Twin {
 public:
  /// `steps` of the grid in one degree; all coordinates lie on it.
  Twin(const std::vector<Area>& areas, double steps) : areas_(areas), steps_(steps) {}

  bool covers(const Area& area, LatLon p) const {
    if (const auto* circle = std::get_if<Circle>(&area.shape)) return covers(*circle, p);
    for (const Polygon& polygon : std::get<Polygons>(area.shape)) {
      if (covers(polygon, p)) return true;
    }
    return false;
  }

  /// "time user area kind" of every transition of the fix, in order of area.
  std::vector<std::string> fix(std::string_view user, const Position& position) {
    std::vector<std::string> lines;
    std::set<std::string>& inside = inside_[std::string(user)];
    std::map<std::string, const Area*> by_id;
    for (const Area& area : areas_) by_id[area.id] = &area;
    for (const auto& [id, area] : by_id) {
      const bool now = covers(*area, position.at), before = inside.count(id) > 0;
      if (now == before) continue;
      now ? (void)inside.insert(id) : (void)inside.erase(id);
      lines.push_back(std::to_string(position.time_ms) + " " + std::string(user) + " " + id +
                      (now ? " enter" : " exit"));
    }
    return lines;
  }

 private:
  enum class Side { outside, edge, inside };

  std::int64_t grid(double degrees) const { return std::llround(degrees * steps_); }

  /// Great-circle distance by the length of the chord.
  static bool covers(const Circle& circle, LatLon p) {
    const auto chord2 = [](LatLon a, LatLon b) {
      const long double d = std::acos(-1.0L) / 180;
      const long double x =
          std::cos(a.lat * d) * std::cos(a.lon * d) - std::cos(b.lat * d) * std::cos(b.lon * d);
      const long double y =
          std::cos(a.lat * d) * std::sin(a.lon * d) - std::cos(b.lat * d) * std::sin(b.lon * d);
      const long double z = std::sin(a.lat * d) - std::sin(b.lat * d);
      return x * x + y * y + z * z;
    };
    return 2 * 6'371'008.8L * std::asin(std::sqrt(chord2(circle.center, p)) / 2) <= circle.radius_m;
  }

  /// Counts how often a ray to the east crosses the ring.
  Side side(const Ring& ring, LatLon point) const {
    const std::int64_t px = grid(point.lon), py = grid(point.lat);
    bool inside = false;
    for (std::size_t i = 1; i < ring.size(); ++i) {
      const std::int64_t ax = grid(ring[i - 1].lon) - px, ay = grid(ring[i - 1].lat) - py;
      const std::int64_t bx = grid(ring[i].lon) - px, by = grid(ring[i].lat) - py;
      const auto cross = ax * by - ay * bx;
      const auto dot = ax * bx + ay * by;
      if (cross == 0 && dot <= 0) return Side::edge;
      if ((ay > 0) != (by > 0) && (cross > 0) == (by > ay)) inside = !inside;
    }
    return inside ? Side::inside : Side::outside;
  }

  bool covers(const Polygon& polygon, LatLon p) const {
    if (side(polygon.outer, p) == Side::outside) return false;
    for (const Ring& hole : polygon.holes) {
      if (side(hole, p) == Side::inside) return false;
    }
    return true;
  }

  std::vector<Area> areas_;
  double steps_;
  std::map<std::string, std::set<std::string>> inside_;
};

inline std::vector<std::string> lines(const std::vector<Transition>& transitions) {
  std::vector<std::string> result;
  for (const Transition& t : transitions) {
    result.push_back(std::to_string(t.time_ms) + " " + t.user + " " + t.area + " " +
                     std::string(to_string(t.kind)));
  }
  return result;
}

}  // namespace convoke::geo::test
