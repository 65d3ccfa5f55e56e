#include "backend/core/safe_regions.h"

#include <gtest/gtest.h>

#include "tests/support/core_world.h"
#include "topics/messages/limits.h"

namespace convoke::core {
namespace {

using messages::ReportPosition;
using messages::SafeRegion;
using test::CoreWorld;
using topics::UserId;

/// A hall of 100 m on the equator, and Mia about it.
class SafeRegions : public testing::Test {
 protected:
  static constexpr double kMeter = 1 / 111'195.0;
  SafeRegions() { w.area("hall", 0, 0, 100); }

  void report(double east_m) { w.report("mia", 0, east_m * kMeter); }
  std::vector<messages::InboxMessage> inbox() const { return w.inbox("mia"); }
  std::size_t told() const { return inbox().size(); }
  SafeRegion last() const { return std::get<SafeRegion>(inbox().back()); }
  bool last_holds(double east_m) const { return holds(last(), 0, east_m * kMeter); }
  /// Where in the last step's output the first message on such a topic is.
  std::size_t place_of(const std::string& part) const {
    for (std::size_t i = 0; i < w.fx.out.size(); ++i)
      if (const auto* p = std::get_if<Publish>(&w.fx.out[i]); p && p->topic.find(part) != std::string::npos)
        return i;
    return w.fx.out.size();
  }
  const Publish& published(const std::string& part) const {
    return std::get<Publish>(w.fx.out.at(place_of(part)));
  }

