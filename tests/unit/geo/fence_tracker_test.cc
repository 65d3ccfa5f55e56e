#include "geo/fence_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "geo/polygon_builder.h"
#include "tests/unit/geo/shapes.h"
#include "tests/unit/geo/twin.h"

namespace convoke::geo {
namespace {

using test::box_area;
using test::circle_area;
using test::kDegreeM;
using test::lines;
using testing::ElementsAre;
using testing::IsEmpty;

/// A place so many metres north of 50° N, 10° E.
Position north(double meters, std::int64_t seconds, std::optional<double> acc_m = std::nullopt) {
  return {{50 + meters / kDegreeM, 10}, seconds * 1000, acc_m};
}

/// The hall: everything from 1000 m south of 50° N, 10° E to there.
Area hall() { return box_area("hall", 50 - 1000 / kDegreeM, 9.9, 50, 10.1); }

/// Nothing to confirm; out by ten metres or the accuracy.
Rule every_fix() {
  Rule rule;
  rule.area = {.exit_margin_m = 10, .exit_margin_accuracy = 1};
  return rule;
}

FenceTracker with_hall(Rule rule = {}) {
  FenceTracker tracker(rule);
  tracker.put_area(hall(), 0);
  return tracker;
}

TEST(FenceTracker, R8_R24_PlainRuleTakesEachFixAsItIs) {
  FenceTracker tracker = with_hall(Rule::plain());
  EXPECT_THAT(lines(tracker.fix("anna", north(-1, 1))), ElementsAre("1000 anna hall enter"));
  EXPECT_THAT(tracker.fix("anna", north(-2, 2)), IsEmpty());
  EXPECT_THAT(lines(tracker.fix("anna", north(1, 3, 5000))), ElementsAre("3000 anna hall exit"));
  EXPECT_THAT(lines(tracker.fix("anna", {{50, 10}, 2000, {}})), ElementsAre("2000 anna hall enter"))
      << "on the edge";
}

TEST(FenceTracker, SaysReasonDistanceAccuracyAndTheFixesThatDecided) {
  FenceTracker tracker = with_hall();
  EXPECT_THAT(tracker.fix("anna", north(-30, 1, 8)), IsEmpty());
  EXPECT_TRUE(tracker.undecided("anna"));
  EXPECT_THAT(tracker.fix("anna", north(-3, 2, 8)), IsEmpty());
  EXPECT_THAT(tracker.fix("anna", north(-30, 3, 8)), IsEmpty());
  const auto enter = tracker.fix("anna", north(-30, 4, 8));
  ASSERT_EQ(enter.size(), 1u);
  EXPECT_EQ(enter[0].reason, TransitionReason::position);
  EXPECT_NEAR(enter[0].distance_m, -30, 0.01);
  EXPECT_EQ(enter[0].acc_m, 8);
  EXPECT_THAT(
      std::vector(enter[0].fixes.time_ms.begin(), enter[0].fixes.time_ms.begin() + enter[0].fixes.count),
      ElementsAre(4000, 3000, 1000));
  EXPECT_EQ(to_string(enter[0].kind), "enter");
  EXPECT_EQ(to_string(enter[0].reason), "position");
  EXPECT_FALSE(tracker.undecided("anna"));
}

TEST(FenceTracker, TransitionsOfOneFixAreInOrderOfArea) {
  FenceTracker tracker(Rule::plain());
  for (const char* id : {"c", "a", "b"}) tracker.put_area(circle_area(id, {50, 10}, 100), 0);
  tracker.put_area(circle_area("bb", {51, 10}, 100), 0);
  tracker.fix("anna", {{51, 10}, 1000, {}});
  EXPECT_THAT(
      lines(tracker.fix("anna", {{50, 10}, 2000, {}})),
      ElementsAre("2000 anna a enter", "2000 anna b enter", "2000 anna bb exit", "2000 anna c enter"));
}

TEST(FenceTracker, LeavesOnlyBeyondTheMarginOrTheAccuracy) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-5, 1, 1));
  EXPECT_THAT(tracker.fix("anna", north(9, 2, 1)), IsEmpty());
  EXPECT_THAT(tracker.fix("anna", north(30, 3, 40)), IsEmpty());
  EXPECT_THAT(lines(tracker.fix("anna", north(45, 4, 40))), ElementsAre("4000 anna hall exit"));
  tracker.fix("anna", north(-5, 5, 1));
  EXPECT_THAT(lines(tracker.fix("anna", north(11, 6, 1))), ElementsAre("6000 anna hall exit"));
}

