#include "ops/crowd/venue.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numbers>
#include <stdexcept>

#include "geo/geojson.h"

namespace convoke::crowd {
namespace {

constexpr double kMetresPerDegree = 111'195;
constexpr int kTries = 500;

double metres_per_degree_east(double lat) {
  return kMetresPerDegree * std::max(std::cos(lat * std::numbers::pi / 180), 0.01);
}

double between(double low, double high, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(low, std::max(low, high))(random);
}

}  // namespace

geo::LatLon moved(geo::LatLon from, double north_m, double east_m) {
  const double lat = std::clamp(from.lat + north_m / kMetresPerDegree, -90.0, 90.0);
  double lon = from.lon + east_m / metres_per_degree_east(from.lat);
  if (lon > 180) lon -= 360;
  if (lon < -180) lon += 360;
  return {lat, lon};
}

Venue Venue::load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + ": cannot be read");
  const geo::AreaFile result = geo::parse_geojson(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!result.errors.empty())
    throw std::runtime_error(path + ": " + result.errors[0].where + ": " + result.errors[0].what);
  if (result.areas.empty()) throw std::runtime_error(path + ": expected at least one area");
  return Venue(result.areas);
}

Venue::Venue(std::vector<geo::Area> areas) {
  for (geo::Area& area : areas) {
    const Bounds b = bounds_of(area);
    places_.push_back({area, b, {(b.south + b.north) / 2, (b.west + b.east) / 2}});
    index_.put(std::move(area));
  }
}

Venue::Bounds Venue::bounds_of(const geo::Area& area) {
  Bounds b;
  const auto stretch = [&b](geo::LatLon p) {
    b = {std::min(b.south, p.lat), std::min(b.west, p.lon), std::max(b.north, p.lat),
         std::max(b.east, p.lon)};
  };
  if (const auto* circle = std::get_if<geo::Circle>(&area.shape)) {
    stretch(moved(circle->center, circle->radius_m, circle->radius_m));
    stretch(moved(circle->center, -circle->radius_m, -circle->radius_m));
  } else if (const auto* corridor = std::get_if<geo::Corridor>(&area.shape)) {
    for (const auto& line : corridor->lines)
      for (const geo::LatLon& vertex : line) {
        stretch(moved(vertex, corridor->width_m / 2, corridor->width_m / 2));
        stretch(moved(vertex, -corridor->width_m / 2, -corridor->width_m / 2));
      }
  } else {
    for (const geo::Polygon& polygon : std::get<geo::Polygons>(area.shape))
      for (const geo::LatLon& vertex : polygon.outer) stretch(vertex);
  }
  return b;
}

geo::LatLon Venue::point_in(const Bounds& b, std::mt19937_64& random) const {
  return {between(b.south, b.north, random), between(b.west, b.east, random)};
}

geo::LatLon Venue::inside(std::size_t place, std::mt19937_64& random) const {
  for (int i = 0; i < kTries; ++i) {
    const geo::LatLon point = point_in(places_[place].bounds, random);
    if (covers(place, point)) return point;
  }
  return center(place);
}

geo::LatLon Venue::around(std::size_t place, double reach_m, std::mt19937_64& random) const {
  const Bounds& b = places_[place].bounds;
  const geo::LatLon low = moved({b.south, b.west}, -reach_m, -reach_m);
  const geo::LatLon high = moved({b.north, b.east}, reach_m, reach_m);
  geo::LatLon point = low;
  for (int i = 0; i < kTries; ++i) {
    point = point_in({low.lat, low.lon, high.lat, high.lon}, random);
    if (!covers(place, point)) return point;
  }
  return point;
}

bool Venue::covers(std::size_t place, geo::LatLon point) const { return index_.covers(id(place), point); }

std::size_t Venue::neighbour(std::size_t place, double reach_m, std::mt19937_64& random) const {
  std::vector<std::size_t> near;
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (i != place && geo::distance_m(center(i), center(place)) <= reach_m) near.push_back(i);
  if (near.empty()) return place;
  return near[std::uniform_int_distribution<std::size_t>(0, near.size() - 1)(random)];
}

}  // namespace convoke::crowd
