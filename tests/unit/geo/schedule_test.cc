#include "geo/schedule.h"

#include <gtest/gtest.h>

#include "topics/rfc3339.h"

namespace convoke::geo {
namespace {

std::int64_t at(const char* time) { return topics::parse_rfc3339(time).value(); }

Hours hours(const char* text) { return parse_hours(text).value(); }

Schedule berlin() { return {.time_zone = "Europe/Berlin"}; }

Schedule daily(const char* text, const char* zone = "Europe/Berlin") {
  Schedule schedule{.time_zone = zone};
  for (auto& day : schedule.week) day = {hours(text)};
  return schedule;
}

void expect_open(const Schedule& schedule, const char* now, const char* until) {
  EXPECT_EQ(openness(schedule, at(now)), (Openness{true, at(until)})) << now;
}

void expect_closed(const Schedule& schedule, const char* now, const char* until) {
  EXPECT_EQ(openness(schedule, at(now)), (Openness{false, at(until)})) << now;
}

TEST(Schedule, OpensAndClosesByTheLocalClock) {
  Schedule schedule = berlin();
  schedule.week[0] = {hours("14:00-18:00"), hours("09:00-12:00")};  // Monday; the order is free
  expect_closed(schedule, "2026-06-01T08:59:59.999+02:00", "2026-06-01T09:00:00+02:00");
  expect_open(schedule, "2026-06-01T09:00:00+02:00", "2026-06-01T12:00:00+02:00");
  expect_closed(schedule, "2026-06-01T12:00:00+02:00", "2026-06-01T14:00:00+02:00");
  expect_closed(schedule, "2026-06-01T18:00:00+02:00", "2026-06-08T09:00:00+02:00");
  expect_closed(schedule, "2026-12-07T08:59:00+01:00", "2026-12-07T09:00:00+01:00");
}

TEST(Schedule, RunsPastMidnight) {
  Schedule schedule = berlin();
  schedule.week[4] = {hours("20:00-04:00")};  // Friday
  expect_open(schedule, "2026-06-05T23:59:00+02:00", "2026-06-06T04:00:00+02:00");
  expect_open(schedule, "2026-06-06T03:59:59+02:00", "2026-06-06T04:00:00+02:00");
  expect_closed(schedule, "2026-06-06T04:00:00+02:00", "2026-06-12T20:00:00+02:00");
}

TEST(Schedule, JoinsSpansThatTouchOrOverlap) {
  Schedule schedule = berlin();
  schedule.week[0] = {hours("20:00-24:00")};
  schedule.week[1] = {hours("00:00-03:00"), hours("02:00-05:00")};
  expect_open(schedule, "2026-06-01T21:00:00+02:00", "2026-06-02T05:00:00+02:00");
}

TEST(Schedule, AlwaysOpenNeverChanges) {
  for (const char* span : {"00:00-24:00", "00:00-00:00", "18:00-18:00"})
    EXPECT_EQ(openness(daily(span), at("2026-06-01T00:00:00Z")), (Openness{true, {}})) << span;
  EXPECT_EQ(openness(berlin(), at("2026-06-01T00:00:00Z")), (Openness{false, {}}));
}

TEST(Schedule, AnExceptionReplacesWhatBeginsOnItsDate) {
  Schedule schedule = daily("20:00-02:00");
  schedule.exceptions[{2026, 12, 24}] = {};
  schedule.exceptions[{2026, 12, 31}] = {hours("18:00-06:00")};
  // What began on the 23rd runs on into the 24th; nothing begins on the 24th.
  expect_open(schedule, "2026-12-24T01:00:00+01:00", "2026-12-24T02:00:00+01:00");
  expect_closed(schedule, "2026-12-24T02:00:00+01:00", "2026-12-25T20:00:00+01:00");
  expect_open(schedule, "2026-12-31T18:00:00+01:00", "2027-01-01T06:00:00+01:00");
}

TEST(Schedule, FindsAFarException) {
  Schedule open = daily("18:00-18:00");
  open.exceptions[{2031, 3, 5}] = {};
  expect_open(open, "2026-06-01T00:00:00Z", "2031-03-05T18:00:00+01:00");
  Schedule closed = berlin();
  closed.exceptions[{2031, 3, 5}] = {hours("10:00-11:00")};
  expect_closed(closed, "2026-06-01T00:00:00Z", "2031-03-05T10:00:00+01:00");
  EXPECT_EQ(openness(closed, at("2031-03-05T10:00:00Z")), (Openness{false, {}}));
}

// On 2026-03-29 the clocks in Berlin go from 02:00 to 03:00.
TEST(Schedule, ATimeThatTheClocksSkipIsTheMomentOfTheChange) {
  expect_closed(daily("02:30-05:00"), "2026-03-29T01:59:00+01:00", "2026-03-29T03:00:00+02:00");
  expect_open(daily("01:00-02:30"), "2026-03-29T01:59:00+01:00", "2026-03-29T03:00:00+02:00");
  // Wholly within the gap: not on that day.
  expect_closed(daily("02:10-02:50"), "2026-03-29T01:59:00+01:00", "2026-03-30T02:10:00+02:00");
  // Nor in that week, where it is the week's only span.
  Schedule sundays = berlin();
  sundays.week[6] = {hours("02:15-02:45")};
  expect_closed(sundays, "2026-03-23T12:00:00+01:00", "2026-04-05T02:15:00+02:00");
}

// On 2026-10-25 the clocks in Berlin go from 03:00 back to 02:00.
TEST(Schedule, OfATimeThatOccursTwiceItOpensAtTheFirstAndClosesAtTheSecond) {
  expect_closed(daily("02:30-05:00"), "2026-10-25T02:29:00+02:00", "2026-10-25T02:30:00+02:00");
  expect_open(daily("01:00-02:30"), "2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00");
  expect_open(daily("02:10-02:50"), "2026-10-25T02:10:00+02:00", "2026-10-25T02:50:00+01:00");
}

TEST(Schedule, KnowsADayThatIsLeftOut) {
  // Samoa had no 30 December 2011.
  Schedule schedule{.time_zone = "Pacific/Apia"};
  schedule.exceptions[{2011, 12, 30}] = {hours("08:00-20:00")};
  schedule.exceptions[{2011, 12, 31}] = {hours("08:00-20:00")};
  expect_closed(schedule, "2011-12-29T23:00:00-10:00", "2011-12-31T08:00:00+14:00");
}

TEST(Schedule, AnswersForAnyTime) {
  for (const std::int64_t now : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX})
    EXPECT_EQ(openness(daily("00:00-24:00"), now), (Openness{true, {}}));
  EXPECT_EQ(openness({.time_zone = "Nowhere/Town"}, 0), (Openness{}));
}

TEST(Schedule, KnowsTheZonesOfTheSystem) {
  EXPECT_TRUE(is_time_zone("Europe/Berlin"));
  EXPECT_TRUE(is_time_zone("UTC"));
  for (const char* name : {"", "Europe", "europe/berlin", "../../etc/passwd", "/usr/share/zoneinfo/UTC"})
    EXPECT_FALSE(is_time_zone(name)) << name;
}

TEST(Schedule, ReadsAndWritesHoursAndDates) {
  EXPECT_EQ(parse_hours("18:00-02:05"), (Hours{1080, 125}));
  EXPECT_EQ(to_string(Hours{0, 1440}), "00:00-24:00");
  for (const char* text :
       {"", "8:00-9:00", "24:00-25:00", "10:00-24:01", "10:60-11:00", "aa:00-11:00", "10:00 11:00"})
    EXPECT_FALSE(parse_hours(text)) << text;
  EXPECT_EQ(parse_date("2028-02-29"), (Date{2028, 2, 29}));
  EXPECT_EQ(to_string(Date{2026, 1, 2}), "2026-01-02");
  for (const char* text :
       {"", "2026-02-29", "1969-12-31", "2026-13-01", "2026-00-01", "2026-1-1", "+026-01-01"})
    EXPECT_FALSE(parse_date(text)) << text;
}

}  // namespace
}  // namespace convoke::geo
