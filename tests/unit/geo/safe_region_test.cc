#include "geo/safe_region.h"

#include <gmock/gmock.h>

#include <numbers>
#include <random>

#include "tests/unit/geo/safe_regions.h"
#include "tests/unit/geo/shapes.h"

namespace convoke::geo {
namespace {

using test::box_area;
using test::circle_area;
using test::holds;
using test::kDegreeM;

double area_m2(const SafeRegion& region, LatLon at) {
  double twice = 0;
  for (std::size_t i = 0; i < region.vertices.size(); ++i) {
    const LatLon a = region.vertices[i], b = region.vertices[(i + 1) % region.vertices.size()];
    twice += (a.lon - at.lon) * (b.lat - at.lat) - (b.lon - at.lon) * (a.lat - at.lat);
  }
  return twice / 2 * kDegreeM * kDegreeM * std::cos(at.lat * std::numbers::pi / 180);
}

/// Every place in the region is in the same areas as its centre, and the shape is as promised.
void expect_no_edge_within(const FenceIndex& index, LatLon at, const SafeRegion& region,
                           const SafeRegionLimits& limits = {}) {
  ASSERT_GE(region.vertices.size(), 3U);
  ASSERT_LE(region.vertices.size(), limits.max_vertices);
  ASSERT_TRUE(holds(region, at));
  for (const LatLon v : region.vertices) {
    EXPECT_NEAR(v.lat * 1e7, std::round(v.lat * 1e7), 1e-4);
    EXPECT_NEAR(v.lon * 1e7, std::round(v.lon * 1e7), 1e-4);
    EXPECT_LE(std::abs(v.lat - at.lat) * kDegreeM, limits.max_m + 0.02);
  }
  const auto here = index.covering(at);
  test::for_each_place(region, at, [&](LatLon place) {
    ASSERT_EQ(index.covering(place), here) << place.lat << ", " << place.lon;
  });
}

TEST(SafeRegion, IsTheWholeSquareWhereThereAreNoAreas) {
  const FenceIndex index;
  const LatLon at{52.5, 13.4};
  const auto region = safe_region(index, at, {.max_m = 1000});
  ASSERT_TRUE(region);
  EXPECT_NEAR(area_m2(*region, at), 4e6, 1e3);
}

TEST(SafeRegion, RunsAlongTheEdgeOfAHall) {
  FenceIndex index;
  index.put(box_area("hall", 52.50, 13.40, 52.51, 13.41));
  const LatLon at{52.505, 13.40 - 1e-5};  // 0.7 m west of the western wall
  const auto region = safe_region(index, at);
  ASSERT_TRUE(region);
  expect_no_edge_within(index, at, *region);
  EXPECT_TRUE(holds(*region, {52.4995, 13.40 - 1e-5})) << "along the wall and past its end";
  EXPECT_TRUE(holds(*region, {52.505, 13.39})) << "away from it";
  EXPECT_FALSE(holds(*region, {52.505, 13.40}));
}

TEST(SafeRegion, FillsTheHallFromWithin) {
  FenceIndex index;
  index.put(box_area("hall", 52.50, 13.40, 52.51, 13.41));
  const LatLon at{52.5001, 13.4001};
  const auto region = safe_region(index, at);
  ASSERT_TRUE(region);
  expect_no_edge_within(index, at, *region);
  EXPECT_TRUE(holds(*region, {52.50999, 13.40999}));
  EXPECT_EQ(region->vertices.size(), 4U);
}

TEST(SafeRegion, AnEdgeWithinTwiceTheClearanceLeavesNone) {
  FenceIndex index;
  index.put(box_area("hall", 52.50, 13.40, 52.51, 13.41));
  EXPECT_FALSE(safe_region(index, {52.50, 13.405}));
  EXPECT_FALSE(safe_region(index, {52.50 + 0.03 / kDegreeM, 13.405}));
  EXPECT_TRUE(safe_region(index, {52.50 + 0.06 / kDegreeM, 13.405}));
}

TEST(SafeRegion, AHoleIsAPlaceOfItsOwn) {
  FenceIndex index;
  Ring hole = test::box_ring(52.504, 13.404, 52.506, 13.406);
  std::reverse(hole.begin(), hole.end());
  index.put({"hall", "", Polygons{{test::box_ring(52.50, 13.40, 52.51, 13.41), {hole}}}});
  for (const LatLon at : {LatLon{52.505, 13.405}, LatLon{52.503, 13.405}, LatLon{52.5039, 13.4039}}) {
    const auto region = safe_region(index, at);
    ASSERT_TRUE(region);
    expect_no_edge_within(index, at, *region);
  }
}

TEST(SafeRegion, CirclesFromInsideAndOutside) {
  FenceIndex index;
  index.put(circle_area("plaza", {52.5, 13.4}, 200));
  for (const double north_m : {0.0, 150.0, 199.9, 200.1, 300.0, 2150.0}) {
    const LatLon at{52.5 + north_m / kDegreeM, 13.4};
    const auto region = safe_region(index, at);
    ASSERT_TRUE(region) << north_m;
    expect_no_edge_within(index, at, *region);
  }
  const auto within = safe_region(index, {52.5, 13.4});
  EXPECT_GT(area_m2(*within, {52.5, 13.4}), 0.8 * std::numbers::pi * 200 * 200);
}

TEST(SafeRegion, HugeCirclesFarNorthBendLessThanAnyLine) {
  for (const double lat : {0.0, 45.0, 70.0, 79.0, -79.5}) {
    FenceIndex index;
    const double radius_m = 1e6;
    for (const double bearing : {0.3, 1.57, 2.5, 4.0, 5.5}) {
      // About that far from the point, in a direction: inside or outside by what the rough reckoning misses.
      const LatLon at{lat, 10};
      const double south = std::cos(bearing) * 9, east = std::sin(bearing) * 9;
      const LatLon center{std::clamp(lat + (lat > 0 ? -1 : 1) * std::abs(south), -90.0, 90.0),
                          10 + east / std::cos(lat * std::numbers::pi / 180)};
      index.put(circle_area("land", {center.lat, std::remainder(center.lon, 360)}, radius_m));
      const double off = index.signed_distance_m("land", at);
      if (std::abs(off) >= radius_m) continue;
      index.put(circle_area("land", {center.lat, std::remainder(center.lon, 360)}, radius_m + off - 40));
      for (const double more : {0.0, 80.0}) {
        if (more > 0)
          index.put(circle_area("land", {center.lat, std::remainder(center.lon, 360)}, radius_m + off + 40));
        const auto region = safe_region(index, at);
        ASSERT_TRUE(region) << lat << " " << bearing;
        expect_no_edge_within(index, at, *region);
      }
    }
  }
}

TEST(SafeRegion, CrossesTheAntimeridian) {
  FenceIndex index;
  index.put(box_area("east", -17, -179.99, -16.99, -179.98));
  index.put(circle_area("west", {-16.99, 179.99}, 300));
  for (const LatLon at : {LatLon{-17.005, 179.999}, LatLon{-17.005, -179.9985}, LatLon{-17.001, -180}}) {
    const auto region = safe_region(index, at);
    ASSERT_TRUE(region);
    expect_no_edge_within(index, at, *region);
    EXPECT_GT(area_m2(*region, {at.lat, region->vertices[0].lon}), 1e6);
  }
}

TEST(SafeRegion, AreaCutAtTheAntimeridianEndsThereForARegion) {
  FenceIndex index;
  index.put({"taveuni", "",
             Polygons{{test::box_ring(-17, 179.9, -16.8, 180), {}},
                      {test::box_ring(-17, -180, -16.8, -179.9), {}}}});
  const LatLon at{-16.9, 179.999};
  const auto region = safe_region(index, at);
  ASSERT_TRUE(region);
  expect_no_edge_within(index, at, *region);
  EXPECT_FALSE(safe_region(index, {-16.9, 180}));
}

TEST(SafeRegion, NoneNearThePoles) {
  const FenceIndex index;
  EXPECT_TRUE(safe_region(index, {80, 0}));
  EXPECT_FALSE(safe_region(index, {80.1, 0}));
  EXPECT_FALSE(safe_region(index, {-90, 0}));
}

TEST(SafeRegion, ManyEdgesStillLeaveARegionOfFewVertices) {
  Ring round;
  const LatLon center{52.5, 13.4};
  for (int i = 0; i < 1000; ++i) {
    const double angle = i * 2 * std::numbers::pi / 1000, wave = 0.004 * (1 + 0.1 * (i % 2));
    round.push_back({center.lat + wave * std::sin(angle), center.lon + wave * std::cos(angle)});
  }
  round.push_back(round.front());
  FenceIndex index;
  index.put({"lake", "", Polygons{{round, {}}}});
  for (const std::size_t most : {std::size_t{4}, std::size_t{5}, std::size_t{16}}) {
    for (const LatLon at : {center, LatLon{52.5021, 13.4011}, LatLon{52.51, 13.4}}) {
      const SafeRegionLimits limits{.max_vertices = most};
      const auto region = safe_region(index, at, limits);
      ASSERT_TRUE(region) << most;
      expect_no_edge_within(index, at, *region, limits);
    }
  }
}

/// Areas of all kinds, thrown on two square kilometres.
FenceIndex random_town(std::mt19937_64& random, LatLon center) {
  std::uniform_real_distribution<double> place(-0.01, 0.01), turn(0, 2 * std::numbers::pi),
      size(0.0002, 0.004);
  FenceIndex index;
  for (int i = 0; i < 25; ++i) {
    const LatLon at{center.lat + place(random), std::remainder(center.lon + place(random), 360)};
    const double wide = size(random);
    if (i % 3 == 0) {
      index.put(circle_area("c" + std::to_string(i), at, wide * kDegreeM));
      continue;
    }
    std::vector<double> angles(3 + static_cast<std::size_t>(i) % 6);
    for (double& angle : angles) angle = turn(random);
    std::sort(angles.begin(), angles.end());
    Ring ring;
    for (const double a : angles)
      ring.push_back({at.lat + wide * std::sin(a) * (0.5 + 0.5 * std::abs(std::cos(3 * a))),
                      at.lon + wide * std::cos(a) * (0.5 + 0.5 * std::abs(std::cos(3 * a)))});
    ring.push_back(ring.front());
    index.put({"p" + std::to_string(i), "", Polygons{{ring, {}}}});
  }
  return index;
}

TEST(SafeRegion, AgreesWithBruteForceInRandomTowns) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> place(-0.012, 0.012);
  int found = 0;
  for (const LatLon center : {LatLon{52.5, 13.4}, LatLon{-33.9, 151.2}, LatLon{78.2, 15.6}, LatLon{0, 0}}) {
    for (int town = 0; town < 6; ++town) {
      const FenceIndex index = random_town(random, center);
      for (int i = 0; i < 40; ++i) {
        const LatLon at{center.lat + place(random), center.lon + place(random)};
        const auto region = safe_region(index, at);
        if (!region) continue;
        ++found;
        expect_no_edge_within(index, at, *region);
        if (HasFailure()) return;
      }
    }
  }
  EXPECT_GT(found, 900);
}

}  // namespace
}  // namespace convoke::geo
