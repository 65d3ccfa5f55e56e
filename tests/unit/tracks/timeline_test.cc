#include "ops/tracks/timeline.h"

#include <gtest/gtest.h>

namespace convoke::tracks {
namespace {

TrackFix fix(const char* user, std::int64_t minute) { return {user, {{0, 0}, minute * 60'000, {}}}; }

std::vector<std::int64_t> minutes(const Timeline& timeline) {
  std::vector<std::int64_t> result;
  for (const TrackFix& f : timeline.fixes) result.push_back(f.position.time_ms / 60'000);
  return result;
}

TEST(Timeline, ShortensSilencesOfEverybodyAndMovesAllTogether) {
  // anna  0 ...... 8 ........................ 60
  // ben       5 .............. 19 ............... 61 ..... 200
  const Timeline timeline = shorten_gaps({fix("anna", 0), fix("ben", 5), fix("anna", 8), fix("ben", 19),
                                          fix("anna", 60), fix("ben", 61), fix("ben", 200)});
  EXPECT_EQ(minutes(timeline), (std::vector<std::int64_t>{0, 5, 8, 9, 10, 11, 12}));
  EXPECT_EQ(timeline.gaps, 3u);
  EXPECT_EQ(timeline.cut_ms, (10 + 40 + 138) * 60'000);
  EXPECT_EQ(timeline.fixes[3].user, "ben");
}

TEST(Timeline, LeavesAGapOfExactlyTheLimit) {
  const Timeline timeline = shorten_gaps({fix("anna", 3), fix("anna", 13)});
  EXPECT_EQ(minutes(timeline), (std::vector<std::int64_t>{3, 13}));
  EXPECT_EQ(timeline.gaps, 0u);
}

TEST(Timeline, TakesNothingForNothing) { EXPECT_TRUE(shorten_gaps({}).fixes.empty()); }

}  // namespace
}  // namespace convoke::tracks
