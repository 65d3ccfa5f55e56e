#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "geo/area.h"

namespace convoke::bench {

struct Fix {
  std::uint32_t user;
  float acc_m;  // negative: not stated
  geo::LatLon at;
  std::int64_t time_ms;
};

inline constexpr double kMetersPerDegree = 111'195;
inline constexpr float kAccuracyM = 8;
inline constexpr double kCityLat = 40, kCityLon = 116;

/// Areas of 20 m to 2 km, and people who walk 1 to 20 m from fix to fix. `venues`: evenly within 3 km of
/// 200 squares of a city 80 km wide, however many they are. `dense`: evenly, so that about ten lie over every
/// point. `tight`: of 50 m, one beside the other.
class City {
 public:
  City(std::size_t areas, std::uint64_t seed, std::string shape)
      : random_(seed), shape_(std::move(shape)), areas_(areas) {
    const double area_count = static_cast<double>(areas_);
    const double mean_m2 = 170'000;  // of the areas below, measured
    half_m_ = std::sqrt(area_count * mean_m2 / 10) / 2;
    for (geo::LatLon& square : squares_) square = in_square({kCityLat, kCityLon}, 40'000);
  }

  geo::Area venue(std::size_t i) {
    const double radius_m = shape_ == "tight" ? 25 : 10 * std::pow(100, unit());
    const geo::LatLon center = shape_ == "tight" ? stand(i) : somewhere();
    std::string id = "area-" + std::to_string(i);
    if (unit() < 0.25) return area(std::move(id), geo::Circle{center, radius_m});
    geo::Polygon polygon{ring(center, radius_m, false), {}};
    if (unit() < 0.25) polygon.holes.push_back(ring(center, radius_m / 3, true));
    return area(std::move(id), geo::Polygons{std::move(polygon)});
  }

  std::vector<Fix> walks(std::size_t users, std::size_t fixes) {
    std::vector<geo::LatLon> at(users);
    for (geo::LatLon& p : at) p = shape_ == "tight" ? stand(random_() % areas_) : somewhere();
    std::vector<Fix> result(fixes);
    std::int64_t time_ms = 0;
    for (Fix& fix : result) {
      fix.time_ms = time_ms += 1000;
      fix.acc_m = kAccuracyM;
      fix.user = static_cast<std::uint32_t>(random_() % users);
      fix.at = at[fix.user] = moved(at[fix.user], 1 + 19 * unit(), turn());
    }
    return result;
  }

 private:
  double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  double turn() { return 2 * std::numbers::pi * unit(); }

  template <class Shape>
  static geo::Area area(std::string id, Shape shape) {
    geo::Area result;
    result.id = std::move(id);
    result.shape = std::move(shape);
    return result;
  }

  static geo::LatLon moved_by(geo::LatLon p, double east_m, double north_m) {
    const double scale = std::cos(kCityLat * std::numbers::pi / 180);
    return {p.lat + north_m / kMetersPerDegree, p.lon + east_m / kMetersPerDegree / scale};
  }
  static geo::LatLon moved(geo::LatLon p, double meters, double angle) {
    return moved_by(p, meters * std::cos(angle), meters * std::sin(angle));
  }
  geo::LatLon in_square(geo::LatLon center, double half_m) {
    const double east = half_m * (2 * unit() - 1);
    return moved_by(center, east, half_m * (2 * unit() - 1));
  }

  geo::LatLon somewhere() {
    if (shape_ == "dense") return in_square({kCityLat, kCityLon}, half_m_);
    const geo::LatLon square = squares_[random_() % squares_.size()];
    const double away = 3000 * std::sqrt(unit());
    return moved(square, away, turn());
  }
  geo::LatLon stand(std::size_t i) const {
    const auto row = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(areas_))));
    return moved_by({kCityLat, kCityLon}, 52.0 * static_cast<double>(i % row),
                    52.0 * static_cast<double>(i / row));
  }

  /// Star-shaped: 8 to 64 vertices at 0.6 to 1 of the radius.
  geo::Ring ring(geo::LatLon center, double radius_m, bool clockwise) {
    const std::size_t count = 8 + random_() % 57;
    geo::Ring ring;
    for (std::size_t i = 0; i < count; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(count);
      ring.push_back(moved(center, radius_m * (0.6 + 0.4 * unit()), clockwise ? -angle : angle));
    }
    ring.push_back(ring.front());
    return ring;
  }

  std::mt19937_64 random_;
  std::string shape_;
  std::size_t areas_;
  double half_m_ = 0;
  std::array<geo::LatLon, 200> squares_;
};

}  // namespace convoke::bench
