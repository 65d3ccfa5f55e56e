#include "backend/core/triggers.h"

#include <gtest/gtest.h>

#include "backend/core/organizer.h"
#include "tests/support/core_world.h"
#include "topics/messages/area_event.h"

namespace convoke::core {
namespace {

using test::CoreWorld;
using topics::AreaId;
using topics::PlanId;
using topics::UserId;

std::string plan(const std::string& start) {
  return "[[plan]]\nid = \"p\"\naudience = { any = [{ area = \"hall\" }] }\n[[plan.start]]\n" + start +
         "\n[[plan.end]]\non = \"duration\"\nafter = \"1m\"\n";
}

TEST(Triggers, R14_StartsAtASetTimeOnce) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  w.plan(plan("on = \"schedule\"\nat = 2026-01-01T01:00:00Z"));
  w.pass(3'600'000 - 1);
  EXPECT_EQ(w.live_groups(), 0u);
  w.pass(1);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(24 * 3'600'000);
  EXPECT_EQ(w.events<StartEvent>().size(), 1u);
}

TEST(Triggers, R14_ASetTimeInThePastDoesNotStart) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  w.plan(plan("on = \"schedule\"\nat = 2025-12-31T23:59:59Z"));
  w.pass(3'600'000);
  EXPECT_TRUE(w.events<StartEvent>().empty());
}

TEST(Triggers, EnterStartsWithWhomeverIsThere) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  w.plan(plan("on = \"enter\"\narea = \"hall\""));
  EXPECT_EQ(w.live_groups(), 0u) << "anna was there before the plan";
  w.available("ben");
  w.at("ben", 50, 10);
  EXPECT_EQ(w.group().members.size(), 2u);
}

TEST(Triggers, OccupancyFiresAgainOnlyAfterTheAreaFellBelow) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.plan(plan("on = \"occupancy\"\narea = \"hall\"\nreaches = 2"));
  for (const char* user : {"anna", "ben", "cleo"}) w.available(user);
  w.at("anna", 50, 10);
  w.at("ben", 50, 10);
  w.pass(60'000);
  EXPECT_EQ(w.live_groups(), 0u);
  w.at("cleo", 50, 10);
  EXPECT_EQ(w.events<StartEvent>().size(), 1u) << "still full since the last start";
  w.at("anna", 51, 10);
  w.at("ben", 51, 10);
  w.at("anna", 50, 10);
  EXPECT_EQ(w.events<StartEvent>().size(), 2u);
}

TEST(Triggers, OccupancyFiresAgainSomeTimeAfterTheChatWhereThePlanSaysSo) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.plan(plan("on = \"occupancy\"\narea = \"hall\"\nreaches = 2\nagain = \"5m\""));
  for (const char* user : {"anna", "ben"}) {
    w.available(user);
    w.at(user, 50, 10);
  }
  w.pass(60'000 + 5 * 60'000 - 1);
  EXPECT_EQ(w.events<StartEvent>().size(), 1u);
  w.pass(1);
  EXPECT_EQ(w.events<StartEvent>().size(), 2u);
  w.pass(60'000);
  w.at("ben", 51, 10);
  w.pass(10 * 60'000);
  EXPECT_EQ(w.events<StartEvent>().size(), 2u) << "the area is not full";
  w.at("ben", 50, 10);
  EXPECT_EQ(w.events<StartEvent>().size(), 3u);
}

TEST(Triggers, OccupancyFiresAtOnceWhenThePlanComesLater) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  w.plan(plan("on = \"occupancy\"\narea = \"hall\"\nreaches = 1"));
  EXPECT_EQ(w.live_groups(), 1u);
}

TEST(Triggers, ADisabledPlanDoesNothing) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.plan(
      "[[plan]]\nid = \"p\"\nenabled = false\naudience = { any = [{ area = \"hall\" }] }\n[[plan.start]]\non "
      "= \"enter\"\narea = \"hall\"\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1m\"\n");
  w.at("anna", 50, 10);
  EXPECT_EQ(w.live_groups(), 0u);
}

TEST(Triggers, WithdrawingAPlanEndsItsGroup) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.plan(plan("on = \"enter\"\narea = \"hall\""));
  w.at("anna", 50, 10);
  ASSERT_EQ(w.live_groups(), 1u);
  w.step([](Engine& e, Context& ctx) { EXPECT_TRUE(e.delete_plan(PlanId::parse("p"), ctx)); });
  EXPECT_EQ(w.live_groups(), 0u);
  EXPECT_EQ(w.events<EndEvent>().at(0).reason, "plan-withdrawn");
}