TEST(FenceTracker, AnAreasOwnRuleComesFirst) {
  FenceTracker tracker(every_fix());
  Area area = hall();
  area.rule = AreaRule{.enter_margin_m = 20};
  tracker.put_area(area, 0);
  EXPECT_THAT(tracker.fix("anna", north(-19, 1)), IsEmpty());
  EXPECT_THAT(lines(tracker.fix("anna", north(-21, 2))), ElementsAre("2000 anna hall enter"));
}

TEST(FenceTracker, AFixKnownTooPoorlyDecidesNothing) {
  FenceTracker tracker = with_hall(every_fix());
  EXPECT_THAT(tracker.fix("anna", north(-500, 1, 201)), IsEmpty());
  EXPECT_THAT(lines(tracker.fix("anna", north(-500, 2, 200))), ElementsAre("2000 anna hall enter"));
}

TEST(FenceTracker, OneJumpDecidesNothing) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-500, 1));
  EXPECT_THAT(tracker.fix("anna", north(5000, 2, 3)), IsEmpty());
  EXPECT_THAT(tracker.fix("anna", north(-500, 3)), IsEmpty());
  EXPECT_THAT(tracker.inside("anna"), ElementsAre("hall"));
  EXPECT_EQ(tracker.last("anna")->time_ms, 3000);
}

TEST(FenceTracker, AJumpThatTheNextFixConfirmsCountsFromItsOwnTime) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-500, 1));
  EXPECT_THAT(tracker.fix("anna", north(5000, 2)), IsEmpty());
  EXPECT_THAT(lines(tracker.fix("anna", north(5050, 3))), ElementsAre("2000 anna hall exit"));
  EXPECT_EQ(tracker.last("anna")->time_ms, 3000);
}

TEST(FenceTracker, JumpsThatDisagreeDecideNothing) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-500, 1));
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(tracker.fix("anna", north(i % 2 == 0 ? 5000 : 9000, 2 + i)), IsEmpty());
  }
  EXPECT_EQ(tracker.last("anna")->time_ms, 1000);
}

TEST(FenceTracker, IgnoresAnOlderFixUnlessPlain) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-50, 10));
  EXPECT_THAT(tracker.fix("anna", north(50, 9)), IsEmpty());
  EXPECT_EQ(tracker.last("anna")->time_ms, 10'000);
  FenceTracker plain = with_hall(Rule::plain());
  plain.fix("anna", north(-50, 10));
  EXPECT_THAT(lines(plain.fix("anna", north(50, 9))), ElementsAre("9000 anna hall exit"));
}

TEST(FenceTracker, ANewAreaTakesInThoseWhoAreThere) {
  FenceTracker tracker;
  tracker.fix("ben", north(-50, 1, 5));
  tracker.fix("anna", north(-60, 1));
  tracker.fix("carl", north(500, 1));
  const auto transitions = tracker.put_area(hall(), 7000);
  EXPECT_THAT(lines(transitions), ElementsAre("7000 anna hall enter", "7000 ben hall enter"));
  EXPECT_EQ(transitions[1].reason, TransitionReason::area_created);
  EXPECT_NEAR(transitions[1].distance_m, -50, 0.01);
  EXPECT_EQ(transitions[1].acc_m, 5);
  EXPECT_EQ(tracker.occupancy("hall"), 2u);
}

TEST(FenceTracker, AChangedAreaMovesThoseConcernedAndNobodyElse) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-50, 1));
  tracker.fix("ben", north(-900, 1));
  tracker.fix("carl", north(50, 1));
  Area moved = box_area("hall", 50 - 500 / kDegreeM, 9.9, 50 + 100 / kDegreeM, 10.1);
  const auto transitions = tracker.put_area(moved, 8000);
  EXPECT_THAT(lines(transitions), ElementsAre("8000 ben hall exit", "8000 carl hall enter"));
  EXPECT_EQ(transitions[0].reason, TransitionReason::area_changed);
  EXPECT_THAT(tracker.put_area(moved, 9000), IsEmpty());
  EXPECT_EQ(tracker.occupancy("hall"), 2u);
}

