#include "backend/core/moderation.h"

#include <gtest/gtest.h>

#include "backend/core/feed.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using test::CoreWorld;
using topics::Standing;
using topics::UserId;

/// Anna, Ben and Cleo chat in a group of an hour, and staff keeps order.
class Moderation : public testing::Test {
 protected:
  Moderation() {
    w.plan(
        "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\", \"ben\", \"cleo\"] }] }\n"
        "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
    for (const char* user : {"anna", "ben", "cleo"}) w.available(user);
    w.step([](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
    });
  }
  template <class F>
  void by_staff(F f) {
    w.step([&](Engine& e, Context& ctx) { f(e.state(), w.group(), ctx); });
  }
  std::vector<messages::FeedOp> fed() const {
    std::vector<messages::FeedOp> ops;
    for (const auto& out : w.fx.out)
      if (auto* feed = std::get_if<FeedChange>(&out))
        ops.insert(ops.end(), feed->ops.begin(), feed->ops.end());
    return ops;
  }
  CoreWorld w;
  const UserId ben = UserId::parse("ben");
};

TEST_F(Moderation, MutesInThePluginAndShowsItInTheList) {
  by_staff([&](State& s, Group& g, Context& ctx) {
    EXPECT_TRUE(set_standing(s, g, ben, Standing::muted, ctx));
    EXPECT_FALSE(set_standing(s, g, UserId::parse("zoe"), Standing::muted, ctx));
  });
  ASSERT_EQ(fed().size(), 1u);
  EXPECT_EQ(std::get<messages::FeedStanding>(fed()[0]).users, std::vector<std::string>{"ben"});
  EXPECT_EQ(std::get<messages::FeedStanding>(fed()[0]).standing, Standing::muted);
  w.pass(1000);
  const auto changes = w.published("cv1/demo/g/" + w.group().id.str() + "/changes");
  EXPECT_EQ(messages::decode_roster_changes(changes.at(0))->put.at(0).standing, Standing::muted);
  by_staff([&](State& s, Group& g, Context& ctx) { set_standing(s, g, ben, Standing::muted, ctx); });
  EXPECT_TRUE(w.fx.out.empty()) << "once is enough";
}

TEST_F(Moderation, StaysWithWhoLeavesAndComesAgain) {
  by_staff([&](State& s, Group& g, Context& ctx) { set_standing(s, g, ben, Standing::muted, ctx); });
  by_staff([&](State& s, Group& g, Context& ctx) { remove_member(s, g, ben, "left", ctx); });
  EXPECT_EQ(full_feed(w.engine.state()).size(), 3u);
  by_staff([&](State& s, Group& g, Context& ctx) { add_member(s, g, ben, "added by staff eve", ctx); });
  ASSERT_EQ(fed().size(), 2u);
  EXPECT_EQ(std::get<messages::FeedStanding>(fed()[1]).standing, Standing::muted);
}

TEST_F(Moderation, TellsRulesInTheHeaderAndToThePlugin) {
  by_staff([&](State& s, Group& g, Context& ctx) { set_rules(s, g, {true, 10'000}, ctx); });
  ASSERT_EQ(fed().size(), 1u);
  EXPECT_EQ(std::get<messages::FeedRules>(fed()[0]).rules, (topics::ChatRules{true, 10'000}));
  w.pass(1000);
  const auto head =
      messages::decode_roster_head(w.published("cv1/demo/g/" + w.group().id.str() + "/head").back());
  EXPECT_EQ(head->rules, (topics::ChatRules{true, 10'000}));
}

TEST_F(Moderation, WhoIsBannedIsRemovedAndCannotComeBack) {
  by_staff([&](State& s, Group& g, Context& ctx) { EXPECT_TRUE(ban(s, g, ben, ctx)); });
  EXPECT_FALSE(w.group().members.contains(ben));
  EXPECT_EQ(std::get<messages::ChatEnd>(w.inbox("ben").back()).reason, "banned");
  by_staff([&](State& s, Group& g, Context& ctx) { add_member(s, g, ben, "added by staff eve", ctx); });
  EXPECT_FALSE(w.group().members.contains(ben));
  by_staff([&](State&, Group& g, Context& ctx) { EXPECT_TRUE(unban(g, ben, ctx)); });
  by_staff([&](State&, Group& g, Context& ctx) { EXPECT_FALSE(unban(g, ben, ctx)); });
  by_staff([&](State& s, Group& g, Context& ctx) { add_member(s, g, ben, "added by staff eve", ctx); });
  EXPECT_TRUE(w.group().members.contains(ben));
}

TEST_F(Moderation, IsPartOfTheFullFeedBehindTheMembers) {
  by_staff([&](State& s, Group& g, Context& ctx) {
    set_standing(s, g, ben, Standing::staff, ctx);
    set_rules(s, g, {false, 5'000}, ctx);
  });
  const auto ops = full_feed(w.engine.state());
  ASSERT_EQ(ops.size(), 5u);
  EXPECT_TRUE(std::holds_alternative<messages::FeedAdd>(ops[1]));
  EXPECT_EQ(std::get<messages::FeedStanding>(ops[2]).standing, Standing::staff);
  EXPECT_EQ(std::get<messages::FeedRules>(ops[3]).rules.slow_ms, 5'000u);
}

TEST(PlanChat, SaysWhoBeginsAsStaffOrMutedAndTheRules) {
  CoreWorld w;
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"host\", \"anna\", \"guest\"] }] }\n"
      "chat = { announcement_only = true, slow = \"10s\", staff = [{ users = [\"host\"] }], muted = [{ users "
      "= [\"guest\", \"late\", \"host\"] }] }\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  for (const char* user : {"host", "anna", "guest"}) w.available(user);
  w.step([](Engine& e, Context& ctx) {
    start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  Group& group = w.group();
  EXPECT_TRUE(group.rules.announcement_only);
  EXPECT_EQ(group.rules.slow_ms, 10'000U);
  EXPECT_EQ(standing_of(group, UserId::parse("host")), topics::Standing::staff);
  EXPECT_EQ(standing_of(group, UserId::parse("guest")), topics::Standing::muted);
  EXPECT_EQ(standing_of(group, UserId::parse("anna")), topics::Standing::member);
  std::size_t standings = 0, rules = 0;
  for (const auto& out : w.fx.out)
    if (const auto* feed = std::get_if<FeedChange>(&out))
      for (const auto& op : feed->ops) {
        standings += std::holds_alternative<messages::FeedStanding>(op);
        rules += std::holds_alternative<messages::FeedRules>(op);
      }
  EXPECT_EQ(standings, 2U);
  EXPECT_EQ(rules, 1U);
  w.step([&](Engine& e, Context& ctx) {
    add_member(e.state(), group, UserId::parse("late"), "staff eve", ctx);
  });
  EXPECT_EQ(standing_of(group, UserId::parse("late")), topics::Standing::muted);
}

}  // namespace
}  // namespace convoke::core
