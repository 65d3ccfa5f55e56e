#include "topics/messages/safe_region.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/messages/kinds.h"
#include "topics/messages/inbox.h"

namespace convoke::messages {
namespace {

SafeRegion decoded(const std::string& payload) {
  const auto message = decode_inbox(payload);
  EXPECT_TRUE(message) << message.error().to_string();
  return std::get<SafeRegion>(*message);
}

SafeRegion square(std::int64_t lon) {
  return {
      .time_ms = 5, .max_age_s = 600, .ring = {{0, lon}, {0, lon + 1000}, {1000, lon + 1000}, {1000, lon}}};
}

TEST(SafeRegion, TravelsAsStepsFromVertexToVertex) {
  const std::string payload = encode(InboxMessage{square(10'000'000)});
  EXPECT_EQ(payload,
            R"({"type":"safe-region","t":5,"max_age_s":600,"lat":0,"lon":1,"ring":[0,1000,1000,0,0,-1000]})");
  EXPECT_EQ(decoded(payload), square(10'000'000));
}

TEST(SafeRegion, HoldsWhatIsStrictlyInside) {
  const SafeRegion region = square(10'000'000);
  EXPECT_TRUE(holds(region, 0.00005, 1.00005));
  EXPECT_TRUE(holds(region, 0.000000001, 1.0000999));
  EXPECT_FALSE(holds(region, 0, 1.00005)) << "on a side";
  EXPECT_FALSE(holds(region, 0, 1)) << "in a corner";
  EXPECT_FALSE(holds(region, 0.0001001, 1.00005));
  EXPECT_FALSE(holds(region, 0.00005, -1));
}

TEST(SafeRegion, CrossesTheAntimeridian) {
  const SafeRegion region = square(1'799'999'500);
  const SafeRegion again = decoded(encode(InboxMessage{region}));
  EXPECT_EQ(again, region);
  for (const double lon : {179.99999, 180.0, -180.0, -179.99999})
    EXPECT_TRUE(holds(again, 0.00005, lon)) << lon;
  for (const double lon : {179.9999, -179.9999, 0.0}) EXPECT_FALSE(holds(again, 0.00005, lon)) << lon;
  SafeRegion west = square(1'800'000'500);  // begins beyond the line
  EXPECT_TRUE(holds(decoded(encode(InboxMessage{west})), 0.00005, -179.9999));
}

TEST(SafeRegion, WhatIsNoRegionHoldsNothing) {
  SafeRegion clockwise = square(0);
  std::reverse(clockwise.ring.begin(), clockwise.ring.end());
  EXPECT_FALSE(holds(clockwise, 0.00005, 0.00005));
  EXPECT_FALSE(holds(SafeRegion{}, 0, 0));
  const SafeRegion point{.ring = {{0, 0}, {0, 0}, {0, 0}}}, line{.ring = {{0, 0}, {0, 500}, {0, 1000}}};
  EXPECT_FALSE(holds(point, 0, 0));
  EXPECT_FALSE(holds(line, 0, 0.00005));
}

TEST(SafeRegion, OfARingThatIsNotConvexOnlyAPartInsideHolds) {
  const SafeRegion dart{.ring = {{0, 0}, {500, 500}, {0, 1000}, {1000, 500}}};
  EXPECT_TRUE(holds(dart, 0.00007, 0.00005));
  EXPECT_FALSE(holds(dart, 0.00001, 0.00005)) << "in the notch";
  EXPECT_FALSE(holds(dart, 0.00001, 0.000012)) << "in a leg";
}

TEST(SafeRegion, AnyRingComesBackAsItWasSent) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<int> lat(-900'000'000, 900'000'000), step(-20'000'000, 20'000'000),
      size(3, 16);
  std::uniform_int_distribution<std::int64_t> lon(-1'800'000'000, 1'800'000'000);
  for (int i = 0; i < 2000; ++i) {
    SafeRegion region{.time_ms = i, .max_age_s = 1, .ring = {{lat(random), lon(random)}}};
    const auto n = static_cast<std::size_t>(size(random));
    while (region.ring.size() < n) {
      const GridPoint last = region.ring.back();
      const int next = last.lat + step(random);
      if (std::abs(next) <= 900'000'000) region.ring.push_back({next, last.lon + step(random)});
    }
    EXPECT_EQ(decoded(encode(InboxMessage{region})), region);
  }
}

TEST(SafeRegion, RefusesWhatIsBeyondItsBounds) {
  testing::expect_refusals("inbox", 2,
                           {{"t", "", "a time"},
                            {"max_age_s", "0", "an integer from 1 to 86400"},
                            {"max_age_s", "86401", "an integer from 1 to 86400"},
                            {"lat", "91", "a number from -90 to 90"},
                            {"lon", "", "a number from -180 to 180"},
                            {"ring", "", "a list"},
                            {"ring", "[1,2]", "4 to 30"},
                            {"ring", "[1,2,3,4,5]", "an even number"},
                            {"ring[0]", "0.5", "an integer from -20000000 to 20000000"},
                            {"ring[1]", "20000001", "an integer from -20000000 to 20000000"},
                            {"ring[2]", "-20000001", "an integer from -20000000 to 20000000"}});
}

}  // namespace
}  // namespace convoke::messages