TEST(FenceTracker, ARemovedAreaLetsEveryoneOut) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("ben", north(-50, 1));
  tracker.fix("anna", north(-60, 1));
  const auto transitions = tracker.erase_area("hall", 5000);
  EXPECT_THAT(lines(transitions), ElementsAre("5000 anna hall exit", "5000 ben hall exit"));
  EXPECT_EQ(transitions[0].reason, TransitionReason::area_removed);
  EXPECT_TRUE(std::isnan(transitions[0].distance_m));
  EXPECT_THAT(tracker.inside("anna"), IsEmpty());
  EXPECT_THAT(tracker.erase_area("hall", 6000), IsEmpty());
  EXPECT_THAT(tracker.fix("anna", north(-60, 6)), IsEmpty());
}

TEST(FenceTracker, AnErasedUserLeavesAndIsForgotten) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.put_area(circle_area("bar", {50, 10}, 500), 0);
  tracker.fix("anna", north(-50, 1));
  const auto transitions = tracker.erase_user("anna", 3000);
  EXPECT_THAT(lines(transitions), ElementsAre("3000 anna bar exit", "3000 anna hall exit"));
  EXPECT_EQ(transitions[0].reason, TransitionReason::user_erased);
  EXPECT_EQ(tracker.occupancy("hall"), 0u);
  EXPECT_EQ(tracker.last("anna"), std::nullopt);
  EXPECT_THAT(tracker.erase_user("anna", 4000), IsEmpty());
}

TEST(FenceTracker, RestoringMakesNoTransitionAndNoneIsRepeated) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.restore("anna", north(-50, 1), {"hall", "gone", "hall"});
  EXPECT_THAT(tracker.inside("anna"), ElementsAre("hall"));
  EXPECT_EQ(tracker.occupancy("hall"), 1u);
  EXPECT_THAT(tracker.fix("anna", north(-51, 2)), IsEmpty());
  tracker.restore("anna", std::nullopt, {});
  EXPECT_EQ(tracker.occupancy("hall"), 0u);
  EXPECT_THAT(lines(tracker.fix("anna", north(-51, 3))), ElementsAre("3000 anna hall enter"));
}

TEST(FenceTracker, SomeoneRestoredWithoutAPositionStaysUntilAFixComes) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.restore("anna", std::nullopt, {"hall"});
  EXPECT_THAT(tracker.put_area(circle_area("hall", {0, 0}, 10), 5000), IsEmpty());
  EXPECT_THAT(tracker.inside("anna"), ElementsAre("hall"));
  EXPECT_THAT(lines(tracker.fix("anna", north(-51, 6))), ElementsAre("6000 anna hall exit"));
}

/// Fixes of one person at a place, a second apart, until something happens.
std::vector<Transition> stay(FenceTracker& tracker, double meters, std::int64_t from_s, int fixes) {
  std::vector<Transition> out;
  for (int i = 0; i < fixes && out.empty(); ++i) out = tracker.fix("anna", north(meters, from_s + i, 5));
  return out;
}

