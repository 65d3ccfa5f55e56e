#include "backend/core/follow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "backend/core/audience.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/core/registrations.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using messages::PresenceState;
using test::CoreWorld;
using testing::ElementsAre;
using topics::AreaId;
using topics::UserId;

constexpr TimeMs kMinute = 60'000;

/// A chat of those in the hall that goes on as they come and go.
struct Hall : CoreWorld {
  explicit Hall(const std::string& more = "") {
    area("hall", 50, 10, 100);
    plan("[[plan]]\nid = \"p\"\naudience = { follow = \"2m\", any = [{ area = \"hall\" }]" + more +
         " }\n[[plan.start]]\non = \"enter\"\narea = \"hall\"\n[[plan.end]]\non = \"duration\"\n"
         "after = \"1h\"\n");
    for (const char* user : {"anna", "ben", "cleo"}) available(user);
  }
  void enters(const std::string& user) { at(user, 50, 10); }
  void leaves(const std::string& user) { at(user, 51, 10); }
  std::vector<std::string> members() {
    std::vector<std::string> users;
    for (const auto& [user, member] : group().members) users.push_back(user.str());
    return users;
  }
};

TEST(Follow, R1_LateArrivalsJoinAndLeaversGoAfterTheGraceTime) {
  Hall w;
  w.enters("anna");
  w.enters("ben");
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben"));
  w.leaves("anna");
  w.pass(2 * kMinute - 1);
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben"));
  w.pass(1);
  EXPECT_THAT(w.members(), ElementsAre("ben"));
  EXPECT_EQ(std::get<messages::ChatEnd>(w.inbox("anna").back()).reason, "not-qualified");
  w.enters("anna");
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben"));
}

TEST(Follow, WhoComesBackInTimeStays) {
  Hall w;
  w.enters("anna");
  w.enters("ben");
  w.leaves("anna");
  w.pass(kMinute);
  w.enters("anna");
  w.pass(10 * kMinute);
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben"));
}

TEST(Follow, PresenceDrawsInButDoesNotSendAway) {
  Hall w;
  w.presence("ben", PresenceState::busy, 2);
  w.enters("anna");
  w.enters("ben");
  EXPECT_THAT(w.members(), ElementsAre("anna"));
  w.presence("ben", PresenceState::available, 3);
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben"));
  w.presence("ben", PresenceState::away, 4);
  w.pass(10 * kMinute);
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben"));
}

TEST(Follow, WhoLeavesTheChatIsNotDrawnInAgain) {
  Hall w;
  w.enters("anna");
  w.enters("ben");
  w.request("ben", messages::LeaveRequest{w.group().id.str()});
  w.leaves("ben");
  w.enters("ben");
  EXPECT_THAT(w.members(), ElementsAre("anna"));
  w.step([&](Engine& e, Context& ctx) {
    add_member(e.state(), w.group(), UserId::parse("ben"), "added by staff eve", ctx);
  });
  w.leaves("ben");
  w.pass(10 * kMinute);
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben")) << "whom staff added stays";
}

TEST(Follow, TheMaximumHolds) {
  Hall w(", max = 2");
  for (const char* user : {"anna", "ben", "cleo"}) w.enters(user);
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben"));
}

TEST(Follow, WhoFoundNoRoomComesInWhenThereIsSomeTheFirstOfThemFirst) {
  Hall w(", max = 2");
  w.available("dora");
  for (const char* user : {"anna", "ben", "dora", "cleo"}) {
    w.enters(user);
    w.pass(1);
  }
  const auto turned_away = [&] { return w.group().turned_away.size(); };
  EXPECT_EQ(turned_away(), 2u);
  w.presence("dora", PresenceState::busy, 2);
  w.request("anna", messages::LeaveRequest{w.group().id.str()});
  EXPECT_THAT(w.members(), ElementsAre("ben", "cleo")) << "dora came first, but is busy now";
  EXPECT_EQ(turned_away(), 0u);
  w.presence("dora", PresenceState::available, 3);
  EXPECT_EQ(turned_away(), 1u);
  w.leaves("ben");
  w.pass(2 * kMinute);
  EXPECT_THAT(w.members(), ElementsAre("cleo", "dora"));
  w.enters("anna");
  EXPECT_EQ(turned_away(), 0u) << "who has left the chat does not wait for it";
}

TEST(Follow, OfMoreThanAThousandWhoFindNoRoomItIsKeptThatThereWereSome) {
  Hall w(", max = 1");
  w.enters("anna");
  for (std::size_t i = 0; i <= kMaxTurnedAway; ++i) {
    w.available("user" + std::to_string(i));
    EXPECT_TRUE(w.group().selected.all_passed_over);
    w.enters("user" + std::to_string(i));
  }
  EXPECT_EQ(w.group().turned_away.size(), kMaxTurnedAway);
  EXPECT_FALSE(w.group().selected.all_passed_over);
}

