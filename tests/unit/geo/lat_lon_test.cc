#include "geo/lat_lon.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace convoke::geo {
namespace {

TEST(LatLon, AcceptsTheWholeRangeAndNothingElse) {
  EXPECT_TRUE(checked(90, 180));
  EXPECT_TRUE(checked(-90, -180));
  EXPECT_FALSE(checked(90.0000001, 0));
  EXPECT_FALSE(checked(0, -180.0000001));
  EXPECT_FALSE(checked(std::nan(""), 0));
  EXPECT_FALSE(checked(0, std::numeric_limits<double>::infinity()));
}

TEST(LatLon, DistanceIsGreatCircle) {
  const double quarter = kEarthRadiusM * std::numbers::pi / 2;
  EXPECT_NEAR(distance_m({0, 0}, {0, 90}), quarter, 1e-3);
  EXPECT_NEAR(distance_m({0, 17}, {90, -100}), quarter, 1e-3);
  EXPECT_NEAR(distance_m({0, 0}, {0, 180}), 2 * quarter, 1e-3);
  EXPECT_NEAR(distance_m({10, 20}, {-10, -160}), 2 * quarter, 0.5);
  EXPECT_EQ(distance_m({48.1, 11.5}, {48.1, 11.5}), 0);
}

TEST(LatLon, DistanceTakesTheShortWayOverTheAntimeridian) {
  EXPECT_NEAR(distance_m({0, 179.9995}, {0, -179.9995}), 111.195, 0.001);
  EXPECT_NEAR(distance_m({-17, 180}, {-17, -180}), 0, 1e-6);
}

}  // namespace
}  // namespace convoke::geo