TEST(FenceTracker, ADwellEndsByTimeAlone) {
  Rule rule = every_fix();
  rule.area.enter_dwell_ms = 60'000;
  FenceTracker tracker = with_hall(rule);
  EXPECT_THAT(tracker.fix("anna", north(-50, 10, 5)), IsEmpty());
  ASSERT_TRUE(tracker.next_due_ms());
  EXPECT_EQ(*tracker.next_due_ms(), 70'000);
  EXPECT_THAT(tracker.advance(69'999), IsEmpty());
  EXPECT_THAT(lines(tracker.advance(75'000)), ElementsAre("70000 anna hall enter"));
  EXPECT_THAT(tracker.advance(80'000), IsEmpty());
}

TEST(FenceTracker, ADwellThatAFixEndsNamesTheFixThatBeganIt) {
  Rule rule = every_fix();
  rule.area.enter_dwell_ms = 5'000;
  FenceTracker tracker = with_hall(rule);
  tracker.fix("anna", north(-50, 10, 5));
  const auto enter = tracker.fix("anna", north(-50, 20, 5));
  EXPECT_THAT(lines(enter), ElementsAre("15000 anna hall enter"));
  EXPECT_EQ(enter[0].fixes.count, 1);
  EXPECT_EQ(enter[0].fixes.time_ms[0], 10'000);
}

TEST(FenceTracker, WhoSaysNothingForTooLongExits) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-50, 10, 5));
  tracker.fix("anna", north(-50, 100, 5));
  const std::int64_t until = 100'000 + tracker.rule().track.stale_ms;
  EXPECT_THAT(tracker.advance(until - 1), IsEmpty());
  const auto exit = tracker.advance(until + 5000);
  EXPECT_THAT(lines(exit), ElementsAre(std::to_string(until) + " anna hall exit"));
  EXPECT_EQ(exit[0].reason, TransitionReason::stale);
  EXPECT_THAT(lines(stay(tracker, -50, until / 1000 + 10, 1)), testing::SizeIs(1))
      << "and comes back by a fix";
}

TEST(FenceTracker, R13_LosingPresenceExitsAfterTheGraceTime) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-50, 10, 5));
  const std::int64_t grace = tracker.rule().track.presence_grace_ms;
  tracker.presence("anna", false, 20'000);
  EXPECT_THAT(tracker.advance(20'000 + grace - 1), IsEmpty());
  tracker.presence("anna", true, 20'000 + grace - 1);
  EXPECT_THAT(tracker.advance(20'000 + grace), IsEmpty()) << "a blip";
  tracker.presence("anna", false, 60'000);
  const auto exit = tracker.advance(60'000 + grace);
  EXPECT_THAT(lines(exit), ElementsAre(std::to_string(60'000 + grace) + " anna hall exit"));
  EXPECT_EQ(exit[0].reason, TransitionReason::presence_lost);
}

TEST(FenceTracker, NothingIsLeftToWaitForOnceAllIsDecided) {
  Rule rule = every_fix();
  rule.track.reorder_ms = 5000;
  rule.area.enter_dwell_ms = 20'000;
  FenceTracker tracker = with_hall(rule);
  for (int i = 10; i < 60; ++i) {
    tracker.presence("anna", i % 2 == 0, i * 1000);
    tracker.fix("anna", north(-50, i, 5));
  }
  tracker.presence("anna", true, 60'000);
  tracker.advance(100'000);
  EXPECT_THAT(tracker.inside("anna"), ElementsAre("hall"));
  EXPECT_TRUE(tracker.safe_region("anna")) << "no fix waits";
  // One timer that sees whether fixes still come, however often presence came and went.
  EXPECT_EQ(tracker.next_due_ms(), 30'000 + tracker.rule().track.stale_ms);
  tracker.fix("anna", north(-50, 200, 5));
  tracker.advance(30'000 + tracker.rule().track.stale_ms);
  EXPECT_EQ(tracker.next_due_ms(), 200'000 + tracker.rule().track.stale_ms);
}

TEST(FenceTracker, AnAreaWithALifetimeCountsOnlyInIt) {
  FenceTracker tracker(every_fix());
  Area area = hall();
  area.from_ms = 100'000;
  area.until_ms = 200'000;
  tracker.put_area(area, 0);
  EXPECT_THAT(tracker.fix("anna", north(-50, 10, 5)), IsEmpty());
  const auto opened = tracker.advance(100'000);
  EXPECT_THAT(lines(opened), ElementsAre("100000 anna hall enter"));
  EXPECT_EQ(opened[0].reason, TransitionReason::schedule);
  EXPECT_THAT(lines(tracker.advance(300'000)), ElementsAre("200000 anna hall exit"));
  EXPECT_THAT(tracker.fix("anna", north(-50, 310, 5)), IsEmpty());
}

TEST(FenceTracker, AnAreaWithOpeningHoursOpensAndCloses) {
  FenceTracker tracker(every_fix());
  Area area = hall();
  area.schedule = Schedule{.time_zone = "Etc/UTC", .week = {}, .exceptions = {}};
  area.schedule->week.fill({Hours{1, 2}});  // from 00:01 to 00:02
  tracker.put_area(area, 0);
  tracker.fix("anna", north(-50, 10, 5));
  EXPECT_THAT(lines(tracker.advance(60'000)), ElementsAre("60000 anna hall enter"));
  EXPECT_THAT(lines(tracker.advance(120'000)), ElementsAre("120000 anna hall exit"));
  EXPECT_EQ(tracker.occupancy("hall"), 0u);
}

TEST(FenceTracker, WhoSaidNothingForTooLongDoesNotEnterWhenAnAreaOpensOrChanges) {
  Area area = hall();
  area.from_ms = 100'000'000;
  FenceTracker tracker(every_fix());
  tracker.put_area(area, 0);
  tracker.fix("anna", north(-50, 10, 5));
  EXPECT_THAT(tracker.advance(100'000'000), IsEmpty());
  EXPECT_THAT(tracker.put_area(hall(), 110'000'000), IsEmpty());
  EXPECT_THAT(lines(tracker.fix("anna", north(-50, 110'001, 5))), ElementsAre("110001000 anna hall enter"));
}

TEST(FenceTracker, AnAreaThatAChangeClosesLetsEveryoneOut) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-50, 10, 5));
  Area area = hall();
  area.until_ms = 15'000;
  const auto closed = tracker.put_area(area, 20'000);
  EXPECT_THAT(lines(closed), ElementsAre("20000 anna hall exit"));
  EXPECT_EQ(closed[0].reason, TransitionReason::area_changed);
  EXPECT_EQ(tracker.occupancy("hall"), 0u);
  EXPECT_THAT(lines(tracker.put_area(hall(), 30'000)), ElementsAre("30000 anna hall enter"));
}

constexpr std::int64_t kDayMs = 86'400'000;

/// Open from nine to six.
Area hall_with_hours() {
  Area area = hall();
  area.schedule = Schedule{.time_zone = "Etc/UTC", .week = {}, .exceptions = {}};
  area.schedule->week.fill({Hours{9 * 60, 18 * 60}});
  return area;
}

TEST(FenceTracker, AfterARestartThoseWhoseAreaClosedMeanwhileLeave) {
  constexpr std::int64_t kNow = 20'000 * kDayMs + 20 * 3'600'000;  // at 20:00, years later
  FenceTracker tracker(every_fix());
  tracker.put_area(hall_with_hours(), kNow);
  tracker.restore("anna", north(-50, kNow / 1000 - 60, 5), {"hall"});
  const auto left = tracker.resume(kNow + 1);
  EXPECT_THAT(lines(left), ElementsAre(std::to_string(kNow + 1) + " anna hall exit"));
  EXPECT_EQ(left[0].reason, TransitionReason::schedule);
  EXPECT_EQ(tracker.take_switched().size(), 1u);
  EXPECT_THAT(tracker.advance(kNow + 2), IsEmpty());
}

TEST(FenceTracker, AfterARestartThoseWhoseAreaOpenedMeanwhileEnter) {
  constexpr std::int64_t kNow = 20'000 * kDayMs + 9 * 3'600'000 + 60'000;  // at 09:01
  FenceTracker tracker(every_fix());
  tracker.put_area(hall_with_hours(), kNow);
  tracker.restore("anna", north(-50, kNow / 1000 - 120, 5), {});
  const auto entered = tracker.resume(kNow);
  EXPECT_THAT(lines(entered), ElementsAre(std::to_string(kNow) + " anna hall enter"));
  EXPECT_EQ(entered[0].reason, TransitionReason::schedule);
  EXPECT_EQ(tracker.take_switched().size(), 1u);
}

TEST(FenceTracker, AnAreaThatIsPutManyTimesHasOneTimer) {
  FenceTracker once(every_fix()), often(every_fix());
  once.put_area(hall_with_hours(), 0);
  for (int i = 0; i < 50; ++i) often.put_area(hall_with_hours(), i);
  for (FenceTracker* tracker : {&once, &often}) tracker->fix("anna", north(-50, 9 * 3600 - 60, 5));
  EXPECT_EQ(once.timers(), often.timers());
  for (FenceTracker* tracker : {&once, &often})
    EXPECT_THAT(lines(tracker->advance(9 * 3'600'000)), ElementsAre("32400000 anna hall enter"));
  EXPECT_EQ(once.timers(), often.timers());
}

TEST(FenceTracker, ASteadyStreamWithAReorderWindowKeepsOneTimer) {
  Rule rule = every_fix();
  rule.track.reorder_ms = 5000;
  FenceTracker tracker(rule);  // no area: no other timer
  for (int i = 10; i < 200; ++i) {
    tracker.advance(i * 1000);
    tracker.fix("anna", north(-50, i, 5));
    ASSERT_EQ(tracker.timers(), 1u) << i;
  }
  tracker.advance(300'000);
  EXPECT_EQ(tracker.timers(), 0u);
  EXPECT_EQ(tracker.last("anna")->time_ms, 199'000);
}

TEST(FenceTracker, R13_WhoGoesOnSendingAfterPresenceEndedStays) {
  FenceTracker tracker = with_hall(every_fix());
  tracker.fix("anna", north(-50, 10, 5));
  tracker.presence("anna", false, 11'000);  // one device says goodbye, another one goes on
  for (int i = 20; i < 4000; i += 20) {
    EXPECT_THAT(tracker.advance(i * 1000), IsEmpty()) << i;
    EXPECT_THAT(tracker.fix("anna", north(-50, i, 5)), IsEmpty()) << i;
  }
}

TEST(FenceTracker, NobodyPassesThroughHighAboveAnArea) {
  FenceTracker tracker(every_fix());
  Area area = box_area("hall", 50, 9.999, 50 + 10 / kDegreeM, 10.001);
  area.rule = AreaRule{.pass_through = true};
  area.altitude_m = {0, 20};
  tracker.put_area(area, 0);
  Position from = north(-50, 10, 5), to = north(50, 20, 5);
  from.alt_m = to.alt_m = 9000;
  tracker.fix("anna", from);
  EXPECT_THAT(tracker.fix("anna", to), IsEmpty());
  from.time_ms = 30'000;
  from.alt_m = 10;
  tracker.fix("anna", from);
  to.time_ms = 40'000;
  to.alt_m = 10;
  to.acc_m = 7;
  const auto passed = tracker.fix("anna", to);
  ASSERT_EQ(passed.size(), 1u);
  EXPECT_EQ(passed[0].acc_m, 7);
  EXPECT_EQ(passed[0].fixes.time_ms[0], 40'000);
}

TEST(FenceTracker, PassingThroughIsReportedWhereAskedFor) {
  FenceTracker tracker(every_fix());
  Area asked = box_area("asked", 50.001, 9.9, 50.002, 10.1),
       other = box_area("other", 50.001, 9.9, 50.002, 10.1);
  asked.rule = AreaRule{.pass_through = true};
  tracker.put_area(asked, 0);
  tracker.put_area(other, 0);
  EXPECT_THAT(tracker.fix("anna", {.at = {50, 10}, .time_ms = 1000, .acc_m = 5}), IsEmpty());
  EXPECT_THAT(lines(tracker.fix("anna", {.at = {50.003, 10}, .time_ms = 31'000, .acc_m = 5})),
              ElementsAre("31000 anna asked pass_through"));
}

TEST(FenceTracker, HeightCountsWhereTheAreaHasLimits) {
  FenceTracker tracker(every_fix());
  Area upstairs = hall();
  upstairs.floor = Range{.low = 1, .high = 2};
  tracker.put_area(upstairs, 0);
  Position fix = north(-50, 1, 5);
  EXPECT_THAT(tracker.fix("anna", fix), IsEmpty()) << "the floor is not known";
  for (const auto& [floor, line] :
       std::vector<std::pair<int, std::string>>{{1, "enter"}, {2, ""}, {0, "exit"}, {3, ""}, {1, "enter"}}) {
    fix.time_ms += 1000;
    fix.floor = floor;
    const auto out = tracker.fix("anna", fix);
    ASSERT_EQ(out.empty(), line.empty()) << floor;
    if (!out.empty()) {
      EXPECT_EQ(to_string(out[0].kind), line);
    }
  }
  fix.time_ms += 1000;
  fix.floor.reset();
  EXPECT_THAT(tracker.fix("anna", fix), IsEmpty()) << "nothing to go by";
}

TEST(FenceTracker, AnAreaDrawnWhereNothingWasIsSeenByThoseWithRoomToMove) {
  FenceTracker tracker(every_fix());
  for (int i = 0; i < 50; ++i) ASSERT_THAT(tracker.fix("anna", north(i, i, 5)), IsEmpty());
  tracker.put_area(box_area("new", 50 + 60 / kDegreeM, 9.9, 50 + 90 / kDegreeM, 10.1), 0);
  EXPECT_THAT(lines(tracker.fix("anna", north(65, 60, 5))), ElementsAre("60000 anna new enter"));
  tracker.erase_area("new", 0);
  tracker.put_area(box_area("far", 50 + 200 / kDegreeM, 9.9, 50 + 300 / kDegreeM, 10.1), 0);
  EXPECT_THAT(lines(tracker.fix("anna", north(205, 70, 5))), ElementsAre("70000 anna far enter"));
}

/// Star-shaped polygons with a hole, with all vertices on a grid of 1/4096 degree.
class StarMaker {
 public:
  explicit StarMaker(std::uint64_t seed) : random_(seed) {}

  std::vector<Area> areas(int count) {
    std::vector<Area> result;
    while (static_cast<int>(result.size()) < count) {
      const LatLon center{offset(400), 116 + offset(400)};
      std::vector<AreaProblem> errors, repaired;
      Polygons polygons = build_polygons({{ring(center, 30, 120), ring(center, 5, 29)}}, errors, repaired);
      if (errors.empty())
        result.push_back({"star-" + std::to_string(result.size()), "", std::move(polygons)});
    }
    return result;
  }

  LatLon step(LatLon from) { return {from.lat + offset(12), from.lon + offset(12)}; }

  static constexpr double kSteps = 4096;

 private:
  double offset(int range) { return std::uniform_int_distribution<int>(-range, range)(random_) / kSteps; }

  Ring ring(LatLon center, int least, int most) {
    const int count = std::uniform_int_distribution<int>(4, 20)(random_);
    Ring ring;
    for (int i = 0; i < count; ++i) {
      const double angle = 2 * std::acos(-1.0) * i / count;
      const double radius = std::uniform_int_distribution<int>(least, most)(random_);
      ring.push_back({center.lat + std::round(radius * std::sin(angle)) / kSteps,
                      center.lon + std::round(radius * std::cos(angle)) / kSteps});
    }
    ring.push_back(ring.front());
    return ring;
  }

  std::mt19937_64 random_;
};

TEST(FenceTracker, R8_R24_PlainRuleAgreesWithABruteForceTwin) {
  std::size_t transitions = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    StarMaker stars(seed);
    const std::vector<Area> areas = stars.areas(40);
    FenceTracker tracker(Rule::plain());
    for (const Area& area : areas) tracker.put_area(area, 0);
    test::Twin twin(areas, StarMaker::kSteps);
    std::vector<LatLon> users(10, {0, 116});
    for (int i = 0; i < 2000; ++i) {
      LatLon& at = users[i % users.size()];
      at = stars.step(at);
      const std::string user = "user-" + std::to_string(i % users.size());
      const Position position{at, i * 1000, {}};
      const auto expected = twin.fix(user, position);
      ASSERT_EQ(lines(tracker.fix(user, position)), expected) << "seed " << seed << ", fix " << i;
      transitions += expected.size();
    }
  }
  EXPECT_GT(transitions, 1000u);
}

TEST(FenceTracker, NewAreaFindsWhoStandsOnTheAntimeridianWhicheverSideIsNamed) {
  FenceTracker tracker(Rule::plain());
  tracker.fix("anna", {.at = {0, 180}, .time_ms = 1000});
  tracker.fix("bert", {.at = {0, -180}, .time_ms = 1000});
  EXPECT_EQ(tracker.put_area(box_area("east", -1, -180, 1, -179), 2000).size(), 2u);
  EXPECT_EQ(tracker.put_area(box_area("west", -1, 179, 1, 180), 3000).size(), 2u);
}

}  // namespace
}  // namespace convoke::geo
