#include <gtest/gtest.h>

#include <string>

#include "tests/simulation/world.h"

namespace convoke::simulation {
namespace {

std::string report(const Options& options, const Outcome& outcome) {
  std::string text = outcome.failure + "\nagain with: " + command_line(options) + "\nthe last steps:\n";
  for (const std::string& line : outcome.trace) text += line + "\n";
  return text;
}

constexpr std::uint64_t kSeedsEach = 100;

/// Any evening: whatever the seed does to network, broker, disk and processes, all holds together.
class AnyEvening : public testing::TestWithParam<std::uint64_t> {};

TEST_P(AnyEvening, HoldsTogether) {
  Options options;
  std::size_t groups = 0, ended = 0, archived = 0;
  for (std::uint64_t i = 1; i <= kSeedsEach; ++i) {
    options.seed = GetParam() * kSeedsEach + i;
    const Outcome outcome = run(options);
    ASSERT_TRUE(outcome.failure.empty()) << report(options, outcome);
    groups += outcome.groups;
    ended += outcome.ended;
    archived += outcome.archived;
  }
  EXPECT_GT(groups, 2 * kSeedsEach) << "little happens in these worlds";
  EXPECT_GT(ended, kSeedsEach);
  EXPECT_GT(archived, 10 * kSeedsEach);
}
INSTANTIATE_TEST_SUITE_P(Seeds, AnyEvening, testing::Range<std::uint64_t>(0, 10));

/// One story with 20 phones in which the server dies once: in each run at another of its writes and sends.
constexpr std::uint64_t kParts = 4;
class OneEvening : public testing::TestWithParam<std::uint64_t> {
 protected:
  static Options story() {
    Options options;
    options.seed = 5;
    options.phones = 20;
    options.calm = true;
    return options;
  }
  /// This part's share of the points at which it could die.
  static void die_at_each(CrashPoint::At at, std::uint64_t points) {
    Options options = story();
    for (std::uint64_t n = 1 + GetParam(); n <= points; n += kParts) {
      options.crash = {at, n};
      const Outcome outcome = run(options);
      ASSERT_TRUE(outcome.failure.empty()) << report(options, outcome);
      ASSERT_EQ(outcome.deaths, 1U);
    }
  }
};

TEST_P(OneEvening, SurvivesADeathAtEveryWrite) {
  const Outcome whole = run(story());
  ASSERT_TRUE(whole.failure.empty()) << report(story(), whole);
  EXPECT_GT(whole.ended, 3U) << "little happens in this story";
  die_at_each(CrashPoint::At::before_write, whole.writes);
}
TEST_P(OneEvening, SurvivesADeathAtEverySend) { die_at_each(CrashPoint::At::send, run(story()).sends); }
INSTANTIATE_TEST_SUITE_P(Parts, OneEvening, testing::Range<std::uint64_t>(0, kParts));

TEST(SimulatedWorld, IsOnADiskToo) {
  Options options;
  options.disk = true;
  options.phones = 30;
  for (options.seed = 1; options.seed <= 4; ++options.seed) {
    const Outcome outcome = run(options);
    EXPECT_TRUE(outcome.failure.empty()) << report(options, outcome);
  }
}

TEST(SimulatedWorld, IsTheSameForTheSameSeed) {
  Options options;
  options.seed = 7;
  const Outcome first = run(options), second = run(options);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.writes, second.writes);
  EXPECT_EQ(first.sends, second.sends);
  EXPECT_EQ(first.archived, second.archived);
}

}  // namespace
}  // namespace convoke::simulation