TEST(Triggers, AListMayNameUsersWhoWereNeverHeardOf) {
  CoreWorld w;
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [\"anna\"] }] "
      "}\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  w.step([](Engine& e, Context& ctx) {
    start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  EXPECT_EQ(w.group().members.size(), 1u);
  w.available("anna");
  EXPECT_EQ(
      std::get<messages::ResumeAnswer>(w.request("anna", messages::ResumeRequest{}).result).starts.size(),
      1u);
}

TEST(Triggers, OccupancyFollowsPeopleAndAreas) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.at("anna", 50, 10);
  w.at("ben", 50, 10);
  EXPECT_EQ(w.engine.state().occupancy(AreaId::parse("hall")), 2u);
  w.at("ben", 51, 10);
  EXPECT_EQ(w.engine.state().occupancy(AreaId::parse("hall")), 1u);
  w.step([](Engine& e, Context& ctx) { EXPECT_TRUE(e.delete_area(AreaId::parse("hall"), ctx)); });
  EXPECT_EQ(w.engine.state().occupancy(AreaId::parse("hall")), 0u);
  EXPECT_TRUE(w.engine.state().user(UserId::parse("anna"))->areas.empty());
}

TEST(Triggers, AnAreaOnOneFloorTakesInOnlyThoseOnIt) {
  CoreWorld w;
  geo::Area area{"hall", "", geo::Circle{{50, 10}, 100}};
  area.floor = geo::Range{.low = 1, .high = 1};
  w.step([&](Engine& e, Context& ctx) { e.put_areas({area}, ctx); });
  int floor = 0;
  for (const char* user : {"anna", "ben", "cleo"}) {
    messages::Fix fix{w.now, 50, 10, 5.0, {}, {}};
    fix.floor = floor++;
    w.step([&](Engine& e, Context& ctx) { e.position(UserId::parse(user), fix, ctx); });
  }
  EXPECT_EQ(w.engine.state().user(UserId::parse("ben"))->areas.size(), 1u);
  EXPECT_EQ(w.engine.state().occupancy(AreaId::parse("hall")), 1u);
}

TEST(Triggers, EachEventSaysHowManyAreInsideAfterIt) {
  CoreWorld w;
  for (const char* user : {"anna", "ben", "cleo"}) w.at(user, 50, 10);
  w.area("hall", 50, 10, 100);
  w.step([](Engine& e, Context& ctx) { e.delete_area(AreaId::parse("hall"), ctx); });
  std::vector<std::size_t> inside;
  for (const TransitionEvent& event : w.events<TransitionEvent>()) inside.push_back(event.inside);
  EXPECT_EQ(inside, (std::vector<std::size_t>{1, 2, 3, 2, 1, 0}));
}

TEST(Triggers, OccupancyIsSaidOnceASecondAtMostRetainedWithTheLastCount) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.pass(0);
  const std::string topic = "cv1/demo/area/hall/occupancy";
  const std::size_t before = w.published(topic).size();
  for (const char* user : {"anna", "ben", "cleo"}) w.at(user, 50, 10);
  w.at("ben", 51, 10);
  EXPECT_EQ(w.published(topic).size(), before);
  w.pass(1000);
  ASSERT_EQ(w.published(topic).size(), before + 1);
  EXPECT_EQ(w.published(topic).back(),
            messages::encode(messages::Occupancy{"hall", 2, CoreWorld::kStart + 1000}));
  for (const auto& out : w.all_out) {
    const auto* said = std::get_if<Publish>(&out);
    EXPECT_TRUE(said == nullptr || said->topic != topic || said->retain);
  }
  w.pass(60'000);
  EXPECT_EQ(w.published(topic).size(), before + 1) << "nothing has changed";
}

TEST(Triggers, R12_R29_StartsWhenTheUserBecomesAvailable) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  w.plan(plan("on = \"available\"\nuser = \"host\""));
  EXPECT_EQ(w.live_groups(), 0u);
  w.presence("host", messages::PresenceState::busy, 1);
  EXPECT_EQ(w.live_groups(), 0u);
  w.presence("host", messages::PresenceState::available, 2);
  EXPECT_EQ(w.live_groups(), 1u);
  w.presence("host", messages::PresenceState::available, 3, "tablet");
  EXPECT_EQ(w.group().reasons.size(), 1u) << "another device is no change";
  w.pass(60'000);
  EXPECT_EQ(w.live_groups(), 0u);
  w.presence("host", messages::PresenceState::offline, 4);
  EXPECT_EQ(w.live_groups(), 0u) << "the tablet is still there";
  w.presence("host", messages::PresenceState::offline, 4, "tablet");
  w.presence("host", messages::PresenceState::available, 5);
  EXPECT_EQ(w.live_groups(), 1u);
}

