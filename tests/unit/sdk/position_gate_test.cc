#include "mobile-sdk/src/position_gate.h"

#include "tests/unit/sdk/phone.h"

namespace convoke::sdk {
namespace {

using messages::InboxMessage;
using messages::SafeRegion;

const std::string kPositions = kOwn + "pos";

/// On a street along the equator, by metres from its beginning.
Fix at(std::int64_t time_ms, double meters) { return {.time_ms = time_ms, .lat = 0, .lon = meters * 1e-5}; }

/// The street from here to there.
SafeRegion street(std::int64_t time_ms, double from_m, double to_m) {
  const auto west = std::llround(from_m * 100), east = std::llround(to_m * 100);
  return {.time_ms = time_ms,
          .max_age_s = 600,
          .ring = {{-1000, west}, {-1000, east}, {1000, east}, {1000, west}}};
}

class GatedPhone : public Phone {
 public:
  explicit GatedPhone(bool suppress_positions = true) : Phone({}, suppress_positions) { online(); }
  void tell(const SafeRegion& region) { arrive(kInbox, encode(InboxMessage{region})); }
  void ask() { arrive(kInbox, encode(InboxMessage{messages::ReportPosition{}})); }

  /// The times of the fixes of each report sent since the last call.
  std::vector<std::vector<std::int64_t>> reports() {
    std::vector<std::vector<std::int64_t>> found;
    for (const PublishCommand& sent : take_published(kPositions)) {
      found.emplace_back();
      const auto report = messages::decode_position_report(sent.payload);
      for (const auto& fix : report->fixes) found.back().push_back(fix.time_ms);
    }
    return found;
  }
};

using Reports = std::vector<std::vector<std::int64_t>>;

TEST(PositionGate, SendsEveryFixUntilARegionIsTold) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.report(at(2, 5));
  EXPECT_EQ(phone.reports(), (Reports{{1}, {2}}));
}

TEST(PositionGate, KeepsSilentWithinTheRegion) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  for (int i = 2; i < 40; ++i) phone.report(at(i, i));
  EXPECT_EQ(phone.reports(), (Reports{{1}}));
  EXPECT_EQ(phone.session().position_counts().sent, 1U);
  EXPECT_EQ(phone.session().position_counts().suppressed, 38U);
}

TEST(PositionGate, LeavingSendsTheLastFixInsideToo) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  phone.report(at(2, 20));
  phone.report(at(3, 40));
  phone.report(at(4, 60));
  EXPECT_EQ(phone.reports(), (Reports{{1}, {3, 4}}));
}

TEST(PositionGate, ARegionThatWasLeftHoldsNoMore) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  phone.report(at(2, 60));
  phone.report(at(3, 40));
  EXPECT_EQ(phone.reports(), (Reports{{1}, {2}, {3}}));
  phone.tell(street(3, -50, 50));
  phone.report(at(4, 0));
  EXPECT_EQ(phone.reports(), Reports{});
}

TEST(PositionGate, TakesARegionOfAnEarlierFixThatHoldsForTheLaterOnes) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.report(at(2, 10));
  phone.tell(street(1, -50, 50));
  phone.report(at(3, 20));
  EXPECT_EQ(phone.reports(), (Reports{{1}, {2}}));
}

TEST(PositionGate, TakesNoRegionThatSomeLaterFixHasLeft) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.report(at(2, 60));  // left before it was told
  phone.report(at(3, 0));   // and came back
  phone.tell(street(1, -50, 50));
  phone.report(at(4, 10));
  EXPECT_EQ(phone.reports(), (Reports{{1}, {2}, {3}, {4}}));
}

TEST(PositionGate, ANewRegionThatThePhoneIsNotInMakesItReportAtOnce) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  phone.report(at(2, 40));
  phone.tell(street(1, -50, 30));  // an area was drawn
  EXPECT_EQ(phone.reports(), (Reports{{1}, {2}}));
  phone.report(at(3, 0));
  EXPECT_EQ(phone.reports(), (Reports{{3}})) << "and holds no region until the next";
}

