#include "geo/measure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "tests/unit/geo/shapes.h"
#include "tests/unit/geo/twin.h"

namespace convoke::geo {
namespace {

using test::box_area;
using test::box_ring;
using test::circle_area;
using test::kDegreeM;

/// Where one gets from `from` after `meters` in a direction (radians from north).
LatLon destination(LatLon from, double meters, double bearing) {
  const double d = std::numbers::pi / 180, angle = meters / kEarthRadiusM, lat = from.lat * d;
  const double sine = std::sin(lat) * std::cos(angle) + std::cos(lat) * std::sin(angle) * std::cos(bearing);
  const double to_lat = std::asin(std::clamp(sine, -1.0, 1.0));
  const double turn = std::atan2(std::sin(bearing) * std::sin(angle) * std::cos(lat),
                                 std::cos(angle) - std::sin(lat) * std::sin(to_lat));
  return {to_lat / d, std::clamp(std::remainder(from.lon + turn / d, 360), -180.0, 180.0)};
}

/// The distance to the nearest of many points along a ring.
double sampled_distance_m(const Ring& ring, LatLon p) {
  double best = 1e9;
  constexpr int kSamples = 20'000;
  for (std::size_t i = 1; i < ring.size(); ++i) {
    for (int k = 0; k <= kSamples; ++k) {
      const double t = static_cast<double>(k) / kSamples;
      best = std::min(best, distance_m(p, {ring[i - 1].lat + t * (ring[i].lat - ring[i - 1].lat),
                                           ring[i - 1].lon + t * (ring[i].lon - ring[i - 1].lon)}));
    }
  }
  return best;
}

// Longitude ->  0   1   2   3      The edge of the outer ring is inside, and so is the edge of the hole;
//        lat 3  +-----------+      only what is wholly within the hole is outside.
//            2  |   +---+   |
//            1  |   +---+   |
//            0  +-----------+
TEST(Measure, R8_R24_EdgesOfRingAndHoleAreInside) {
  const Ring hole = {{1, 1}, {2, 1}, {2, 2}, {1, 2}, {1, 1}};
  const Area area{"a", "", Polygons{{box_ring(0, 0, 3, 3), {hole}}}};
  EXPECT_TRUE(covers(area, {0.5, 0.5}));
  for (const LatLon p : {LatLon{0, 0}, {0, 1.7}, {3, 3}, {1.2, 3}, {1, 1}, {1, 1.3}, {2, 2}, {1.6, 2}}) {
    EXPECT_TRUE(covers(area, p)) << p.lat << " " << p.lon;
    EXPECT_NEAR(signed_distance_m(area, p), 0, 1e-6);
  }
  EXPECT_FALSE(covers(area, {1.5, 1.5}));
  EXPECT_FALSE(covers(area, {3.0000001, 1}));
  EXPECT_GT(signed_distance_m(area, {1.5, 1.5}), 0);
}

TEST(Measure, R8_R24_EdgeOfCircleIsInside) {
  const LatLon center{52, 13}, edge{52.01, 13};
  const Circle circle{center, distance_m(center, edge)};
  EXPECT_TRUE(covers(circle, edge));
  EXPECT_FALSE(covers(circle, {52.0100001, 13}));
  EXPECT_NEAR(signed_distance_m({"c", "", circle}, center), -circle.radius_m, 1e-9);
}

TEST(Measure, BothNamesOfTheAntimeridianAreTheSamePlace) {
  const Area east = box_area("e", 0, 170, 10, 180), west = box_area("w", 0, -180, 10, -170);
  for (const double lon : {180.0, -180.0}) {
    EXPECT_TRUE(covers(east, {5, lon}));
    EXPECT_TRUE(covers(west, {5, lon}));
    EXPECT_FALSE(covers(west, {11, lon}));
  }
}

TEST(Measure, DistanceDoesNotSeeTheCutAtTheAntimeridian) {
  const Area area{"a", "", Polygons{{box_ring(0, 179, 2, 180), {}}, {box_ring(0, -180, 2, -179), {}}}};
  EXPECT_NEAR(signed_distance_m(area, {1, 180}), -1 * kDegreeM, 60);
  EXPECT_NEAR(signed_distance_m(area, {1, -179.5}), -0.5 * kDegreeM, 60);
  EXPECT_NEAR(signed_distance_m(area, {1, 178.5}), 0.5 * kDegreeM, 60);
}

TEST(Measure, DistanceSeesTheEdgeOnTheAntimeridianWhereNothingLiesBeyond) {
  // West of it latitudes 0 to 2, east of it only 0 to 1.
  const Area area{"a", "", Polygons{{box_ring(0, 178, 2, 180), {}}, {box_ring(0, -180, 1, -178), {}}}};
  EXPECT_NEAR(signed_distance_m(area, {1.5, 179.9}), -0.1 * kDegreeM, 10);
  EXPECT_NEAR(signed_distance_m(area, {1.5, -179.9}), 0.1 * kDegreeM, 10);
  EXPECT_NEAR(signed_distance_m(area, {0.5, 179.9}), -0.5 * kDegreeM, 60);
}

TEST(Measure, AnAreaClosedAlongThePoleHasNoEdgeThere) {
  const Area cap = box_area("cap", 60, -180, 90, 180);
  EXPECT_TRUE(covers(cap, {90, 17}));
  EXPECT_NEAR(signed_distance_m(cap, {89, 17}), -29 * kDegreeM, 30);
  const Area world = box_area("world", -90, -180, 90, 180);
  EXPECT_NEAR(signed_distance_m(world, {10, 20}), -kEarthRadiusM * std::numbers::pi, 1);
}

TEST(Measure, DistanceIsThatOfTheNearestPointOfTheEdge) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> lat(-70, 70), offset(-0.02, 0.02);
  for (int i = 0; i < 30; ++i) {
    const double y = lat(random), x = 30;
    const Ring ring = {{y, x}, {y + 0.004, x + 0.011}, {y + 0.01, x + 0.003}, {y, x}};
    const LatLon p{y + offset(random), x + offset(random)};
    const double expected = sampled_distance_m(ring, p);
    EXPECT_NEAR(std::abs(signed_distance_m({"a", "", Polygons{{ring, {}}}}, p)), expected, 0.05) << y;
  }
}

TEST(Measure, DistanceErrorAtAHundredKilometersIsUnderHalfAPercent) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> lat(-68, 68), bearing(0, 2 * std::numbers::pi);
  for (int i = 0; i < 30; ++i) {
    const LatLon corner{lat(random), 30};
    const Ring ring = {corner, {corner.lat, 32}, {corner.lat + 1, 33}, corner};
    const LatLon p = destination(corner, 100'000, bearing(random));
    const double expected = sampled_distance_m(ring, p);
    EXPECT_NEAR(std::abs(signed_distance_m({"a", "", Polygons{{ring, {}}}}, p)), expected, 0.005 * 100'000);
  }
}

TEST(Measure, BoundsOfACircleHoldAllOfIt) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 20'000; ++i) {
    const double lat = i % 3 == 0 ? 90 - std::pow(10, -6 + 8 * unit(random)) : -90 + 180 * unit(random);
    const double lon = i % 2 == 0 ? 180 - std::pow(10, -7 + 9 * unit(random)) : -180 + 360 * unit(random);
    const Circle circle{{std::clamp(i % 5 == 0 ? -lat : lat, -90.0, 90.0), i % 4 == 0 ? -lon : lon},
                        std::pow(10, 6 * unit(random))};
    const auto boxes = bounds(circle);
    for (int k = 0; k < 16; ++k) {
      const LatLon p = destination(circle.center, circle.radius_m, k * std::numbers::pi / 8 + unit(random));
      ASSERT_TRUE(in_any(boxes, p)) << circle.center.lat << " " << circle.center.lon << " "
                                    << circle.radius_m;
    }
  }
}

