#include "backend/core/recurrence.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "topics/rfc3339.h"

namespace convoke::core {
namespace {

TimeMs at(const char* text) { return *topics::parse_rfc3339(text); }

OnRecurrence rule(const std::string& rule, const std::string& from = "2026-01-02T19:30:00",
                  std::vector<std::string> except = {}) {
  return {rule, from, "Europe/Berlin", std::move(except)};
}

std::vector<std::string> next(const OnRecurrence& r, const char* after, int count) {
  EXPECT_TRUE(checked_recurrence(r)) << checked_recurrence(r).error().to_string();
  std::vector<std::string> times;
  TimeMs t = at(after);
  for (int i = 0; i < count; ++i) {
    const auto n = next_occurrence(r, t);
    times.push_back(n ? topics::format_rfc3339(*n) : "none");
    if (!n) break;
    EXPECT_GT(*n, t);
    t = *n;
  }
  return times;
}

using Times = std::vector<std::string>;

TEST(Recurrence, R14_FollowsTheClocksOfItsZoneThroughSummerTime) {
  EXPECT_EQ(next(rule("FREQ=WEEKLY;BYDAY=FR"), "2026-03-20T18:30:00Z", 2),
            (Times{"2026-03-27T18:30:00.000Z", "2026-04-03T17:30:00.000Z"}));
}

TEST(Recurrence, R14_ATimeThatIsSkippedIsReadByTheOffsetBefore) {
  // 02:30 does not exist on 29 March 2026: by the offset before it is 03:30 summer time.
  EXPECT_EQ(next(rule("FREQ=DAILY", "2026-03-28T02:30:00"), "2026-03-27T00:00:00Z", 3),
            (Times{"2026-03-28T01:30:00.000Z", "2026-03-29T01:30:00.000Z", "2026-03-30T00:30:00.000Z"}));
}

TEST(Recurrence, R14_ATimeThatComesTwiceCountsOnce) {
  // 02:30 comes twice on 25 October 2026.
  EXPECT_EQ(next(rule("FREQ=DAILY", "2026-10-24T02:30:00"), "2026-10-23T00:00:00Z", 3),
            (Times{"2026-10-24T00:30:00.000Z", "2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"}));
}

TEST(Recurrence, R14_TimesWhoseOrderAClockChangeTurnsComeInOrder) {
  // 02:30 means 01:30Z on that day, and 03:00 means 01:00Z.
  EXPECT_EQ(
      next(rule("FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30", "2026-03-29T02:00:00"), "2026-03-28T12:00:00Z", 3),
      (Times{"2026-03-29T01:00:00.000Z", "2026-03-29T01:30:00.000Z", "2026-03-30T00:00:00.000Z"}));
}

TEST(Recurrence, CountsAndEnds) {
  EXPECT_EQ(next(rule("FREQ=DAILY;COUNT=2"), "2026-01-01T00:00:00Z", 3),
            (Times{"2026-01-02T18:30:00.000Z", "2026-01-03T18:30:00.000Z", "none"}));
  EXPECT_EQ(next(rule("FREQ=DAILY;UNTIL=20260103T183000Z"), "2026-01-02T18:30:00Z", 2),
            (Times{"2026-01-03T18:30:00.000Z", "none"}))
      << "an end in UTC is the end in UTC";
}

TEST(Recurrence, LeavesOutExceptions) {
  EXPECT_EQ(next(rule("FREQ=DAILY", "2026-12-24T19:30:00", {"2026-12-25", "2026-12-26"}),
                 "2026-12-24T18:30:00Z", 1),
            (Times{"2026-12-27T18:30:00.000Z"}));
}

TEST(Recurrence, JumpsToWhatGoingThroughAllWouldFind) {
  for (const char* text : {"FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
                           "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=MONTHLY;BYMONTHDAY=31;INTERVAL=5",
                           "FREQ=YEARLY;BYDAY=20MO", "FREQ=DAILY;BYHOUR=1,2;BYMINUTE=0,30"}) {
    OnRecurrence counted = rule(std::string(text) + ";COUNT=9999"), jumping = rule(text);
    for (const char* after : {"2026-02-01T00:00:00Z", "2027-07-15T12:00:00Z", "2031-12-31T23:59:59Z"})
      EXPECT_EQ(next_occurrence(jumping, at(after)), next_occurrence(counted, at(after))) << text << after;
  }
}

TEST(Recurrence, RefusesWhatItCannotKeep) {
  const auto field = [](const OnRecurrence& r) {
    const auto checked = checked_recurrence(r);
    return checked ? std::string("none") : checked.error().field;
  };
  EXPECT_EQ(field(rule("FREQ=WEEKLY;BYDAY=XX")), "rule");
  EXPECT_EQ(field(rule("FREQ=HOURLY")), "rule") << "too often";
  EXPECT_EQ(field(rule("FREQ=DAILY;BYSECOND=1")), "rule");
  EXPECT_EQ(field(rule("FREQ=DAILY;COUNT=10001")), "rule");
  EXPECT_EQ(field(rule("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")), "rule") << "never";
  EXPECT_EQ(field(rule("FREQ=DAILY", "2026-02-30T19:30:00")), "from");
  EXPECT_EQ(field(rule("FREQ=DAILY", "2026-02-03 19:30")), "from");
  EXPECT_EQ(field({"FREQ=DAILY", "2026-02-03T19:30:00", "Europe/Atlantis", {}}), "zone");
  EXPECT_EQ(field(rule("FREQ=DAILY", "2026-02-03T19:30:00", {"25.12.2026"})), "except");
}

}  // namespace
}  // namespace convoke::core