TEST(PositionGate, ANewRegionThatThePhoneIsInReplacesTheOld) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  phone.report(at(2, 20));
  phone.tell(street(1, -50, 30));
  phone.report(at(3, 40));
  EXPECT_EQ(phone.reports(), (Reports{{1}, {2, 3}}));
}

TEST(PositionGate, ReportsWhenTheServerAsks) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  phone.report(at(2, 20));
  phone.ask();
  EXPECT_EQ(phone.reports(), (Reports{{1}, {2}}));
  EXPECT_EQ(phone.take_events<PositionWanted>().size(), 1U);
  phone.report(at(3, 20));
  EXPECT_EQ(phone.reports(), (Reports{{3}})) << "the region was called back";
}

TEST(PositionGate, ReportsTheNewestFixAtTheMaximumAge) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  phone.wait(1'000);
  phone.report(at(2, 5));
  EXPECT_EQ(phone.session().next_tick(), phone.now().steady_ms - 1'000 + 600'000);
  phone.wait(598'999);
  EXPECT_EQ(phone.reports(), (Reports{{1}}));
  phone.wait(1);
  EXPECT_EQ(phone.reports(), (Reports{{2}}));
  phone.wait(600'000);
  EXPECT_EQ(phone.reports(), Reports{}) << "nothing newer is known";
  phone.report(at(3, 5));
  EXPECT_EQ(phone.reports(), (Reports{{3}}));
  phone.report(at(4, 5));
  EXPECT_EQ(phone.reports(), Reports{}) << "the region holds on";
}

TEST(PositionGate, ANewConnectionBeginsWithAReport) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  phone.on(PublishDone{phone.take_published(kPositions).at(0).ticket, 0});
  phone.report(at(2, 20));
  phone.on(LinkDown{0, "tunnel"});
  phone.report(at(3, 30));
  phone.wait(60'000);
  phone.on(LinkUp{true});
  EXPECT_EQ(phone.reports(), (Reports{{2, 3}}));
  phone.report(at(4, 30));
  EXPECT_EQ(phone.reports(), (Reports{{4}})) << "no region of an old connection";
}

TEST(PositionGate, TakesNoRegionBeforeItHasReportedOnThisConnection) {
  GatedPhone phone;
  phone.report(at(1, 0));
  phone.on(PublishDone{phone.take_published(kPositions).at(0).ticket, 0});
  phone.on(LinkDown{0, "tunnel"});
  phone.wait(60'000);
  phone.on(LinkUp{true});
  phone.tell(street(1, -50, 50));  // waited in the broker
  phone.report(at(2, 0));
  EXPECT_EQ(phone.reports(), (Reports{{2}}));
}

TEST(PositionGate, TakesNoRegionOlderThanItRemembers) {
  GatedPhone phone;
  for (int i = 1; i <= 17; ++i) phone.report(at(i, 0));
  phone.tell(street(1, -50, 50));
  phone.reports();
  phone.report(at(18, 0));
  EXPECT_EQ(phone.reports(), (Reports{{18}}));
  phone.tell(street(3, -50, 50));
  phone.report(at(19, 0));
  EXPECT_EQ(phone.reports(), Reports{});
}

TEST(PositionGate, CanBeSwitchedOff) {
  GatedPhone phone(false);
  phone.report(at(1, 0));
  phone.tell(street(1, -50, 50));
  phone.report(at(2, 0));
  EXPECT_EQ(phone.reports(), (Reports{{1}, {2}}));
}

TEST(PositionGate, PassesOverInboxTypesOfLaterVersions) {
  GatedPhone phone;
  phone.arrive(kInbox, R"({"type":"announcement","text":"hello"})");
  EXPECT_TRUE(phone.take_events<Refused>().empty());
}

}  // namespace
}  // namespace convoke::sdk