TEST(Measure, BoundsOfACircleAreTwoBoxesAtTheAntimeridianAndAllLongitudesAtAPole) {
  const auto crossing = bounds(Circle{{10, -179.99}, 5000});
  ASSERT_EQ(crossing.size(), 2u);
  EXPECT_FALSE(in_any(crossing, {10, 0}));
  const auto polar = bounds(Circle{{89.99, 20}, 5000});
  ASSERT_EQ(polar.size(), 1u);
  EXPECT_TRUE(in_any(polar, {89.99, -160}));
  EXPECT_FALSE(in_any(polar, {89.9, 20}));
}

TEST(Measure, R8_R24_AgreesWithExactRayCastingOnAGridWithPointsOnEdges) {
  std::mt19937_64 random(4);
  std::uniform_int_distribution<int> step(-40, 40);
  constexpr double kSteps = 64;
  int on_edge_or_inside = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto vertex = [&] { return LatLon{step(random) / kSteps, 116 + step(random) / kSteps}; };
    const LatLon a = vertex(), b = vertex(), c = vertex();
    const Area area{"a", "", Polygons{{{a, b, c, a}, {}}}};
    const test::Twin twin({area}, kSteps);
    for (int k = 0; k < 100; ++k) {
      const LatLon p = vertex();
      ASSERT_EQ(covers(area, p), twin.covers(area, p)) << p.lat << " " << p.lon;
      on_edge_or_inside += twin.covers(area, p);
    }
  }
  EXPECT_GT(on_edge_or_inside, 1000);
}

