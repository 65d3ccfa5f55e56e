#include "ops/cli/near_ids.h"

#include <gmock/gmock.h>

namespace convoke::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::vector<Known> kAreas = {
    {"hall-a", "Hall A"}, {"hall-b", "Hall B"}, {"bar", "Long Bar"}, {"x", ""}};

TEST(NearIds, FindsWhatIsMistypedNearestFirst) {
  EXPECT_THAT(near_ids("hal-a", kAreas), ElementsAre("hall-a", "hall-b"));
  EXPECT_THAT(near_ids("baar", kAreas), ElementsAre("bar"));
}

TEST(NearIds, TakesNamesPartsAndCapitalsToo) {
  EXPECT_THAT(near_ids("LONG", kAreas), ElementsAre("bar"));
  EXPECT_THAT(near_ids("Hall B", kAreas), ElementsAre("hall-b", "hall-a"));
  EXPECT_THAT(near_ids("hall-a-west", kAreas), ElementsAre("hall-a"));
}

TEST(NearIds, FindsNothingForWhatIsFarAndNoMoreThanAsked) {
  EXPECT_THAT(near_ids("stage", kAreas), IsEmpty());
  EXPECT_THAT(near_ids("", {}), IsEmpty());
  EXPECT_THAT(near_ids("hall", kAreas, 1), ElementsAre("hall-a"));
}

}  // namespace
}  // namespace convoke::cli
