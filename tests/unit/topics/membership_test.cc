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
