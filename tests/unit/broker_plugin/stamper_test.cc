#include "topics/broker_plugin/stamper.h"

#include <gtest/gtest.h>

namespace convoke::broker_plugin {
namespace {

TEST(Stamper, CountsEachGroupFromOneWithinTheEpoch) {
  Stamper stamper("demo", 777, std::nullopt);
  EXPECT_EQ(stamper.next("g", 10), (messages::Stamp{"demo", 777, 1, 10}));
  EXPECT_EQ(stamper.next("g", 5),
            (messages::Stamp{"demo", 777, 2, 5}));  // the clock may step back, n does not
  EXPECT_EQ(stamper.next("h", 11), (messages::Stamp{"demo", 777, 1, 11}));
  EXPECT_EQ(stamper.next("g", 12).n, 3u);
}

TEST(Stamper, ShowsTheDevelopmentClock) {
  Stamper stamper("demo", 777, topics::DevClock{5000, 1000, 10});
  EXPECT_EQ(stamper.next("g", 1001).time_ms, 5010);
}

TEST(Stamper, ForgettingAGroupLeavesTheOthers) {
  Stamper stamper("demo", 777, std::nullopt);
  stamper.next("g", 0);
  stamper.next("h", 0);
  stamper.forget("g");
  stamper.forget("unknown");
  EXPECT_EQ(stamper.next("h", 0).n, 2u);
}

}  // namespace
}  // namespace convoke::broker_plugin
