#include "topics/broker_plugin/rate_limiter.h"

#include <gtest/gtest.h>

namespace convoke::broker_plugin {
namespace {

constexpr std::int64_t kNow = 1'767'225'600'000;

TEST(RateLimiter, AllowsABurstAndThenSoManyASecond) {
  RateLimiter limiter(10);
  for (int i = 0; i < RateLimiter::kBurst; ++i) ASSERT_TRUE(limiter.admit("g", "anna", 0, kNow)) << i;
  EXPECT_FALSE(limiter.admit("g", "anna", 0, kNow));
  EXPECT_FALSE(limiter.admit("h", "anna", 0, kNow)) << "over all groups";
  EXPECT_TRUE(limiter.admit("g", "ben", 0, kNow));
  EXPECT_FALSE(limiter.admit("g", "anna", 0, kNow + 99));
  EXPECT_TRUE(limiter.admit("g", "anna", 0, kNow + 100));
  EXPECT_FALSE(limiter.admit("g", "anna", 0, kNow + 100));
}

TEST(RateLimiter, SlowsAGroupForEachUserAlone) {
  RateLimiter limiter(10);
  EXPECT_TRUE(limiter.admit("g", "anna", 10'000, kNow));
  EXPECT_FALSE(limiter.admit("g", "anna", 10'000, kNow + 9'999));
  EXPECT_TRUE(limiter.admit("g", "ben", 10'000, kNow));
  EXPECT_TRUE(limiter.admit("h", "anna", 0, kNow));
  EXPECT_TRUE(limiter.admit("g", "anna", 10'000, kNow + 10'000));
  EXPECT_TRUE(limiter.admit("g", "anna", 0, kNow + 10'001)) << "slow no more";
}

TEST(RateLimiter, KeepsNobodyWaitingAfterTheClockWasSetBack) {
  RateLimiter limiter(10);
  EXPECT_TRUE(limiter.admit("g", "anna", 10'000, kNow));
  EXPECT_TRUE(limiter.admit("g", "anna", 10'000, kNow - 3'600'000));
  EXPECT_FALSE(limiter.admit("g", "anna", 10'000, kNow - 3'600'000 + 1));
  EXPECT_TRUE(limiter.admit("h", "anna", 0, kNow - 3'600'000 + 100));
}

TEST(RateLimiter, MayHaveNoLimitAndForgetsTheQuiet) {
  RateLimiter none(0);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(none.admit("g", "anna", 0, kNow));
  EXPECT_EQ(none.size(), 0u);
  RateLimiter limiter(10);
  limiter.admit("g", "anna", 10'000, kNow);
  EXPECT_EQ(limiter.size(), 2u);
  limiter.sweep(kNow + RateLimiter::kSweepMs);
  EXPECT_EQ(limiter.size(), 0u);
}

}  // namespace
}  // namespace convoke::broker_plugin
