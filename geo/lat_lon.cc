#include "geo/lat_lon.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace convoke::geo {
namespace {

constexpr double kRadians = std::numbers::pi / 180;

}  // namespace

std::optional<LatLon> checked(double lat, double lon) {
  const bool ok = std::abs(lat) <= 90 && std::abs(lon) <= 180;  // false for NaN too
  if (!ok) return std::nullopt;
  return LatLon{lat, lon};
}

double distance_m(LatLon a, LatLon b) {
  const double half_lat = std::sin((b.lat - a.lat) * kRadians / 2);
  const double half_lon = std::sin((b.lon - a.lon) * kRadians / 2);
  const double h =
      half_lat * half_lat + std::cos(a.lat * kRadians) * std::cos(b.lat * kRadians) * half_lon * half_lon;
  return 2 * kEarthRadiusM * std::asin(std::min(1.0, std::sqrt(h)));
}

}  // namespace convoke::geo
