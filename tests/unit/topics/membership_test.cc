#include "topics/membership.h"

#include <gtest/gtest.h>

namespace convoke::topics {
namespace {

TEST(Membership, UnknownGroupHasNoMembers) {
  const Membership membership;
  EXPECT_FALSE(membership.is_member("g", "anna"));
  EXPECT_FALSE(membership.is_blocked("anna", "ben"));
}

TEST(Membership, AddedUsersAreMembersUntilRemoved) {
  Membership membership;
  membership.add("g", "anna");
  membership.add("g", "anna");
  membership.add("g", "ben");
  EXPECT_EQ(membership.memberships(), 2u);
  membership.remove("g", "anna");
  membership.remove("g", "anna");
  membership.remove("unknown", "anna");
  EXPECT_FALSE(membership.is_member("g", "anna"));
  EXPECT_TRUE(membership.is_member("g", "ben"));
  EXPECT_EQ(membership.memberships(), 1u);
}

TEST(Membership, KnowsWhoMaySpeak) {
  Membership m;
  m.set_standing("g", "anna", Standing::muted);
  m.set_rules("g", {true, 5});
  EXPECT_EQ(m.standing("g", "anna"), Standing::member) << "nobody is a member yet";
  EXPECT_EQ(m.rules("g"), ChatRules{});
  for (const char* user : {"anna", "ben", "eve"}) m.add("g", user);
  m.set_standing("g", "anna", Standing::muted);
  m.set_standing("g", "eve", Standing::staff);
  m.add("g", "anna");
  EXPECT_FALSE(m.may_speak("g", "anna"));
  EXPECT_TRUE(m.may_speak("g", "ben"));
  m.set_rules("g", {.announcement_only = true, .slow_ms = 0});
  EXPECT_FALSE(m.may_speak("g", "ben"));
  EXPECT_TRUE(m.may_speak("g", "eve"));
  m.set_rules("g", {});
  m.remove("g", "anna");
  m.add("g", "anna");
  EXPECT_TRUE(m.may_speak("g", "anna")) << "a removal takes the standing away";
  m.set_rules("g", {true, 5});
  m.retire("g");
  m.add("g", "eve");
  EXPECT_EQ(m.standing("g", "eve"), Standing::member);
  EXPECT_EQ(m.rules("g"), ChatRules{});
}

TEST(Membership, ForgetsAGroupWithItsLastMember) {
  Membership membership;
  membership.add("g", "anna");
  membership.remove("g", "anna");
  EXPECT_EQ(membership.groups(), 0u);
}

TEST(Membership, RetiringAGroupLeavesNoMember) {
  Membership membership;
  membership.add("g", "anna");
  membership.add("g", "ben");
  membership.add("h", "anna");
  membership.retire("g");
  membership.retire("g");
  EXPECT_FALSE(membership.is_member("g", "anna"));
  EXPECT_TRUE(membership.is_member("h", "anna"));
  EXPECT_EQ(membership.groups(), 1u);
  EXPECT_EQ(membership.memberships(), 1u);
}

TEST(Membership, ABlockHoldsInBothDirections) {
  Membership membership;
  membership.block("anna", "ben");
  EXPECT_TRUE(membership.is_blocked("anna", "ben"));
  EXPECT_TRUE(membership.is_blocked("ben", "anna"));
  EXPECT_FALSE(membership.is_blocked("anna", "cleo"));
  membership.unblock("ben", "anna");
  EXPECT_FALSE(membership.is_blocked("anna", "ben"));
  EXPECT_FALSE(membership.is_blocked("ben", "anna"));
}

}  // namespace
}  // namespace convoke::topics
