#include "ops/tracks/time_text.h"

#include <gtest/gtest.h>

#include "topics/rfc3339.h"

namespace convoke::tracks {
namespace {

TEST(TimeText, ReadsRfc3339) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("2008-10-23T05:53:05Z"), 1'224'741'185'000);
  EXPECT_EQ(parse_time("2008-10-23 13:53:05.1234+08:00"), 1'224'741'185'123);
  EXPECT_EQ(parse_time("2008-10-22t22:23:05.5-07:30"), 1'224'741'185'500);
  EXPECT_EQ(parse_time("2016-12-31T23:59:60Z"), parse_time("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse_time("9999-12-31T23:59:59.999Z"), 253'402'300'799'999);
}

TEST(TimeText, ReadsUnixSeconds) {
  EXPECT_EQ(parse_time("0"), 0);
  EXPECT_EQ(parse_time("1224741185"), 1'224'741'185'000);
  EXPECT_EQ(parse_time("1224741185.0625"), 1'224'741'185'063);
}

TEST(TimeText, RefusesEverythingElse) {
  for (const char* text :
       {"", "now", "-1", "1224741185000", "2008-10-23", "2008-10-23T05:53:05", "2008-10-23T05:53Z",
        "2008-13-23T05:53:05Z", "2008-02-30T05:53:05Z", "2008-10-23T24:00:00Z", "2008-10-23T05:53:05.Z",
        "2008-10-23T05:53:05Zx", "2008-10-23T05:53:05+8", "1969-12-31T23:59:59Z", "+008-10-23T05:53:05Z",
        "2008-10-23T05:53:05.1.2Z", "inf", "nan"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(TimeText, WritesMillisecondsInUtc) {
  EXPECT_EQ(topics::format_rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(topics::format_rfc3339(1'224'741'185'007), "2008-10-23T05:53:05.007Z");
  EXPECT_EQ(topics::format_rfc3339(253'402'300'799'999), "9999-12-31T23:59:59.999Z");
}

TEST(TimeText, ReadsBackWhatItWrites) {
  for (std::int64_t time = 0; time < 253'402'300'799'999; time += 86'399'123'457) {
    ASSERT_EQ(parse_time(topics::format_rfc3339(time)), time);
  }
}

}  // namespace
}  // namespace convoke::tracks