Area corridor(std::vector<std::vector<LatLon>> lines, double width_m) {
  return {"c", "", Corridor{std::move(lines), width_m}};
}

TEST(Measure, ACorridorReachesHalfItsWidthFromItsLineWithRoundEnds) {
  const Area area = corridor({{{0, 0}, {0, 1}}}, 2000);
  const double km = 1000 / kDegreeM;
  EXPECT_TRUE(covers(area, {0, 0.5}));
  EXPECT_TRUE(covers(area, {0.999 * km, 0.5}));
  EXPECT_FALSE(covers(area, {1.001 * km, 0.5}));
  EXPECT_TRUE(covers(area, {0, -0.999 * km}));
  EXPECT_FALSE(covers(area, {0.8 * km, -0.8 * km}));  // 1.13 km from the end
  EXPECT_NEAR(signed_distance_m(area, {0, 0.5}), -1000, 1e-6);
  EXPECT_NEAR(signed_distance_m(area, {3 * km, 0.5}), 2000, 0.01);
}

TEST(Measure, ACorridorOfOnePositionIsADisc) {
  const LatLon center{52, 13};
  const Area area = corridor({{center}}, 100);
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(covers(area, destination(center, 49.999, i)));
    EXPECT_FALSE(covers(area, destination(center, 50.001, i)));
  }
}

TEST(Measure, ACorridorGoesOnBeyondTheAntimeridian) {
  const Area area = corridor({{{10, 179}, {11, 180}}, {{11, -180}, {12, -179}}}, 10'000);
  const Area near = corridor({{{10, 179.99}, {11, 179.99}}}, 10'000);  // crosses it with its width only
  for (const double lon : {180.0, -180.0}) {
    EXPECT_TRUE(covers(area, {11, lon}));
    EXPECT_NEAR(signed_distance_m(area, {11, lon}), -5000, 1e-6);
    EXPECT_TRUE(covers(near, {10.5, lon}));
  }
  EXPECT_TRUE(covers(near, {10.5, -179.98}));
  EXPECT_FALSE(covers(near, {10.5, -179.9}));
}

TEST(Measure, BoundsOfACorridorHoldAllOfIt) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int i = 0; i < 2000; ++i) {
    const double lat = -89 + 178 * unit(random);
    const double lon = i % 2 == 0 ? 179.9 - unit(random) : -179.9 + 350 * unit(random);
    const LatLon a{lat, lon};
    const LatLon b{std::clamp(lat + unit(random) - 0.5, -90.0, 90.0),
                   std::min(180.0, lon + 5 * unit(random))};
    const Corridor shape{{{a, b}}, std::pow(10, 5 * unit(random))};
    const auto boxes = bounds(shape);
    for (int k = 0; k < 50; ++k) {
      const double t = unit(random);
      const LatLon on{a.lat + t * (b.lat - a.lat), a.lon + t * (b.lon - a.lon)};
      const LatLon p = destination(on, shape.width_m / 2, 7 * unit(random));
      ASSERT_TRUE(in_any(boxes, p)) << a.lat << " " << a.lon << " " << shape.width_m;
    }
  }
}

}  // namespace
}  // namespace convoke::geo
