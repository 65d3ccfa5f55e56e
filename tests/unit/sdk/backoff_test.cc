#include "mobile-sdk/src/backoff.h"

#include <gtest/gtest.h>

#include <set>

namespace convoke::sdk {
namespace {

TEST(Backoff, StaysWithinADoublingRangeUpToTheCap) {
  std::mt19937_64 random(1);
  Backoff backoff;
  std::int64_t range = Backoff::kBaseMs;
  for (int i = 0; i < 20; ++i) {
    const std::int64_t delay = backoff.next(random);
    EXPECT_GE(delay, Backoff::kFloorMs);
    EXPECT_LE(delay, range);
    range = std::min(range * 2, Backoff::kCapMs);
  }
}

TEST(Backoff, TakesItsTimeAfterManyFailures) {
  std::mt19937_64 random(1);
  Backoff backoff;
  for (int i = 0; i < Backoff::kHopefulTries; ++i) EXPECT_LE(backoff.next(random), Backoff::kCapMs);
  std::int64_t longest = 0;
  for (int i = 0; i < 50; ++i) longest = std::max(longest, backoff.next(random));
  EXPECT_GT(longest, Backoff::kCapMs);
  EXPECT_LE(longest, Backoff::kLateCapMs);
}

TEST(Backoff, SpreadsPhonesThatWereCutOffTogether) {
  std::set<std::int64_t> delays;
  for (std::uint64_t phone = 0; phone < 100; ++phone) {
    std::mt19937_64 random(phone);
    Backoff backoff;
    for (int i = 0; i < 6; ++i) backoff.next(random);
    delays.insert(backoff.next(random) / 100);
  }
  EXPECT_GT(delays.size(), 50U);
}

TEST(Backoff, IsQuickAgainAfterASuccess) {
  std::mt19937_64 random(1);
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.next(random);
  backoff.reset();
  EXPECT_LE(backoff.next(random), Backoff::kBaseMs);
}

}  // namespace
}  // namespace convoke::sdk
