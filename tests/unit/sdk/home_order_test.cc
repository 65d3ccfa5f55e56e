#include "mobile-sdk/src/home_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoke::sdk {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names(const std::vector<HomeOrder::Placed>& placed) {
  std::vector<std::string> all;
  for (const auto& p : placed)
    all.push_back(p.from + "/" + p.id + " at " + std::to_string(p.home.epoch) + "." +
                  std::to_string(p.home.n));
  return all;
}

TEST(HomeOrder, TellsThePlaceOfAMessageThatWaitedForIt) {
  HomeOrder order;
  EXPECT_THAT(order.came("ben", "1", {5, 1}, {}, 0), IsEmpty());
  EXPECT_THAT(names(order.placed({5, 1}, {9, 7}, 10)), ElementsAre("ben/1 at 9.7"));
  EXPECT_THAT(order.placed({5, 1}, {9, 7}, 10), IsEmpty()) << "once";
  EXPECT_THAT(order.placed({5, 2}, {9, 8}, 10), IsEmpty()) << "of a message that is not here";
}

TEST(HomeOrder, WhatHomePassedOverStandsBeforeTheNextOfItsSite) {
  HomeOrder order;
  order.came("ben", "1", {5, 1}, {}, 0);
  order.came("carol@c", "1", {5, 2}, {}, 0);
  order.came("ben", "2", {5, 3}, {}, 0);
  EXPECT_THAT(names(order.placed({5, 3}, {9, 8}, 10)), ElementsAre("ben/1 at 9.8", "ben/2 at 9.8"));
  EXPECT_THAT(names(order.placed({5, 1}, {9, 9}, 20)), ElementsAre("ben/1 at 9.9")) << "it came late";
  EXPECT_THAT(names(order.placed({5, 2}, {9, 10}, 20)), ElementsAre("carol@c/1 at 9.10"));
}

TEST(HomeOrder, WhatWasSaidOnceMoreHasItsPlaceByThat) {
  HomeOrder order;
  order.came("ben", "1", {5, 1}, {}, 0);
  EXPECT_THAT(names(order.came("ben", "2", {6, 1}, Place{9, 4}, 10)), ElementsAre("ben/1 at 9.4"));
  EXPECT_THAT(names(order.came("ben", "1", {6, 2}, Place{9, 5}, 10)), ElementsAre("ben/1 at 9.5"));
  EXPECT_THAT(order.came("ben", "1", {6, 2}, Place{9, 5}, 10), IsEmpty()) << "once";
}

TEST(HomeOrder, WhatCameTwiceHasThePlaceThatTheArchiveKnows) {
  HomeOrder order;
  order.came("ben", "1", {5, 1}, {}, 0);
  order.came_again("ben", "1", {6, 1}, 0);
  order.came("ben", "2", {6, 2}, {}, 0);
  order.came_again("ben", "2", {7, 1}, 0);
  EXPECT_THAT(names(order.placed({5, 1}, {9, 5}, 10)), ElementsAre("ben/1 at 9.5")) << "archived at first";
  EXPECT_THAT(names(order.placed({7, 1}, {9, 6}, 10)), ElementsAre("ben/2 at 9.6")) << "or only then";
  order.came_again("ben", "2", {8, 1}, 10);
  EXPECT_THAT(names(order.came("ben", "3", {8, 2}, Place{9, 7}, 10)), IsEmpty()) << "it has its place";
}

TEST(HomeOrder, LooksInTheArchiveForPlacesThatAreOverdue) {
  HomeOrder order;
  order.came("ben", "1", {5, 3}, {}, 0);
  EXPECT_FALSE(order.next_due()) << "home may be out of reach";
  order.came("anna@a", "1", {5, 4}, Place{9, 7}, 100);
  EXPECT_EQ(order.next_due(), 100 + HomeOrder::kGapMs);
  EXPECT_FALSE(order.take_due(200));
  EXPECT_TRUE(order.take_due(100 + HomeOrder::kGapMs));
  EXPECT_EQ(order.begin({5, 4}), (Place{5, 2}));
  EXPECT_EQ(order.begin({5, 1}), (Place{5, 1}));
  EXPECT_THAT(names(order.came("ben", "1", {5, 3}, Place{9, 6}, 6'000)), ElementsAre("ben/1 at 9.6"));
  order.looked(Place{5, 4}, false);
  EXPECT_FALSE(order.next_due());
  EXPECT_EQ(order.begin({5, 4}), (Place{5, 4}));
}

TEST(HomeOrder, GoesOnReadingWhereTheLastPartEnded) {
  HomeOrder order;
  order.came("ben", "1", {5, 3}, {}, 0);
  order.look_again();
  order.looked(Place{5, 103}, true);
  EXPECT_EQ(order.begin({5, 400}), (Place{5, 103}));
  order.looked(Place{5, 203}, true);
  order.looked(Place{5, 240}, false);
  EXPECT_EQ(order.begin({5, 400}), (Place{5, 400}));
}

TEST(HomeOrder, WhatTheArchiveHasNoPlaceForWaitsNoMore) {
  HomeOrder order;
  order.came("ben", "1", {5, 1}, {}, 0);
  order.came("ben", "2", {5, 2}, Place{9, 7}, 0);
  ASSERT_TRUE(order.take_due(HomeOrder::kGapMs));
  order.came("ben", "1", {5, 1}, {}, 6'000);
  order.came("ben", "2", {5, 2}, Place{9, 7}, 6'000);
  order.looked(Place{5, 2}, false);
  order.came("anna@a", "1", {5, 3}, Place{9, 8}, 7'000);
  EXPECT_FALSE(order.next_due());
}

TEST(HomeOrder, ForgetsTheOldestOfTooMany) {
  HomeOrder order;
  for (std::uint64_t n = 1; n <= HomeOrder::kMaxWaiting + 1; ++n) order.came("ben", "x", {5, n}, {}, 0);
  EXPECT_THAT(order.placed({5, 1}, {9, 1}, 0), IsEmpty());
  EXPECT_EQ(order.placed({5, 2}, {9, 2}, 0).size(), 1u);
}

}  // namespace
}  // namespace convoke::sdk
