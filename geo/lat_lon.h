#pragma once

#include <optional>

namespace convoke::geo {

/// A place on the WGS84 ellipsoid, in degrees. Latitude first, as people say it; GeoJSON has longitude first.
struct LatLon {
  double lat = 0;  // -90 to 90
  double lon = 0;  // -180 to 180
  friend bool operator==(const LatLon&, const LatLon&) = default;
};

/// Metres in one radian of a great circle: the mean radius of the ellipsoid (IUGG).
inline constexpr double kEarthRadiusM = 6'371'008.8;

/// The place, or nothing if a number is not finite or out of range.
std::optional<LatLon> checked(double lat, double lon);

/// Great-circle distance in metres on the sphere of radius kEarthRadiusM (haversine). Rounding: under a
/// micrometre up to 1000 km, up to half a metre on the far side of the world.
double distance_m(LatLon a, LatLon b);

}  // namespace convoke::geo
