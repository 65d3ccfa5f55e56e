#include "backend/core/follow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/core/members.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using messages::PresenceState;
using test::CoreWorld;
using testing::ElementsAre;
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

}  // namespace
}  // namespace convoke::core