  CoreWorld w;
};

TEST_F(SafeRegions, AReportIsAnsweredWithTheRegionAroundIt) {
  report(0);
  ASSERT_EQ(told(), 1U);
  EXPECT_EQ(last().time_ms, w.now);
  EXPECT_EQ(last().max_age_s, 600U);
  EXPECT_TRUE(last_holds(90));
  EXPECT_FALSE(last_holds(101));
  EXPECT_LE(published("/in").payload.size(), messages::kSafeRegionBytes);
  EXPECT_FALSE(published("/in").durable) << "the next report would bring it again";
}

TEST_F(SafeRegions, AReportFromWithinIsNotAnsweredAgain) {
  report(0);
  report(50);
  EXPECT_EQ(told(), 1U);
}

TEST_F(SafeRegions, AReportFromOutsideIsAnsweredAnewAndAfterItsTransition) {
  report(0);
  report(150);
  ASSERT_EQ(told(), 2U);
  EXPECT_TRUE(last_holds(150));
  EXPECT_LT(place_of("area/hall/events"), place_of("/in"));
}

TEST_F(SafeRegions, OfALongReportOnlyTheEndIsAnswered) {
  w.step([&](Engine& e, Context& ctx) {
    for (const double east_m : {0.0, 150.0, 0.0, 150.0})
      e.position(UserId::parse("mia"), {w.now, 0, east_m * kMeter, 5.0, {}, {}}, ctx);
    e.reported(UserId::parse("mia"), {w.now, 0, 150 * kMeter, 5.0, {}, {}}, true, ctx);
  });
  ASSERT_EQ(told(), 1U);
  EXPECT_TRUE(last_holds(150));
}

TEST_F(SafeRegions, RightAtAnEdgeThereIsNone) {
  report(99.99);
  EXPECT_EQ(told(), 0U);
  report(99);
  EXPECT_EQ(told(), 1U);
}

TEST_F(SafeRegions, SixAtOnceAndThenOneInTenSeconds) {
  for (int i = 0; i < 20; ++i) report(i % 2 == 0 ? 0 : 150);
  EXPECT_EQ(told(), 6U);
  w.pass(10'000);
  report(0);
  report(150);
  EXPECT_EQ(told(), 7U);
  w.pass(3'600'000);
  for (int i = 0; i < 20; ++i) report(i % 2 == 0 ? 0 : 150);
  EXPECT_EQ(told(), 13U);
}

TEST_F(SafeRegions, ManyReportsFromWithinMeanThatThePhoneDoesNotHoldIt) {
  for (int i = 0; i < 8; ++i) report(i);
  EXPECT_EQ(told(), 1U);
  report(8);
  EXPECT_EQ(told(), 2U);
}

TEST_F(SafeRegions, AfterAResumeTheNextReportIsAnswered) {
  report(0);
  w.request("mia", messages::ResumeRequest{});
  EXPECT_EQ(told(), 1U);
  report(0);
  EXPECT_EQ(told(), 2U);
}

TEST_F(SafeRegions, AppsThatDoNotTakeRegionsAreNotToldUnlessAnotherDeviceDoes) {
  w.report("mia", 0, 0, false);
  EXPECT_EQ(told(), 0U);
  report(0);
  w.report("mia", 0, 500 * kMeter, false);
  ASSERT_EQ(told(), 2U);
  EXPECT_FALSE(last_holds(0)) << "the terminal finds itself outside, and reports";
}

TEST_F(SafeRegions, ANewAreaCallsBackTheRegionsItMeetsBeforeAllElse) {
  report(500);
  ASSERT_TRUE(last_holds(760));
  w.area("stage", 0, 600 * kMeter, 150);  // round her, and she has not moved
  ASSERT_EQ(told(), 2U);
  EXPECT_FALSE(last_holds(760)) << "outside of it";
  EXPECT_TRUE(last_holds(500));
  EXPECT_EQ(place_of("/in"), 0U);
  EXPECT_LT(place_of("/in"), place_of("area/stage/events"));
  EXPECT_TRUE(published("/in").durable);
}

TEST_F(SafeRegions, ACallBackIsNotHeldUpByTheRate) {
  for (int i = 0; i < 6; ++i) report(i % 2 == 0 ? 0 : 500);
  w.area("stage", 0, 600 * kMeter, 150);
  EXPECT_EQ(told(), 7U);
}

TEST_F(SafeRegions, AnAreaDrawnThroughHerAsksForAPosition) {
  report(500);
  w.area("stage", 0, 600 * kMeter, 100);
  ASSERT_EQ(told(), 2U);
  EXPECT_TRUE(std::holds_alternative<ReportPosition>(inbox().back()));
  EXPECT_TRUE(published("/in").durable);
  w.area("stage", 0, 600 * kMeter, 101);
  EXPECT_EQ(told(), 2U) << "she holds none";
  report(520);
  EXPECT_EQ(told(), 3U);
}

TEST_F(SafeRegions, AreasThatMeetNoRegionCallNothingBack) {
  report(0);
  w.area("far", 1, 1, 100);
  w.area("beside", 0, 300 * kMeter, 100);
  w.area("hall", 0, 0, 100);
  EXPECT_EQ(told(), 1U);
}

TEST_F(SafeRegions, ManyAreasAtOnceCallBackWhatTheyMeet) {
  report(500);
  std::vector<geo::Area> many;
  for (int i = 0; i < 1000; ++i)
    many.push_back({"a" + std::to_string(i), "", geo::Circle{{10 + i * 0.01, 20}, 50}});
  w.step([&](Engine& e, Context& ctx) { e.put_areas(many, ctx); });
  EXPECT_EQ(told(), 1U);
  many.back() = {"stage", "", geo::Circle{{0, 700 * kMeter}, 50}};
  w.step([&](Engine& e, Context& ctx) { e.put_areas(many, ctx); });
  ASSERT_EQ(told(), 2U);
  EXPECT_FALSE(last_holds(650));
}

TEST_F(SafeRegions, RegionsAcrossTheAntimeridianAreCalledBackToo) {
  w.report("mia", 0, 179.999);
  ASSERT_TRUE(holds(last(), 0, -179.995));
  w.area("fiji", 0, -179.995, 50);
  ASSERT_EQ(told(), 2U);
  EXPECT_FALSE(holds(last(), 0, -179.995));
}

/// What the server had told before it was started anew is not known.
class SafeRegionsAfterARestart : public SafeRegions {
 protected:
  SafeRegionsAfterARestart() {
    User mia;
    mia.id = UserId::parse("mia");
    w.engine.load_user(mia);
    w.engine.load_position(UserId::parse("mia"), {{0, 500 * kMeter}, w.now, 5.0});
    w.engine.loaded(w.now);
  }
};

TEST_F(SafeRegionsAfterARestart, AChangedAreaNearHerAsksOnceForAPosition) {
  w.area("far", 0, 0.5, 100);
  EXPECT_EQ(told(), 0U);
  w.area("stage", 0, 4'000 * kMeter, 100);
  ASSERT_EQ(told(), 1U);
  EXPECT_TRUE(std::holds_alternative<ReportPosition>(inbox().back()));
  EXPECT_TRUE(published("/in").durable);
  w.area("stage", 0, 4'000 * kMeter, 200);
  EXPECT_EQ(told(), 1U);
}

TEST_F(SafeRegionsAfterARestart, WhoIsThereWithoutAStoredPositionIsAskedToo) {
  w.available("ben");
  w.presence("eve", messages::PresenceState::offline);
  w.area("far", 0, 0.5, 100);
  EXPECT_EQ(w.inbox("ben").size(), 1U);
  EXPECT_EQ(w.inbox("eve").size(), 0U);
}

TEST_F(SafeRegionsAfterARestart, WhoHasReportedSinceHoldsAKnownRegion) {
  report(500);
  w.area("stage", 0, 4'000 * kMeter, 100);
  EXPECT_EQ(told(), 1U);
}

TEST_F(SafeRegionsAfterARestart, AfterTheMaximumAgeNobodyHoldsAnOldRegion) {
  w.pass(600'000);
  w.area("stage", 0, 4'000 * kMeter, 100);
  EXPECT_EQ(told(), 0U);
}

TEST(SafeRegionsSmoothed, NoneWhileADecisionIsPending) {
  geo::Rule rule;
  rule.area = {.exit_margin_m = 10};
  geo::FenceTracker tracker(rule);
  tracker.put_area({"hall", "", geo::Circle{{0, 0}, 100}}, 0);
  const auto east = [](double meters) { return geo::LatLon{0, meters / 111'195}; };
  tracker.fix("mia", {east(90), 1'000, 5.0});
  EXPECT_TRUE(tracker.safe_region("mia"));
  tracker.fix("mia", {east(105), 2'000, 5.0});
  EXPECT_FALSE(tracker.safe_region("mia")) << "a little further and she is out";
  tracker.fix("mia", {east(115), 3'000, 5.0});
  EXPECT_TRUE(tracker.safe_region("mia"));
  tracker.fix("mia", {east(9'000), 4'000, 5.0});
  EXPECT_FALSE(tracker.safe_region("mia")) << "too fast to be believed yet";
  EXPECT_FALSE(tracker.safe_region("ben"));
}

}  // namespace
}  // namespace convoke::core