TEST(Follow, WithinSomeTimeOfBeingThereEndsByItself) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { follow = \"1m\", any = [{ area = \"hall\", within = \"5m\" }] }\n"
      "[[plan.start]]\non = \"enter\"\narea = \"hall\"\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  for (const char* user : {"anna", "ben"}) {
    w.available(user);
    w.at(user, 50, 10);
  }
  w.at("ben", 51, 10);
  w.pass(6 * kMinute);
  EXPECT_EQ(w.group().members.size(), 2u);
  w.pass(1);
  EXPECT_EQ(w.group().members.size(), 1u);
}

TEST(Follow, WhenSomebodyLeftIsForgottenWithThePlanThatAsksForIt) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ area = \"hall\", within = \"5h\" }] }\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  w.available("anna");
  w.at("anna", 50, 10);
  w.at("anna", 51, 10);
  w.pass(kMinute);
  const User& anna = *w.engine.state().user(UserId::parse("anna"));
  ASSERT_EQ(anna.left.size(), 1u);
  w.step([](Engine& e, Context& ctx) { e.delete_plan(PlanId::parse("p"), ctx); });
  w.pass(1);
  EXPECT_TRUE(anna.left.empty());
}

TEST(Follow, EachPlanLooksAtItsOwnTimeAfterLeaving) {
  CoreWorld w;
  w.area("hall", 50, 10, 100);
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { follow = \"1m\", any = [{ area = \"hall\", within = \"5m\" }] }\n"
      "[[plan.start]]\non = \"enter\"\narea = \"hall\"\n[[plan.end]]\non = \"duration\"\nafter = \"4h\"\n");
  w.plan(
      "[[plan]]\nid = \"q\"\naudience = { any = [{ area = \"hall\", within = \"3h\" }] }\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  for (const char* user : {"anna", "ben"}) {
    w.available(user);
    w.at(user, 50, 10);
  }
  w.at("ben", 51, 10);
  w.pass(6 * kMinute);
  EXPECT_EQ(w.group().members.size(), 2u);
  w.pass(1);
  EXPECT_EQ(w.group().members.size(), 1u) << "though another plan asks for three hours";
  EXPECT_EQ(w.engine.state().user(UserId::parse("ben"))->left.size(), 1u);
  w.pass(3 * 60 * kMinute);
  EXPECT_TRUE(w.engine.state().user(UserId::parse("ben"))->left.empty());
}

TEST(Follow, WhatWasOverWhileTheServerWasDownIsLookedAtAtOnce) {
  CoreWorld w;
  const AreaId hall = AreaId::parse("hall");
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { follow = \"1m\", any = [{ area = \"hall\", within = \"5m\" }, { "
      "area = "
      "\"hall\", within = \"3h\" }] }\n[[plan.end]]\non = \"duration\"\nafter = \"4h\"\n");
  User ben;
  ben.id = UserId::parse("ben");
  ben.left[hall] = w.now - 6 * kMinute;
  w.engine.load_user(ben);
  w.engine.loaded(w.now);
  EXPECT_EQ(w.engine.state().timers.due({TimerKind::forget_areas, "ben"}), w.now);
  w.step([](Engine& e, Context& ctx) { e.tick(ctx); });
  EXPECT_EQ(w.engine.state().timers.due({TimerKind::forget_areas, "ben"}),
            ben.left[hall] + 180 * kMinute + 1);
}