TEST(Triggers, R12_StartsOnceIfTheUserIsAvailableWhenThePlanBecomesActive) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  w.available("host");
  const std::string text = plan("on = \"available\"\nuser = \"host\"");
  w.plan(text);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(60'000);
  w.plan(text);
  EXPECT_EQ(w.live_groups(), 0u) << "it has been active all the time";
}

TEST(Triggers, StartsWhenAnAreaEmpties) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [\"eve\"] }] }\n"
      "[[plan.start]]\non = \"occupancy\"\narea = \"hall\"\nfalls_to = 1\n[[plan.end]]\non = \"duration\"\n"
      "after = \"1m\"\n");
  w.at("anna", 50, 10);
  w.at("anna", 51, 10);
  EXPECT_EQ(w.live_groups(), 0u) << "there were never more than one";
  for (const char* user : {"anna", "ben", "cleo"}) w.at(user, 50, 10);
  w.at("cleo", 51, 10);
  EXPECT_EQ(w.live_groups(), 0u);
  w.at("ben", 51, 10);
  EXPECT_EQ(w.group().reasons.at(0), "occupancy: hall fell to 1");
  w.pass(60'000);
  w.at("anna", 51, 10);
  EXPECT_EQ(w.live_groups(), 0u) << "not again before it has filled";
  for (const char* user : {"anna", "ben"}) w.at(user, 50, 10);
  w.at("ben", 51, 10);
  EXPECT_EQ(w.live_groups(), 1u);
}

TEST(Triggers, AnEventFromOutsideStartsExactlyOneGroup) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  w.plan(plan("on = \"event\"\ntype = \"doors.open\"\nsource = \"gate\""));
  const auto happen = [&](const char* id, const char* source, const char* type) {
    std::vector<std::pair<PlanId, StartOutcome>> outcomes;
    w.step([&](Engine& e, Context& ctx) { outcomes = e.external_event({id, source, type, {}}, ctx); });
    return outcomes;
  };
  EXPECT_TRUE(happen("1", "gate", "doors.shut").empty());
  EXPECT_TRUE(happen("1", "back-door", "doors.open").empty());
  const auto first = happen("1", "gate", "doors.open");
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].second.result, StartResult::started);
  w.pass(60'000);
  const auto again = happen("1", "gate", "doors.open");
  EXPECT_EQ(again[0].second.result, StartResult::same_key);
  EXPECT_EQ(again[0].second.group, first[0].second.group);
  EXPECT_EQ(w.live_groups(), 0u);
  EXPECT_EQ(happen("2", "gate", "doors.open")[0].second.result, StartResult::started);
}

TEST(Triggers, AnEventFindsWhatThePlansWaitForNow) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  const auto started = [&](const std::string& type) {
    std::size_t plans = 0;
    w.step([&](Engine& e, Context& ctx) { plans = e.external_event({type, "gate", type, {}}, ctx).size(); });
    return plans;
  };
  w.plan(plan("on = \"event\"\ntype = \"doors.open\""));
  w.plan(plan("on = \"event\"\ntype = \"doors.shut\""));
  EXPECT_EQ(started("doors.open"), 0U);
  EXPECT_EQ(started("doors.shut"), 1U);
  w.step([](Engine& e, Context& ctx) { e.delete_plan(PlanId::parse("p"), ctx); });
  EXPECT_EQ(started("doors.shut"), 0U);
}

TEST(Triggers, R14_R31_StartsEveryWeekAndOnceForEachTimeMissed) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  w.plan(plan(
      "on = \"schedule\"\nrule = \"FREQ=WEEKLY\"\nfrom = \"2026-01-02T19:30:00\"\nzone = \"Europe/Berlin\""));
  constexpr TimeMs kWeek = 7 * 86'400'000;
  w.pass(kWeek);
  EXPECT_EQ(w.events<StartEvent>().size(), 1u);
  EXPECT_EQ(w.events<StartEvent>()[0].reasons[0], "schedule: 2026-01-02T18:30:00.000Z");
  w.now += 2 * kWeek;  // the server was down
  w.step([](auto& e, auto& ctx) { e.tick(ctx); });
  EXPECT_EQ(w.group().reasons.size(), 2u) << "two times, one group";
}

