#include "topics/broker_plugin/rate_limiter.h"

#include <gtest/gtest.h>

namespace convoke::broker_plugin {
namespace {

constexpr std::int64_t kNow = 1'767'225'600'000;

/// Whether a message may pass.
bool passes(RateLimiter& limiter, const char* group, const char* user, const topics::ChatRules& rules,
            std::int64_t now_ms) {
  return limiter.admit(group, user, rules, now_ms) == 0;
}
const topics::ChatRules kNone, kSlow{.slow_ms = 10'000};

TEST(RateLimiter, AllowsABurstAndThenSoManyASecond) {
  RateLimiter limiter(10);
  for (int i = 0; i < RateLimiter::kBurst; ++i) ASSERT_TRUE(passes(limiter, "g", "anna", kNone, kNow)) << i;
  EXPECT_FALSE(passes(limiter, "g", "anna", kNone, kNow));
  EXPECT_FALSE(passes(limiter, "h", "anna", kNone, kNow)) << "over all groups";
  EXPECT_TRUE(passes(limiter, "g", "ben", kNone, kNow));
  EXPECT_FALSE(passes(limiter, "g", "anna", kNone, kNow + 99));
  EXPECT_TRUE(passes(limiter, "g", "anna", kNone, kNow + 100));
  EXPECT_FALSE(passes(limiter, "g", "anna", kNone, kNow + 100));
}

TEST(RateLimiter, SlowsAGroupForEachUserAlone) {
  RateLimiter limiter(10);
  EXPECT_TRUE(passes(limiter, "g", "anna", kSlow, kNow));
  EXPECT_FALSE(passes(limiter, "g", "anna", kSlow, kNow + 9'999));
  EXPECT_TRUE(passes(limiter, "g", "ben", kSlow, kNow));
  EXPECT_TRUE(passes(limiter, "h", "anna", kNone, kNow));
  EXPECT_TRUE(passes(limiter, "g", "anna", kSlow, kNow + 10'000));
  EXPECT_TRUE(passes(limiter, "g", "anna", kNone, kNow + 10'001)) << "slow no more";
}

TEST(RateLimiter, GivesEachGroupARateOfItsOwnAndSaysHowLongToWait) {
  RateLimiter limiter(10);
  const topics::ChatRules rules{.per_minute = 20};
  for (int i = 0; i < 20; ++i) ASSERT_EQ(limiter.admit("g", "anna", rules, kNow), 0) << i;
  EXPECT_EQ(limiter.admit("g", "anna", rules, kNow), 3'000);
  EXPECT_EQ(limiter.admit("g", "anna", rules, kNow + 2'000), 1'000) << "waiting costs nothing";
  EXPECT_EQ(limiter.admit("g", "ben", rules, kNow), 0);
  EXPECT_EQ(limiter.admit("h", "anna", kNone, kNow), 0);
  EXPECT_EQ(limiter.admit("g", "anna", rules, kNow + 3'000), 0);
  EXPECT_EQ(limiter.admit("g", "anna", rules, kNow + 3'000), 3'000);
  EXPECT_EQ(limiter.admit("g", "anna", kNone, kNow + 3'000), 0) << "the rules were taken back";
  EXPECT_EQ(limiter.admit("s", "anna", kSlow, kNow + 3'000), 0);
  EXPECT_EQ(limiter.admit("s", "anna", kSlow, kNow + 4'000), 9'000);
}

TEST(RateLimiter, KeepsNobodyWaitingAfterTheClockWasSetBack) {
  RateLimiter limiter(10);
  EXPECT_TRUE(passes(limiter, "g", "anna", kSlow, kNow));
  EXPECT_TRUE(passes(limiter, "g", "anna", kSlow, kNow - 3'600'000));
  EXPECT_FALSE(passes(limiter, "g", "anna", kSlow, kNow - 3'600'000 + 1));
  EXPECT_TRUE(passes(limiter, "h", "anna", kNone, kNow - 3'600'000 + 100));
}

TEST(RateLimiter, MayHaveNoLimitAndForgetsTheQuiet) {
  RateLimiter none(0);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(passes(none, "g", "anna", kNone, kNow));
  EXPECT_EQ(none.size(), 0u);
  RateLimiter limiter(10);
  passes(limiter, "g", "anna", kSlow, kNow);
  EXPECT_EQ(limiter.size(), 2u);
  limiter.sweep(kNow + RateLimiter::kSweepMs);
  EXPECT_EQ(limiter.size(), 0u);
}

}  // namespace
}  // namespace convoke::broker_plugin
