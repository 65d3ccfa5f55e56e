// Many at once: what must hold whatever the numbers. What it costs, tests/bench measures.
#include <gmock/gmock.h>

#include <map>
#include <set>
#include <string>

#include "tests/support/core_world.h"
#include "topics/messages/limits.h"

namespace convoke::core {
namespace {

using test::CoreWorld;

std::string numbered(const std::string& name, int i) { return name + std::to_string(1000 + i); }

/// A plan of its own for each team, all for the same moment; and everybody, each in two teams.
class HundredPlans : public testing::Test {
 protected:
  static constexpr int kPlans = 100, kUsers = 1000;
  static constexpr TimeMs kAtMs = CoreWorld::kStart + 60'000;

  void SetUp() override {
    for (int i = 0; i < kUsers; ++i) {
      const std::string user = numbered("user", i);
      world.available(user);
      for (const int plan : {i % kPlans, i * 7 % kPlans}) teams[plan].insert(user);
    }
    for (int p = 0; p < kPlans; ++p) {
      std::string users;
      for (const std::string& user : teams[p]) users += (users.empty() ? "\"" : ", \"") + user + "\"";
      world.plan("[[plan]]\nid = \"" + numbered("plan", p) + "\"\n[plan.audience]\nany = [ { users = [" +
                 users +
                 "] } ]\n[[plan.start]]\non = \"schedule\"\nat = 2026-01-01T00:01:00Z\n"
                 "[[plan.end]]\non = \"duration\"\nafter = \"10m\"\n");
    }
  }
  /// Of each group the members, by plan.
  std::map<std::string, std::set<std::string>> members() {
    std::map<std::string, std::set<std::string>> found;
    for (const auto& [id, group] : world.engine.state().groups)
      for (const auto& [user, member] : group.members) found[group.plan.str()].insert(user.str());
    return found;
  }

  CoreWorld world;
  std::map<int, std::set<std::string>> teams;
};

TEST_F(HundredPlans, R14_R31_StartInTheSameMomentEachWithItsOwnMembers) {
  world.pass(59'999);
  EXPECT_EQ(world.live_groups(), 0U);
  world.pass(1);
  ASSERT_EQ(world.live_groups(), static_cast<std::size_t>(kPlans));
  const auto found = members();
  for (int p = 0; p < kPlans; ++p) EXPECT_EQ(found.at(numbered("plan", p)), teams[p]) << p;
  std::map<std::string, std::multiset<std::string>> told;  // user -> plans
  for (int i = 0; i < kUsers; ++i)
    for (const auto& message : world.inbox(numbered("user", i)))
      told[numbered("user", i)].insert(std::get<messages::ChatStart>(message).head.plan);
  for (int i = 0; i < kUsers; ++i) {
    const std::set<int> plans{i % kPlans, i * 7 % kPlans};
    std::multiset<std::string> expected;
    for (const int p : plans) expected.insert(numbered("plan", p));
    EXPECT_EQ(told[numbered("user", i)], expected) << i;
  }
}

TEST_F(HundredPlans, R15_R32_EndInTheSameMomentToo) {
  world.pass(60'000 + 10 * 60'000 - 1);
  EXPECT_EQ(world.live_groups(), static_cast<std::size_t>(kPlans));
  world.pass(1);
  EXPECT_EQ(world.live_groups(), 0U);
  EXPECT_EQ(world.events<EndEvent>().size(), static_cast<std::size_t>(kPlans));
}

/// One chat of many pages, in which everybody's presence changes within ten seconds.
class PresenceStorm : public testing::Test {
 protected:
  static constexpr int kUsers = 2000;
  static constexpr TimeMs kStormMs = 10'000;

  void SetUp() override {
    for (int i = 0; i < kUsers; ++i) world.available(numbered("user", i));
    world.plan(
        "[[plan]]\nid = \"hall\"\n[plan.audience]\npresence = \"available\"\n[[plan.start]]\non = "
        "\"schedule\"\nat = 2026-01-01T00:01:00Z\n"
        "[[plan.end]]\non = \"duration\"\nafter = \"10m\"\n");
    world.pass(60'000);
    ASSERT_GT(world.group().pages.size(), 1U);
    for (int i = 0; i < kUsers; ++i) {
      world.pass(kStormMs * (i + 1) / kUsers - kStormMs * i / kUsers);
      world.presence(numbered("user", i), PresenceState::away);
    }
    world.pass(1000);
  }

  CoreWorld world;
};

TEST_F(PresenceStorm, CostsASmallMessageASecond) {
  const std::string topic = "cv1/demo/g/" + world.group().id.str() + "/changes";
  const auto changes = world.published(topic);
  EXPECT_GE(changes.size(), 2U);
  EXPECT_LE(changes.size(), static_cast<std::size_t>(kStormMs / 1000 + 1));
  for (const std::string& change : changes) EXPECT_LE(change.size(), 300U) << change;
  const auto last = *messages::decode_roster_changes(changes.back());
  EXPECT_EQ(last.available, 0U);
  EXPECT_EQ(last.members, static_cast<std::uint32_t>(kUsers));
}

TEST_F(PresenceStorm, R26_WhoIsAvailableNowIsToldPartByPart) {
  std::set<std::string> back;
  for (int i = 0; i < kUsers; i += 3) {
    back.insert(numbered("user", i));
    world.presence(numbered("user", i), PresenceState::available, 2);
  }
  std::set<std::string> told;
  std::string after;
  for (bool more = true; more;) {
    const auto response =
        world.request("user1001", messages::AvailableRequest{world.group().id.str(), after});
    const auto& answer = std::get<messages::AvailableAnswer>(response.result);
    ASSERT_FALSE(answer.buddies.empty());
    EXPECT_LE(encode(response).size(), messages::kMaxPayloadBytes);
    for (const auto& buddy : answer.buddies) EXPECT_TRUE(told.insert(buddy.user).second) << buddy.user;
    after = answer.buddies.back().user;
    more = answer.more;
  }
  EXPECT_EQ(told, back);
}

}  // namespace
}  // namespace convoke::core
