#include "tests/oracle/oracle.h"

#include <geos_c.h>

#include <GeographicLib/Geodesic.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <set>

#include "geo/fence_index.h"
#include "geo/geojson.h"
#include "geo/measure.h"
#include "tests/oracle/s2.h"

namespace convoke::oracle {
namespace {

using geo::LatLon;

constexpr double kRadians = std::numbers::pi / 180;

bool goes_round_a_pole(const AtlasArea& area) {
  return std::any_of(area.polygons.begin(), area.polygons.end(), [](const Rings& rings) {
    const Line ring = unwrapped(rings.front());
    return std::abs(ring.front().lon - ring.back().lon) > 1;
  });
}

/// GEOS: planar, in longitude and latitude.
class Geos {
 public:
  Geos() : context_(GEOS_init_r()) {}
  ~Geos() {
    for (Shape& shape : shapes_) {
      GEOSPreparedGeom_destroy_r(context_, shape.prepared);
      GEOSGeom_destroy_r(context_, shape.geometry);
    }
    GEOS_finish_r(context_);
  }
  Geos(const Geos&) = delete;
  Geos& operator=(const Geos&) = delete;

  bool is_valid(const AtlasArea& area) const {
    GEOSGeometry* geometry = geometry_of(area);
    const bool valid = GEOSisValid_r(context_, geometry) == 1;
    GEOSGeom_destroy_r(context_, geometry);
    return valid;
  }

  void add(const AtlasArea& area) {
    GEOSGeometry* geometry = geometry_of(area);
    shapes_.push_back({geometry, GEOSPrepare_r(context_, geometry)});
  }

  /// Whether the area of that number covers the point. Shapes may lie beyond ±180.
  bool covers(std::size_t area, LatLon p) const {
    for (const double turn : {0.0, 360.0, -360.0}) {
      if (turn != 0 && std::abs(p.lon) < 90) break;  // no shape goes so far round
      GEOSGeometry* point = GEOSGeom_createPointFromXY_r(context_, p.lon + turn, p.lat);
      const bool covered = GEOSPreparedCovers_r(context_, shapes_[area].prepared, point) == 1;
      GEOSGeom_destroy_r(context_, point);
      if (covered) return true;
    }
    return false;
  }

 private:
  struct Shape {
    GEOSGeometry* geometry;
    const GEOSPreparedGeometry* prepared;
  };

  GEOSGeometry* ring_of(const Line& line) const {
    std::vector<double> xy;
    for (const LatLon p : unwrapped(line)) {
      xy.push_back(p.lon);
      xy.push_back(p.lat);
    }
    return GEOSGeom_createLinearRing_r(
        context_,
        GEOSCoordSeq_copyFromBuffer_r(context_, xy.data(), static_cast<unsigned>(line.size()), 0, 0));
  }

  GEOSGeometry* geometry_of(const AtlasArea& area) const {
    std::vector<GEOSGeometry*> polygons;
    for (const Rings& rings : area.polygons) {
      std::vector<GEOSGeometry*> holes;
      for (std::size_t i = 1; i < rings.size(); ++i) holes.push_back(ring_of(rings[i]));
      polygons.push_back(GEOSGeom_createPolygon_r(context_, ring_of(rings.front()), holes.data(),
                                                  static_cast<unsigned>(holes.size())));
    }
    return GEOSGeom_createCollection_r(context_, GEOS_MULTIPOLYGON, polygons.data(),
                                       static_cast<unsigned>(polygons.size()));
  }

