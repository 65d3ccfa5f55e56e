#include "backend/core/invitations.h"

#include <gtest/gtest.h>

#include "backend/core/moderation.h"
#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using messages::PresenceState;
using test::CoreWorld;
using topics::PlanId;
using topics::UserId;

constexpr TimeMs kMinute = 60'000;

struct Timed : CoreWorld {
  explicit Timed(const std::string& timing, const std::string& more = "") {
    plan(
        "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\", \"ben\", \"cleo\", \"dora\"] }] }\n"
        "start_timing = { " +
        timing + " }\n" + more + "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  }
  StartResult start(const std::string& key = "") {
    StartOutcome outcome;
    step([&](Engine& e, Context& ctx) {
      outcome = start_group(e.state(), e.state().plans.begin()->second, "staff eve", key, ctx);
    });
    return outcome.result;
  }
  std::size_t starts(const std::string& user) const {
    std::size_t n = 0;
    for (const auto& message : inbox(user)) n += std::holds_alternative<messages::ChatStart>(message);
    return n;
  }
};

TEST(StartTiming, R1_R17_AfterADelayWithThoseWhoAreAvailableThen) {
  Timed w("delay = \"5m\"");
  w.available("anna");
  EXPECT_EQ(w.start(), StartResult::scheduled);
  EXPECT_EQ(w.start(), StartResult::already_live);
  w.pass(5 * kMinute - 1);
  EXPECT_EQ(w.live_groups(), 0u);
  EXPECT_EQ(w.starts("anna"), 0u);
  w.available("ben");
  w.pass(1);
  EXPECT_EQ(w.group().members.size(), 2u);
  EXPECT_EQ(w.group().reasons.size(), 2u);
  EXPECT_EQ(w.group().ends_ms, w.now + 60 * kMinute) << "the duration counts from the opening";
}

TEST(StartTiming, R1_AtASetTime) {
  Timed w("at = 2026-01-01T03:00:00Z");
  w.available("anna");
  EXPECT_EQ(w.start(), StartResult::scheduled);
  w.pass(3 * 60 * kMinute - 1);
  EXPECT_EQ(w.live_groups(), 0u);
  w.pass(1);
  EXPECT_EQ(w.live_groups(), 1u);
}

TEST(StartTiming, AScheduledGroupForWhichNobodyComesIsRetired) {
  Timed w("delay = \"5m\"");
  EXPECT_EQ(w.start("k"), StartResult::scheduled);
  w.pass(5 * kMinute);
  EXPECT_EQ(w.events<EndEvent>().at(0).reason, "no-members");
  EXPECT_EQ(w.start("k"), StartResult::same_key);
  w.available("anna");
  EXPECT_EQ(w.start(), StartResult::scheduled) << "the plan is free again";
}

TEST(StartTiming, AScheduledGroupCanBeCalledOffAndNobodyHearsOfIt) {
  Timed w("delay = \"5m\"");
  w.available("anna");
  w.start();
  w.step([](Engine& e, Context& ctx) { EXPECT_TRUE(e.delete_plan(PlanId::parse("p"), ctx)); });
  EXPECT_EQ(w.events<EndEvent>().at(0).reason, "plan-withdrawn");
  w.pass(60 * kMinute);
  EXPECT_TRUE(w.inbox("anna").empty());
}

TEST(StartTiming, R1_EachAsSoonAsTheyAreAvailable) {
  Timed w("when_available = \"10m\"");
  w.available("anna");
  EXPECT_EQ(w.start(), StartResult::started);
  EXPECT_EQ(w.group().members.size(), 1u);
  w.pass(9 * kMinute);
  w.available("ben");
  EXPECT_EQ(w.group().members.size(), 2u);
  EXPECT_EQ(w.starts("ben"), 1u);
  w.pass(kMinute + 1);
  w.available("cleo");
  EXPECT_EQ(w.group().members.size(), 2u) << "too late";
  EXPECT_TRUE(w.group().invited.empty());
}

TEST(StartTiming, R1_WithNobodyAvailableTheFirstOpens) {
  Timed w("when_available = \"10m\"");
  EXPECT_EQ(w.start(), StartResult::scheduled);
  EXPECT_EQ(w.live_groups(), 0u);
  w.pass(kMinute);
  w.available("ben");
  EXPECT_EQ(w.group().members.size(), 1u);
  w.available("anna");
  EXPECT_EQ(w.group().members.size(), 2u);
  EXPECT_EQ(w.events<StartEvent>().size(), 1u);
}

TEST(StartTiming, R1_WithNobodyAvailableInTimeNothingOpens) {
  Timed w("when_available = \"10m\"");
  w.start();
  w.pass(10 * kMinute);
  EXPECT_EQ(w.events<EndEvent>().at(0).reason, "no-members");
  w.available("anna");
  EXPECT_EQ(w.live_groups(), 0u);
}

TEST(StartTiming, R1_SpreadsTheMembersEvenly) {
  Timed w("spread = \"4m\"");
  for (const char* user : {"anna", "ben", "cleo", "dora"}) w.available(user);
  w.start();
  EXPECT_EQ(w.group().members.size(), 1u);
  for (std::size_t n = 2; n <= 4; ++n) {
    w.pass(kMinute - 1);
    EXPECT_EQ(w.group().members.size(), n - 1);
    w.pass(1);
    EXPECT_EQ(w.group().members.size(), n);
  }
}

TEST(StartTiming, TheLastMemberMayGoWhileMoreAreInvited) {
  Timed w("spread = \"4m\"");
  for (const char* user : {"anna", "ben", "cleo", "dora"}) w.available(user);
  w.start();
  w.request("anna", messages::LeaveRequest{w.group().id.str()});
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(kMinute);
  EXPECT_EQ(w.group().members.size(), 1u);
}

TEST(StartTiming, WhoIsBannedIsNotInvitedAnyMore) {
  Timed w("spread = \"4m\"");
  for (const char* user : {"anna", "ben", "cleo", "dora"}) w.available(user);
  w.start();
  const UserId ben = UserId::parse("ben");
  w.step([&](Engine& e, Context& ctx) { EXPECT_TRUE(ban(e.state(), w.group(), ben, ctx)); });
  EXPECT_FALSE(w.group().invited.contains(ben));
  EXPECT_TRUE(w.engine.state().user(ben)->invited.empty());
  EXPECT_EQ(w.fx.past.at({w.group().id, ben}).reason, kBanned);
  w.pass(4 * kMinute);
  EXPECT_EQ(w.starts("ben"), 0u);
  EXPECT_EQ(w.group().members.size(), 3u);
}

TEST(StartTiming, ItIsOverWhenTheLastWhoIsInvitedIsBannedOrErased) {
  for (const bool erased : {false, true}) {
    Timed w("when_available = \"10m\"");
    w.available("anna");
    w.start();
    w.request("anna", messages::LeaveRequest{w.group().id.str()});
    for (const char* user : {"ben", "cleo", "dora"})
      w.step([&, id = UserId::parse(user)](Engine& e, Context& ctx) {
        EXPECT_EQ(w.live_groups(), 1u) << user;
        erased ? e.erase_user(id, ctx) : void(ban(e.state(), w.group(), id, ctx));
      });
    EXPECT_EQ(w.live_groups(), 0u);
    ASSERT_EQ(w.events<EndEvent>().size(), 1u);
    EXPECT_EQ(w.events<EndEvent>()[0].reason, "empty");
  }
}

TEST(StartTiming, AnEndTakesTheInvitationsBack) {
  Timed w("spread = \"4m\"");
  for (const char* user : {"anna", "ben", "cleo", "dora"}) w.available(user);
  w.start();
  w.step([&](Engine& e, Context& ctx) { end_group(e.state(), w.group(), "staff", ctx); });
  w.pass(10 * kMinute);
  EXPECT_EQ(w.starts("ben"), 0u);
}

}  // namespace
}  // namespace convoke::core
