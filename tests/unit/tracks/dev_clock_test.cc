#include "topics/dev_clock.h"

#include <gtest/gtest.h>

namespace convoke::topics {
namespace {

TEST(DevClock, RunsFromItsStartAtItsSpeed) {
  const DevClock clock{1'224'741'185'000, 1'767'225'600'000, 60};
  EXPECT_EQ(clock.now(1'767'225'600'000), 1'224'741'185'000);
  EXPECT_EQ(clock.now(1'767'225'601'000), 1'224'741'245'000);
  EXPECT_EQ(clock.now(1'767'225'599'000), 1'224'741'125'000);
}

TEST(DevClock, StaysWithinItsRange) {
  const DevClock clock{1000, 1'767'225'600'000, 1e6};
  EXPECT_EQ(clock.now(0), 0);
  EXPECT_EQ(clock.now(1'767'225'600'000'000), DevClock::kMaxMs);
}

TEST(DevClock, ReadsBackWhatItWrites) {
  const DevClock clock{1'224'741'185'123, 1'767'225'600'001, 0.1};
  EXPECT_EQ(clock.to_string(), "1224741185123,1767225600001,0.1");
  EXPECT_EQ(DevClock::parse(clock.to_string()), clock);
}

TEST(DevClock, RefusesAnythingElse) {
  for (const char* text :
       {"", "1,2", "1,2,", "1,2,0", "1,2,-1", "1,2,nan", "1,2,inf", "1,2,1000001", "-1,2,1", "1,-2,1",
        "1,2,3,4", " 1,2,3", "1;2;3", "253402300800000,0,1", "99999999999999999999,0,1"}) {
    EXPECT_EQ(DevClock::parse(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace convoke::topics