/// A chat of those in the hall, and plans that ask who is in it.
struct OtherChats : Hall {
  OtherChats() {
    ask("with", "any = [{ member_of = \"p\" }]");
    ask("without", "all = [{ users = [\"anna\", \"ben\", \"cleo\"] }], none = [{ member_of = \"p\" }]");
  }
  void ask(const std::string& id, const std::string& audience) {
    plan("[[plan]]\nid = \"" + id + "\"\naudience = { follow = \"1m\", " + audience +
         " }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  }
  void start(const std::string& plan) {
    step([&](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.at(topics::PlanId::parse(plan)), "staff eve", "", ctx);
    });
  }
  std::vector<std::string> in(const std::string& plan) {
    std::vector<std::string> users;
    const auto live = engine.state().plans.at(topics::PlanId::parse(plan)).live;
    if (live)
      for (const auto& [user, member] : engine.state().group(*live)->members) users.push_back(user.str());
    return users;
  }
};

TEST(Follow, R1_WhoComesIntoAnotherPlansChatOrLeavesItIsFollowed) {
  OtherChats w;
  w.enters("anna");
  w.start("with");
  w.start("without");
  EXPECT_THAT(w.in("with"), ElementsAre("anna"));
  EXPECT_THAT(w.in("without"), ElementsAre("ben", "cleo"));
  w.enters("ben");
  EXPECT_THAT(w.in("p"), ElementsAre("anna", "ben"));
  EXPECT_THAT(w.in("with"), ElementsAre("anna", "ben")) << "in the same step";
  w.pass(kMinute);
  EXPECT_THAT(w.in("without"), ElementsAre("cleo"));
  w.leaves("anna");
  w.pass(2 * kMinute);
  EXPECT_THAT(w.in("p"), ElementsAre("ben"));
  EXPECT_THAT(w.in("without"), ElementsAre("anna", "cleo"));
  EXPECT_THAT(w.in("with"), ElementsAre("anna", "ben")) << "within the grace time";
  w.pass(kMinute);
  EXPECT_THAT(w.in("with"), ElementsAre("ben"));
  w.step([](Engine& e, Context& ctx) { e.delete_plan(topics::PlanId::parse("p"), ctx); });
  EXPECT_THAT(w.in("without"), ElementsAre("anna", "ben", "cleo"));
  w.pass(kMinute);
  EXPECT_THAT(w.in("with"), ElementsAre());
}

/// Whatever happens, only plans that it may concern are asked; all together come to what asking every plan
/// about everybody would.
class ManyPlans : public CoreWorld {
 public:
  explicit ManyPlans(unsigned seed) : random_(seed) {
    for (int i = 0; i < kAreas; ++i) area("area" + std::to_string(i), 50 + i, 10, 100);
    for (int i = 0; i < kPlans; ++i) apply(i);
  }
  void happen() {
    const std::string user = pick("user", kUsers);
    switch (number(10)) {
      case 0:
      case 1:
      case 2:
        return at(user, 50 + number(kAreas + 1), 10);
      case 3:
      case 4:
        return presence(user, number(3) == 0 ? PresenceState::away : PresenceState::available);
      case 5:
        return attributes(user);
      case 6:
        return registers(user, topics::PlanId::parse(pick("plan", kPlans)));
      case 7:
        return pass(number(4) * kMinute);
      case 8:
        return number(8) == 0 ? apply(number(kPlans)) : start(pick("plan", kPlans));
      default:
        return end(pick("plan", kPlans));
    }
  }
  void check() {
    for (const auto& [id, record] : engine.state().plans) {
      const Group* group = record.live ? engine.state().group(*record.live) : nullptr;
      if (!group || group->state != GroupState::open) continue;
      const Plan& plan = engine.state().plan_of(*group);
      for (const auto& [name, user] : engine.state().users) check(*group, plan, user);
    }
  }

 private:
  static constexpr int kAreas = 4, kPlans = 8, kUsers = 12;

  int number(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::string pick(const std::string& name, int of) { return name + std::to_string(number(of)); }
  std::string condition() {
    switch (number(6)) {
      case 0:
        return "{ area = \"" + pick("area", kAreas) + "\", within = \"" + std::to_string(1 + number(5)) +
               "m\" }";
      case 1:
        return "{ users = [\"" + pick("user", kUsers) + "\", \"" + pick("user", kUsers) + "\"] }";
      case 2:
        return "{ attribute = \"" + pick("has", 3) + "\" }";
      case 3:
        return "{ registered = true }";
      case 4:
        return "{ member_of = \"" + pick("plan", kPlans) + "\" }";
      default:
        return "{ area = \"" + pick("area", kAreas) + "\" }";
    }
  }
  std::string conditions(const std::string& part, int at_most) {
    std::string list;
    for (int i = number(at_most + 1); i > 0; --i) list += condition() + (i > 1 ? ", " : "");
    return list.empty() ? "" : ", " + part + " = [" + list + "]";
  }
  void apply(int i) {
    plan("[[plan]]\nid = \"plan" + std::to_string(i) + "\"\naudience = { follow = \"2m\"" +
         conditions("any", 3) + conditions("all", 2) + conditions("none", 1) +
         " }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  }
  void start(const std::string& id) {
    step([&](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.at(topics::PlanId::parse(id)), "staff eve", "", ctx);
    });
  }
  void end(const std::string& id) {
    const auto live = engine.state().plans.at(topics::PlanId::parse(id)).live;
    if (live && number(3) == 0)
      step([&](Engine& e, Context& ctx) { end_group(e.state(), *e.state().group(*live), "staff", ctx); });
  }
  void attributes(const std::string& user) {
    std::map<std::string, std::string> all;
    for (int i = 0; i < 3; ++i)
      if (number(2)) all["has" + std::to_string(i)] = "yes";
    step([&](Engine& e, Context& ctx) { e.put_profile(UserId::parse(user), "", all, {}, ctx); });
  }
  void registers(const std::string& user, const topics::PlanId& plan) {
    step([&](Engine& e, Context& ctx) {
      PlanRecord& record = e.state().plans.at(plan);
      if (!take_registration(e.state(), record, UserId::parse(user), "", ctx))
        put_registration(e.state(), record, UserId::parse(user), {"staff", "eve", ctx.now}, ctx);
    });
  }
  void check(const Group& group, const Plan& plan, const User& user) {
    const auto member = group.members.find(user.id);
    const bool is_member = member != group.members.end();
    const bool fits = !qualifies(engine.state(), plan, user, now, is_member).empty();
    if (is_member)
      EXPECT_NE(member->second.leaves_ms.has_value(), fits) << group.plan.str() << " " << user.id.str();
    else
      EXPECT_FALSE(fits) << group.plan.str() << " " << user.id.str();
  }

  std::mt19937 random_;
};

TEST(Follow, AgreesWithAskingEveryPlanAboutEverybody) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    ManyPlans w(seed);
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) {
      w.happen();
      w.check();
    }
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace convoke::core