TEST(Triggers, R14_R31_TwoSetTimesAtOneInstantAreOneGroupAndTwoReasons) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.available("anna");
  w.at("anna", 50, 10);
  const std::string at = "[[plan.start]]\non = \"schedule\"\nat = 2026-01-01T";
  w.plan(
      plan("on = \"schedule\"\nrule = \"FREQ=DAILY\"\nfrom = \"2026-01-01T12:00:00\"\nzone = \"Etc/UTC\"\n" +
           at + "11:00:00Z\n" + at + "12:00:00Z"));
  constexpr TimeMs kHour = 3'600'000;
  w.pass(12 * kHour);
  ASSERT_EQ(w.events<StartEvent>().size(), 2u);
  EXPECT_EQ(w.events<StartEvent>()[0].reasons,
            std::vector<std::string>{"schedule: 2026-01-01T11:00:00.000Z"});
  EXPECT_EQ(w.group().reasons, (std::vector<std::string>{"schedule: 2026-01-01T12:00:00.000Z, start[0]",
                                                         "schedule: 2026-01-01T12:00:00.000Z, start[2]"}));
  EXPECT_EQ(w.events<StartEvent>()[1].reasons, w.group().reasons) << "staff hear of both";
  w.pass(13 * kHour);
  EXPECT_EQ(w.events<StartEvent>().size(), 2u);
  w.pass(12 * kHour);
  EXPECT_EQ(w.events<StartEvent>().size(), 3u) << "the next day, and only the one that repeats";
  EXPECT_EQ(w.events<StartEvent>()[2].reasons,
            std::vector<std::string>{"schedule: 2026-01-02T12:00:00.000Z"});
}

/// The chats of a plan that starts daily at 12:00 and lasts an hour, with a clock that is put to other times.
struct Daily : CoreWorld {
  Daily() {
    plan(
        "[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [\"anna\"] }] }\n"
        "[[plan.start]]\non = \"schedule\"\nrule = \"FREQ=DAILY\"\nfrom = \"2026-01-01T12:00:00\"\nzone = "
        "\"Etc/UTC\"\n"
        "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  }
  void clock_shows(TimeMs after_start) {
    now = kStart + after_start;
    step([](auto& e, auto& ctx) { e.tick(ctx); });
  }
  std::size_t starts() const { return events<StartEvent>().size(); }
  std::size_t ends() const { return events<EndEvent>().size(); }
};
constexpr TimeMs kHour = 3'600'000;

TEST(Clock, R14_R15_PutForwardItLosesNothingAndKeepsTheOrder) {
  Daily w;
  w.clock_shows(11 * kHour);
  w.clock_shows(12 * kHour + kHour / 2);  // over the start
  EXPECT_EQ(w.starts(), 1U);
  w.clock_shows(36 * kHour);  // over the end, to the next start
  EXPECT_EQ(w.ends(), 1U);
  EXPECT_EQ(w.starts(), 2U);
}

TEST(Clock, R14_R15_PutBackItRepeatsNothingAndLosesNothing) {
  Daily w;
  w.clock_shows(12 * kHour + 1);
  EXPECT_EQ(w.starts(), 1U);
  w.clock_shows(11 * kHour);
  w.clock_shows(12 * kHour + 2);  // a second time
  EXPECT_EQ(w.starts(), 1U);
  w.clock_shows(13 * kHour + 1);
  EXPECT_EQ(w.ends(), 1U);
  w.clock_shows(11 * kHour + 1);
  w.clock_shows(12 * kHour + 3);  // and a third
  EXPECT_EQ(w.starts(), 1U);
  w.clock_shows(36 * kHour);
  EXPECT_EQ(w.starts(), 2U);
}

TEST(Clock, PutBackItDoesNotHoldUpTheLists) {
  Daily w;
  w.clock_shows(12 * kHour);
  w.available("anna");
  w.pass(5000);
  w.presence("anna", messages::PresenceState::busy, 2);
  const auto version = w.group().version;
  w.clock_shows(11 * kHour);
  w.presence("anna", messages::PresenceState::available, 3);
  w.pass(10'000);  // the step is reckoned from the last tick
  EXPECT_GT(w.group().version, version);
}

TEST(Clock, R13_R30_PutBackTheHostCanStillEndTheChatByGoing) {
  CoreWorld w;
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"host\", \"anna\"] }] }\n"
      "[[plan.start]]\non = \"available\"\nuser = \"host\"\n"
      "[[plan.end]]\non = \"unavailable\"\nuser = \"host\"\n[[plan.end]]\non = \"duration\"\nafter = "
      "\"1d\"\n");
  w.available("anna");
  w.pass(2 * kHour);
  w.available("host");
  ASSERT_EQ(w.live_groups(), 1U);
  w.now -= kHour;
  w.presence("host", messages::PresenceState::offline, 2);
  w.pass(kHour + 31'000);
  EXPECT_EQ(w.live_groups(), 0U);
  EXPECT_EQ(w.events<EndEvent>().at(0).reason, "unavailable");
}

}  // namespace
}  // namespace convoke::core