  GEOSContextHandle_t context_;
  std::vector<Shape> shapes_;
};

std::string number(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

std::string geojson_of(const AtlasArea& area) {
  std::string polygons;
  for (const Rings& rings : area.polygons) {
    std::string lines;
    for (const Line& ring : rings) {
      std::string positions;
      for (const LatLon p : ring)
        positions += (positions.empty() ? "[" : ",[") + number(p.lon) + "," + number(p.lat) + "]";
      lines += (lines.empty() ? "[" : ",[") + positions + "]";
    }
    polygons += (polygons.empty() ? "[" : ",[") + lines + "]";
  }
  return R"({"type":"Feature","id":")" + area.id + R"(","geometry":{"type":"MultiPolygon","coordinates":[)" +
         polygons + "]}}";
}

/// Metres to the nearest edge of the area, one edge after the other, in a plane at the point.
double edge_distance_m(const AtlasArea& area, LatLon p) {
  long double best = 1e30L;
  const long double scale = std::cos(static_cast<long double>(p.lat) * static_cast<long double>(kRadians));
  for (const Rings& rings : area.polygons) {
    for (const Line& ring : rings) {
      for (std::size_t i = 1; i < ring.size(); ++i) {
        const auto x = [&](LatLon q) {
          return std::remainder(static_cast<long double>(q.lon) - p.lon, 360.0L) * scale;
        };
        const long double ax = x(ring[i - 1]), ay = static_cast<long double>(ring[i - 1].lat) - p.lat;
        const long double dx = x(ring[i]) - ax, dy = static_cast<long double>(ring[i].lat) - p.lat - ay;
        const long double length2 = dx * dx + dy * dy;
        const long double t = length2 > 0 ? std::clamp(-(ax * dx + ay * dy) / length2, 0.0L, 1.0L) : 0.0L;
        best = std::min(best, std::hypot(ax + t * dx, ay + t * dy));
      }
    }
  }
  return static_cast<double>(best) * kRadians * geo::kEarthRadiusM;
}

/// Where to ask.
class Points {
 public:
  Points(const std::vector<AtlasArea>& atlas, std::uint64_t seed) : atlas_(atlas), random_(seed) {}

  LatLon next() {
    if (unit() < 0.1) return {-90 + 180 * unit(), -180 + 360 * unit()};
    return near_edge(std::pow(10, -9 + 9 * unit()));
  }

  /// So many degrees, longitudes scaled, from a random place on a random edge.
  LatLon near_edge(double degrees) {
    const AtlasArea& area = pick(atlas_);
    const Line& ring = pick(pick(area.polygons));
    const std::size_t i = 1 + pick_index(ring.size() - 1);
    const double t = unit(), angle = 2 * std::numbers::pi * unit();
    const LatLon a = ring[i - 1], b = ring[i];
    const double lat = a.lat + t * (b.lat - a.lat);
    const double lon = a.lon + t * std::remainder(b.lon - a.lon, 360);
    const double off_lon = degrees * std::cos(angle) / std::max(0.01, std::cos(lat * kRadians));
    return {std::clamp(lat + degrees * std::sin(angle), -90.0, 90.0),
            std::clamp(std::remainder(lon + off_lon, 360), -180.0, 180.0)};
  }

  double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  std::size_t pick_index(std::size_t size) {
    return std::uniform_int_distribution<std::size_t>(0, size - 1)(random_);
  }

 private:
  template <class T>
  const T& pick(const std::vector<T>& items) {
    return items[pick_index(items.size())];
  }

  const std::vector<AtlasArea>& atlas_;
  std::mt19937_64 random_;
};

/// All three, with the same areas.
class Panel {
 public:
  Panel(const std::vector<AtlasArea>& atlas, Comparison& result) : result_(result) {
    for (const AtlasArea& area : atlas) take(area);
    result_.areas = areas_.size();
  }

  void ask(LatLon p) {
    const std::vector<std::string_view> ours = index_.covering(p);
    const std::vector<std::size_t> theirs = s2_.containing(p);
    for (const std::size_t i : near(p)) {
      const bool covered = std::binary_search(ours.begin(), ours.end(), std::string_view(areas_[i].id));
      const bool in_s2 = std::find(theirs.begin(), theirs.end(), i) != theirs.end();
      ++result_.questions;
      result_.inside += covered;
      if (covered != geos_.covers(i, p)) note(i, p, result_.differ_geos, result_.worst_geos_m);
      if (covered != in_s2) note(i, p, result_.differ_s2, result_.worst_s2_m);
    }
  }

  const std::vector<AtlasArea>& areas() const { return areas_; }

 private:
  void take(const AtlasArea& area) {
    geo::AreaFile file = geo::parse_geojson(geojson_of(area), {.max_vertices = 1'000'000});
    if (!file.errors.empty()) {
      result_.refused.push_back(area.id + ": " + file.errors[0].where + ": " + file.errors[0].what);
      result_.refused_but_valid += !goes_round_a_pole(area) && geos_.is_valid(area);
      return;
    }
    add_boxes(area);
    index_.put(std::move(file.areas.front()));
    geos_.add(area);
    s2_.add(area);
    areas_.push_back(area);
  }

  /// A little more than an outer ring; may lie beyond ±180.
  static geo::Box box_around(const Line& ring) {
    constexpr double kMore = 0.001;
    geo::Box box{{91, 999}, {-91, -999}};
    for (const LatLon p : unwrapped(ring)) {
      box.low = {std::min(box.low.lat, p.lat - kMore), std::min(box.low.lon, p.lon - kMore)};
      box.high = {std::max(box.high.lat, p.lat + kMore), std::max(box.high.lon, p.lon + kMore)};
    }
    return box;
  }

  void add_boxes(const AtlasArea& area) {
    boxes_.emplace_back();
    for (const Rings& rings : area.polygons) {
      const geo::Box box = box_around(rings.front());
      boxes_.back().push_back(box);
      for (double lat = std::floor(box.low.lat); lat <= box.high.lat; ++lat) {
        for (double lon = std::floor(box.low.lon); lon <= box.high.lon; ++lon)
          cells_[cell({lat, std::remainder(lon, 360)})].insert(boxes_.size() - 1);
      }
    }
  }

  /// Which square of one degree the point is in.
  static std::size_t cell(LatLon p) {
    const int row = std::clamp(static_cast<int>(std::floor(p.lat)) + 90, 0, 179);
    const int column = (static_cast<int>(std::floor(p.lon)) + 360) % 360;
    return static_cast<std::size_t>(row * 360 + column);
  }

  /// Areas whose box the point is in.
  std::vector<std::size_t> near(LatLon p) const {
    std::vector<std::size_t> areas;
    for (const std::size_t i : cells_[cell(p)]) {
      const bool close = std::any_of(boxes_[i].begin(), boxes_[i].end(), [p](const geo::Box& box) {
        const double middle = (box.low.lon + box.high.lon) / 2, half = (box.high.lon - box.low.lon) / 2;
        return p.lat >= box.low.lat && p.lat <= box.high.lat &&
               std::abs(std::remainder(p.lon - middle, 360)) <= half;
      });
      if (close) areas.push_back(i);
    }
    return areas;
  }

  void note(std::size_t area, LatLon p, std::size_t& count, double& worst_m) {
    ++count;
    worst_m = std::max(worst_m, edge_distance_m(areas_[area], p));
  }

  Comparison& result_;
  std::vector<AtlasArea> areas_;
  geo::FenceIndex index_;
  Geos geos_;
  S2Shapes s2_;
  std::vector<std::vector<geo::Box>> boxes_;
  std::vector<std::set<std::size_t>> cells_ = std::vector<std::set<std::size_t>>(180 * 360);
};

}  // namespace

Comparison compare(const std::vector<AtlasArea>& atlas, std::size_t points, std::uint64_t seed) {
  Comparison result;
  result.points = points;
  Panel panel(atlas, result);
  Points draw(panel.areas(), seed);
  for (std::size_t i = 0; i < points; ++i) panel.ask(draw.next());
  return result;
}

double worst_corridor_m(const std::vector<AtlasArea>& atlas, std::size_t points, std::uint64_t seed) {
  Points draw(atlas, seed);
  double worst = 0;
  for (std::size_t done = 0; done < points;) {
    const Line& line = atlas[draw.pick_index(atlas.size())].polygons.front().front();
    const std::vector<AtlasArea> only = {{"", {{line}}}};
    Points here(only, seed + done);
    const geo::Corridor corridor{{line}, 0};
    const S2Line border(line);
    for (int k = 0; k < 100; ++k, ++done) {
      const LatLon p = here.near_edge(0.009 * here.unit());
      if (std::abs(p.lat) > 70) continue;
      const double theirs = border.distance_rad(p) * geo::kEarthRadiusM;
      if (theirs > 1000) continue;
      worst = std::max(worst, std::abs(geo::signed_distance_m(corridor, p) - theirs));
    }
  }
  return worst;
}

DistanceError worst_distance(std::size_t pairs, std::uint64_t seed) {
  const GeographicLib::Geodesic sphere(geo::kEarthRadiusM, 0);
  const GeographicLib::Geodesic& ellipsoid = GeographicLib::Geodesic::WGS84();
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  DistanceError worst;
  for (std::size_t i = 0; i < pairs; ++i) {
    const LatLon from{std::asin(2 * unit(random) - 1) / kRadians, -180 + 360 * unit(random)};
    const double meters = std::pow(10, 6 * unit(random));
    LatLon to;
    ellipsoid.Direct(from.lat, from.lon, 360 * unit(random), meters, to.lat, to.lon);
    double on_sphere = 0, on_ellipsoid = 0;
    sphere.Inverse(from.lat, from.lon, to.lat, to.lon, on_sphere);
    ellipsoid.Inverse(from.lat, from.lon, to.lat, to.lon, on_ellipsoid);
    const double ours = geo::distance_m(from, to);
    worst.sphere_m = std::max(worst.sphere_m, std::abs(ours - on_sphere));
    worst.ellipsoid = std::max(worst.ellipsoid, std::abs(ours - on_ellipsoid) / on_ellipsoid);
  }
  return worst;
}

}  // namespace convoke::oracle
