#include "topics/broker_plugin/denial_log.h"

#include <gtest/gtest.h>

#include <string>

namespace convoke::broker_plugin {
namespace {

TEST(DenialLog, LetsEachClientAndReasonThroughOnceAMinute) {
  DenialLog log;
  EXPECT_TRUE(log.should_log("a", "role", 0));
  EXPECT_FALSE(log.should_log("a", "role", 59'999));
  EXPECT_TRUE(log.should_log("a", "not_own", 1));
  EXPECT_TRUE(log.should_log("b", "role", 1));
  EXPECT_TRUE(log.should_log("a", "role", 60'000));
  EXPECT_FALSE(log.should_log("a", "role", 60'001));
}

TEST(DenialLog, IsBoundedAndGetsRoomAgain) {
  DenialLog log;
  for (std::size_t i = 0; i < DenialLog::kMaxEntries; ++i)
    EXPECT_TRUE(log.should_log(std::to_string(i), "role", 100'000));
  EXPECT_FALSE(log.should_log("one more", "role", 100'001));
  EXPECT_FALSE(log.should_log("one more", "role", 159'999));
  EXPECT_TRUE(log.should_log("one more", "role", 160'001));
}

TEST(Printable, MakesAForeignClientIdFitForALogLine) {
  EXPECT_EQ(printable("demo:anna:d1"), "demo:anna:d1");
  EXPECT_EQ(printable("a\nb\x1b[31m\xc3\xa4"), "a?b?[31m??");
  EXPECT_EQ(printable(std::string(500, 'x')).size(), 100u);
}

}  // namespace
}  // namespace convoke::broker_plugin
