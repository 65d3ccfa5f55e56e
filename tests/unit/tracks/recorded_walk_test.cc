#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/tracks/replaying.h"

/// The recorded walk of a real person, where it lies beside the repository; not part of it.
namespace convoke::cli {
namespace {

using testing::HasSubstr;

class RecordedWalk : public testing::Test {
 protected:
  const std::filesystem::path areas_ = std::filesystem::path(CONVOKE_RECORDINGS) / "beijing_areas.geojson";
  const std::filesystem::path fixes_ = std::filesystem::path(CONVOKE_RECORDINGS) / "beijing_walk.csv.gz";
};

TEST_F(RecordedWalk, R8_R24_RawReplayGivesExactly851Transitions) {
  const Outcome outcome = replay({.areas = areas_, .fixes = fixes_, .raw = true});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 851);
  EXPECT_THAT(outcome.err, HasSubstr("108607 fixes, 1 users, 12 areas, 851 transitions"));
}

TEST_F(RecordedWalk, R8_R24_PlainRuleAgreesWithABruteForceTwin) {
  EXPECT_EQ(fixes_that_agree_with_the_twin(areas_, fixes_), 108'607U);
}

TEST_F(RecordedWalk, SmoothingMakesFewerTransitions) {
  const Outcome outcome = replay({.areas = areas_, .fixes = fixes_});
  const auto transitions = std::count(outcome.out.begin(), outcome.out.end(), '\n');
  EXPECT_GT(transitions, 100);
  EXPECT_LT(transitions, 851);
}

}  // namespace
}  // namespace convoke::cli
