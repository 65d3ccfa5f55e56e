#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using test::CoreWorld;
using testing::IsEmpty;
using testing::SizeIs;
using topics::PlanId;
using topics::UserId;

constexpr TimeMs kDayMs = 24 * 3'600'000LL;

struct Retention : CoreWorld {
  explicit Retention(const std::string& keep = "") {
    plan("[[plan]]\nid = \"p\"\n" + keep +
         "audience = { presence = \"any\", any = [{ users = [\"anna\", \"ben\"] }] }\n"
         "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  }
  GroupId start(const std::string& key = "k") {
    StartOutcome outcome;
    step([&](Engine& e, Context& ctx) {
      outcome = start_group(e.state(), e.state().plans.at(PlanId::parse("p")), "staff eve", key, ctx);
    });
    return outcome.group;
  }
  void retire(const GroupId& id) {
    step([&](Engine& e, Context& ctx) { e.feed_confirmed(id, ctx); });
  }
  bool has_details(const GroupId& id) const { return engine.state().groups.contains(id); }
  bool is_tombstone(const GroupId& id) const { return engine.state().tombstones.contains(id); }
};

TEST(Retention, DetailsOfAGroupGoAfterThePlansTimeAndItsIdStays) {
  Retention w("keep = \"2d\"\n");
  const GroupId id = w.start();
  w.pass(3'600'000);
  w.retire(id);
  w.pass(2 * kDayMs - 1);
  EXPECT_TRUE(w.has_details(id));
  w.pass(1);
  EXPECT_FALSE(w.has_details(id));
  EXPECT_TRUE(w.is_tombstone(id));
  EXPECT_TRUE(w.fx.forgotten.contains(id));
  EXPECT_THAT(w.engine.state().start_keys, IsEmpty());
}

TEST(Retention, IsThirtyDaysWhereThePlanSaysNothing) {
  Retention w;
  const GroupId id = w.start();
  w.step([&](Engine& e, Context& ctx) { end_group(e.state(), w.group(), "staff", ctx); });
  w.retire(id);
  w.pass(30 * kDayMs - 1);
  EXPECT_TRUE(w.has_details(id));
  w.pass(1);
  EXPECT_FALSE(w.has_details(id));
}

TEST(Retention, IsThatOfThePlanAtTheEndThoughThePlanIsWithdrawn) {
  Retention w("keep = \"1d\"\n");
  const GroupId id = w.start();
  w.step([](Engine& e, Context& ctx) { e.delete_plan(PlanId::parse("p"), ctx); });
  w.retire(id);
  w.pass(kDayMs);
  EXPECT_TRUE(w.is_tombstone(id));
}

TEST(Retention, WaitsUntilTheBrokerHasConfirmedTheEnd) {
  Retention w("keep = \"1d\"\n");
  const GroupId id = w.start();
  w.pass(3'600'000 + 2 * kDayMs);
  EXPECT_TRUE(w.has_details(id));
  w.retire(id);
  w.pass(0);
  EXPECT_TRUE(w.is_tombstone(id));
}

TEST(Retention, APhoneThatWasAwayForLongerLearnsOfTheEnd) {
  Retention w("keep = \"1d\"\n");
  const GroupId id = w.start();
  w.pass(3'600'000);
  w.retire(id);
  w.pass(kDayMs);
  const auto answer = w.request("anna", messages::ResumeRequest{{{id.str(), 1, false}}});
  EXPECT_THAT(std::get<messages::ResumeAnswer>(answer.result).ends, SizeIs(1));
}

TEST(Retention, AnIdIsNotUsedAgainAfterwards) {
  Retention w("keep = \"1d\"\n");
  const GroupId id = w.start();
  w.pass(3'600'000);
  w.retire(id);
  w.pass(kDayMs);
  w.ids.push_front(id);
  EXPECT_NE(w.start("k2"), id);
}

TEST(Retention, ForgetsManyInSteps) {
  Retention w("keep = \"1d\"\n");
  for (int i = 0; i < 250; ++i) {
    const GroupId id = w.start("k" + std::to_string(i));
    w.step([&](Engine& e, Context& ctx) { end_group(e.state(), w.group(), "staff", ctx); });
    w.retire(id);
  }
  w.now += kDayMs;
  w.step([](Engine& e, Context& ctx) { e.tick(ctx); });
  EXPECT_THAT(w.fx.forgotten, SizeIs(100));
  w.pass(10);
  EXPECT_THAT(w.engine.state().tombstones, SizeIs(250));
}

TEST(Retention, KeepsWhyWhoWasAMemberUntilThen) {
  Retention w;
  const GroupId id = w.start();
  w.request("ben", messages::LeaveRequest{id.str()});
  const PastMember& ben = w.fx.past.at({id, UserId::parse("ben")});
  EXPECT_EQ(ben.why, "listed");
  EXPECT_EQ(ben.reason, "left");
  EXPECT_EQ(ben.joined_ms, CoreWorld::kStart);
  w.pass(3'600'000);
  const PastMember& anna = w.fx.past.at({id, UserId::parse("anna")});
  EXPECT_EQ(anna.reason, "duration");
  EXPECT_EQ(anna.left_ms, CoreWorld::kStart + 3'600'000);
}

}  // namespace
}  // namespace convoke::core
