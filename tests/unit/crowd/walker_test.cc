#include "ops/crowd/walker.h"

#include <gtest/gtest.h>

namespace convoke::crowd {
namespace {

geo::Area circle(std::string id, geo::LatLon center, double radius_m) {
  return {std::move(id), "", geo::Circle{center, radius_m}};
}

Venue two_bars() {
  return Venue(
      {circle("bar", {52.5, 13.2}, 30), circle("cafe", {52.502, 13.2}, 30), circle("far", {53.5, 13.2}, 30)});
}

TEST(Venue, FindsPointsInAndAroundAnArea) {
  const Venue venue = two_bars();
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(venue.covers(0, venue.inside(0, random)));
    const geo::LatLon outside = venue.around(0, 60, random);
    EXPECT_FALSE(venue.covers(0, outside));
    EXPECT_LT(geo::distance_m(outside, venue.center(0)), 30 * 1.5 + 60 * 1.5);
  }
}

TEST(Venue, SendsNobodyToAnotherTown) {
  const Venue venue = two_bars();
  std::mt19937_64 random(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(venue.neighbour(0, 1'500, random), 1U);
    EXPECT_EQ(venue.neighbour(2, 1'500, random), 2U);
  }
}

TEST(Walker, WalksTheSameWayWithTheSameSeed) {
  const Venue venue = two_bars();
  Walker a(venue, 5, Walker::Habit::walks, 1), b(venue, 5, Walker::Habit::walks, 1),
      c(venue, 6, Walker::Habit::walks, 1);
  for (int i = 0; i < 100; ++i) a.advance(1), b.advance(1), c.advance(1);
  EXPECT_EQ(a.sighting().at, b.sighting().at);
  EXPECT_NE(a.sighting().at, c.sighting().at);
}

TEST(Walker, KeepsToAPedestriansSpeed) {
  const Venue venue = two_bars();
  Walker walker(venue, 5, Walker::Habit::walks, 1);
  geo::LatLon last = walker.true_place();
  for (int i = 0; i < 1000; ++i) {
    walker.advance(1);
    EXPECT_LE(geo::distance_m(last, walker.true_place()), Walker::kSpeedMps * 1.2 + 0.01);
    last = walker.true_place();
  }
}

TEST(Walker, GoesInAndOutOfAreas) {
  const Venue venue = two_bars();
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Walker walker(venue, seed, Walker::Habit::walks, 1);
    int inside = 0;
    for (int i = 0; i < 3600; ++i) {
      walker.advance(1);
      if (!venue.index().covering(walker.true_place()).empty()) ++inside;
    }
    EXPECT_GT(inside, 300) << seed;
    EXPECT_LT(inside, 3500) << seed;
  }
}

TEST(Walker, StandsInsideAnArea) {
  const Venue venue = two_bars();
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Walker stander(venue, seed, Walker::Habit::stands, 1);
    const geo::LatLon place = stander.true_place();
    EXPECT_FALSE(venue.index().covering(place).empty());
    stander.advance(600);
    EXPECT_EQ(stander.true_place(), place);
  }
}

TEST(Walker, GoesWhereItIsSentAndStaysUntilItMayWalk) {
  const Venue venue = two_bars();
  for (const auto habit : {Walker::Habit::walks, Walker::Habit::gathers, Walker::Habit::stands}) {
    Walker walker(venue, 5, habit, 1);
    walker.go(1);
    walker.advance(1'200);
    const geo::LatLon place = walker.true_place();
    EXPECT_TRUE(venue.covers(1, place));
    walker.advance(600);
    EXPECT_EQ(walker.true_place(), place);
    walker.walk();
    walker.advance(5);
    EXPECT_NE(walker.true_place(), place);
    walker.stop();
    const geo::LatLon stopped = walker.true_place();
    walker.advance(600);
    EXPECT_EQ(walker.true_place(), stopped);
  }
}

TEST(Walker, ErrsAsMuchAsItSays) {
  const Venue venue = two_bars();
  int within = 0;
  constexpr int kSamples = 4'000;
  Walker stander(venue, 9, Walker::Habit::stands, 1);
  for (int i = 0; i < kSamples; ++i) {
    stander.advance(100);  // long enough for a fresh error
    const Sighting seen = stander.sighting();
    if (geo::distance_m(seen.at, stander.true_place()) <= seen.acc_m) ++within;
  }
  EXPECT_NEAR(static_cast<double>(within) / kSamples, 0.68, 0.04);
}

}  // namespace
}  // namespace convoke::crowd
