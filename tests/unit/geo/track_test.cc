#include "geo/track.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "tests/unit/geo/shapes.h"

namespace convoke::geo {
namespace {

using test::kDegreeM;

Position north(double meters, std::int64_t time_ms, std::optional<double> acc_m = 5) {
  return {{50 + meters / kDegreeM, 10}, time_ms, acc_m};
}

TEST(TrackRule, SaysWhatIsOutOfRange) {
  EXPECT_EQ(TrackRule{}.fault(), "");
  EXPECT_EQ(TrackRule{.max_accuracy_m = 0}.fault(), "max_accuracy_m must be 1 to 100000");
  EXPECT_EQ(TrackRule{.max_speed_mps = 1e6}.fault(), "max_speed_mps must be 1 to 100000");
  EXPECT_EQ(TrackRule{.reorder_ms = 60'001}.fault(), "reorder_ms must be at most 60000");
  EXPECT_EQ(TrackRule{.stale_ms = 999}.fault(), "stale_ms must be 1000 to a day");
}

TEST(TrackRule, UsesTheAccuracyUpToItsLimit) {
  const TrackRule rule = {.max_accuracy_m = 100, .assumed_accuracy_m = 30};
  EXPECT_EQ(usable_accuracy_m(rule, north(0, 0, 100)), 100);
  EXPECT_EQ(usable_accuracy_m(rule, north(0, 0, 100.1)), std::nullopt);
  EXPECT_EQ(usable_accuracy_m(rule, north(0, 0, std::nullopt)), 30);
}

TEST(TrackRule, SilenceSaysSomethingUntilStaleOrGone) {
  const TrackRule rule = {.stale_ms = 60'000, .presence_grace_ms = 5'000};
  EXPECT_EQ(fresh_until_ms(rule, 1000, std::nullopt), 61'000);
  EXPECT_EQ(fresh_until_ms(rule, 1000, 20'000), 25'000);
  EXPECT_EQ(fresh_until_ms(rule, 1000, 59'000), 61'000);
}

TEST(Plausible, CountsASecondAtLeast) {
  const TrackRule rule = {.max_speed_mps = 100};
  EXPECT_TRUE(plausible(rule, north(0, 0), north(99, 1)));
  EXPECT_FALSE(plausible(rule, north(0, 0), north(101, 1000)));
  EXPECT_TRUE(plausible(rule, north(0, 0), north(199, 2000)));
}

TEST(Plausible, AgreesWithTheGreatCircleEverywhere) {
  std::mt19937_64 random(1);
  const auto uniform = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
  };
  const TrackRule rule = {.max_speed_mps = 1000};
  int near = 0, far = 0;
  for (int i = 0; i < 100'000; ++i) {
    const Position from = {{uniform(-89.9, 89.9), uniform(-180, 180)}, 0, {}};
    Position to = {{std::clamp(from.at.lat + uniform(-0.02, 0.02), -90.0, 90.0), from.at.lon}, 1000, {}};
    to.at.lon += uniform(-0.02, 0.02);
    if (to.at.lon > 180) to.at.lon -= 360;
    if (to.at.lon < -180) to.at.lon += 360;
    const bool expected = distance_m(from.at, to.at) <= 1000;
    ASSERT_EQ(plausible(rule, from, to), expected);
    ++(expected ? near : far);
  }
  EXPECT_GT(near, 1000);
  EXPECT_GT(far, 1000);
  EXPECT_TRUE(plausible(rule, {{10, 179.999}, 0, {}}, {{10, -179.999}, 1000, {}})) << "the date line";
}

TEST(Judge, HoldsALeapUntilTheNextFixAgrees) {
  const TrackRule rule;
  const Position home = north(0, 0), leap = north(5000, 1000);
  EXPECT_EQ(judge(rule, nullptr, nullptr, leap), Belief::counts) << "the first fix";
  EXPECT_EQ(judge(rule, &home, nullptr, leap), Belief::held);
  EXPECT_EQ(judge(rule, &home, &leap, north(5001, 2000)), Belief::both_count);
  EXPECT_EQ(judge(rule, &home, &leap, north(1, 2000)), Belief::counts) << "the leap was an outlier";
  EXPECT_EQ(judge(rule, &home, &leap, north(-5000, 2000)), Belief::held) << "another one";
  EXPECT_EQ(judge(rule, &home, nullptr, north(5000, 60'000)), Belief::counts) << "there was time";
}

std::vector<Position> drain(ReorderBuffer& buffer) {
  std::vector<Position> out;
  while (const auto fix = buffer.pop()) out.push_back(*fix);
  return out;
}

TEST(ReorderBuffer, LetsFixesGoInOrderOfTime) {
  ReorderBuffer buffer;
  using Taken = ReorderBuffer::Taken;
  EXPECT_EQ(buffer.push(north(0, 10'000), 3000), Taken::kept);
  EXPECT_EQ(buffer.push(north(1, 8000), 3000), Taken::kept);
  EXPECT_EQ(buffer.push(north(2, 7000), 3000), Taken::late) << "as old as the window";
  EXPECT_TRUE(drain(buffer).empty());
  EXPECT_EQ(buffer.due_ms(3000), 11'000);
  EXPECT_EQ(buffer.push(north(3, 13'000), 3000), Taken::kept);
  EXPECT_EQ(drain(buffer), (std::vector{north(1, 8000), north(0, 10'000)}));
  EXPECT_FALSE(buffer.empty());
}

TEST(ReorderBuffer, HoldsNothingWithoutAWindow) {
  ReorderBuffer buffer;
  EXPECT_EQ(buffer.push(north(0, 1000), 0), ReorderBuffer::Taken::kept);
  EXPECT_EQ(drain(buffer).size(), 1u);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.push(north(1, 1000), 0), ReorderBuffer::Taken::late);
}

TEST(ReorderBuffer, ClockLetsGoWhatIsOlderThanTheWindow) {
  ReorderBuffer buffer;
  buffer.push(north(0, 1000), 3000);
  buffer.push(north(1, 2000), 3000);
  buffer.advance(3999, 3000);
  EXPECT_TRUE(drain(buffer).empty());
  buffer.advance(4000, 3000);
  EXPECT_EQ(drain(buffer), std::vector{north(0, 1000)});
  EXPECT_EQ(buffer.push(north(2, 900), 3000), ReorderBuffer::Taken::late);
  EXPECT_EQ(buffer.push(north(2, 1500), 3000), ReorderBuffer::Taken::kept);
}

TEST(ReorderBuffer, TakesAPhoneWhoseClockIsSlow) {
  ReorderBuffer buffer;
  for (std::int64_t t = 1000; t <= 10'000; t += 1000) {
    EXPECT_EQ(buffer.push(north(0, t), 3000), ReorderBuffer::Taken::kept);
    buffer.advance(t + 60'000, 3000);
    EXPECT_EQ(drain(buffer).size(), 1u);
  }
}

TEST(ReorderBuffer, KeepsTheBestFixOfOneTime) {
  const std::vector<Position> fixes = {north(7, 1000, 8), north(3, 1000, 9), north(0, 1000, std::nullopt),
                                       north(9, 1000, 8)};
  std::vector<std::size_t> order = {0, 1, 2, 3};
  do {
    ReorderBuffer buffer;
    for (const std::size_t i : order) buffer.push(fixes[i], 1000);
    buffer.push(north(0, 2000), 1000);
    ASSERT_EQ(drain(buffer), std::vector{fixes[0]});
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(ReorderBuffer, HoldsABoundedNumber) {
  ReorderBuffer buffer;
  std::size_t released = 0;
  for (std::int64_t t = 1; t <= 1000; ++t) {
    buffer.push(north(0, t), 60'000);
    released += drain(buffer).size();
  }
  EXPECT_EQ(released, 1000 - ReorderBuffer::kMaxHeld);
}

/// A track with gaps and with several fixes of one time.
std::vector<Position> random_track(std::mt19937_64& random) {
  std::vector<Position> track;
  std::int64_t time_ms = 1'000'000;
  for (int i = 0; i < 60; ++i) {
    time_ms += static_cast<std::int64_t>(random() % 3 == 0 ? 0 : random() % 2500);
    track.push_back(north(static_cast<double>(random() % 3), time_ms));
    if (random() % 4 == 0) track.back().acc_m.reset();
  }
  return track;
}

/// The track's fixes, some twice or thrice, each delayed by less than the window.
std::vector<Position> as_delivered(const std::vector<Position>& track, std::uint32_t window_ms,
                                   std::mt19937_64& random) {
  std::vector<std::pair<std::int64_t, Position>> arrivals;
  for (const Position& fix : track) {
    for (auto copies = 1 + random() % 3; copies > 0; --copies) {
      arrivals.emplace_back(fix.time_ms + static_cast<std::int64_t>(random() % window_ms), fix);
    }
  }
  std::shuffle(arrivals.begin(), arrivals.end(), random);
  std::stable_sort(arrivals.begin(), arrivals.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<Position> fixes;
  for (const auto& [arrival, fix] : arrivals) fixes.push_back(fix);
  return fixes;
}

TEST(ReorderBuffer, AnyOrderAndAnyRepeatWithinTheWindowGivesTheSame) {
  constexpr std::uint32_t kWindowMs = 5000;
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    const std::vector<Position> track = random_track(random);
    const auto released = [&](const std::vector<Position>& fixes) {
      ReorderBuffer buffer;
      std::vector<Position> out;
      for (const Position& fix : fixes) {
        EXPECT_NE(buffer.push(fix, kWindowMs), ReorderBuffer::Taken::late);
        for (const Position& one : drain(buffer)) out.push_back(one);
      }
      buffer.advance(track.back().time_ms + kWindowMs, kWindowMs);
      for (const Position& one : drain(buffer)) out.push_back(one);
      return out;
    };
    const auto expected = released(track);
    ASSERT_TRUE(std::is_sorted(expected.begin(), expected.end(),
                               [](const Position& a, const Position& b) { return a.time_ms <= b.time_ms; }));
    for (int i = 0; i < 10; ++i) ASSERT_EQ(released(as_delivered(track, kWindowMs, random)), expected);
  }
}

}  // namespace
}  // namespace convoke::geo
