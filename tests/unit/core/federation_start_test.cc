// How chats with users of several sites start: who comes in when.

#include "backend/core/members.h"
#include "backend/core/moderation.h"
#include "tests/unit/core/federation.h"

namespace convoke::core {
namespace {

constexpr TimeMs kMinute = 60'000;
constexpr int kOthers = 12;

/// Anna here and some users of b by name, one after the other within ten minutes.
std::string spread_plan() {
  std::string users = "\"anna\"";
  for (int i = 0; i < kOthers; ++i) users += ", \"u" + std::to_string(i) + "@b\"";
  return "[[plan]]\nid = \"slow\"\naudience = { any = [{ users = [" + users +
         "] }] }\nstart_timing = { spread = \"10m\" }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n";
}

class SpreadAcross : public Federation {
 protected:
  SpreadAcross() {
    for (int i = 0; i < kOthers; ++i) b.available("u" + std::to_string(i));
  }
  /// How many of b's users come in at each minute that follows.
  std::vector<std::size_t> come_in(int minutes) {
    std::vector<std::size_t> came;
    for (int i = 0; i < minutes; ++i) {
      const std::size_t before = a.members().size();
      sites.pass(kMinute);
      came.push_back(a.members().size() - before);
    }
    return came;
  }
};

TEST_F(SpreadAcross, R1_R34_UsersOfOtherSitesComeInOneAfterTheOtherToo) {
  a.available("anna");
  start(spread_plan().c_str());
  EXPECT_LT(a.members().size(), 4u);
  EXPECT_EQ(a.members().size() + a.group().invited.size(), 1u + kOthers);
  const auto came = come_in(10);
  EXPECT_EQ(a.members().size(), 1u + kOthers);
  EXPECT_EQ(b.members().size(), 1u + kOthers);
  for (const std::size_t in_a_minute : came) EXPECT_LT(in_a_minute, 5u);
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(SpreadAcross, R1_R34_WhoseSiteAnswersLateComesInWithinWhatIsLeft) {
  a.available("anna");
  sites.cut("a", "b");
  start(spread_plan().c_str());
  sites.pass(8 * kMinute);
  sites.heal();
  sites.flow();
  EXPECT_LT(a.members().size(), 4u);
  come_in(2);
  EXPECT_EQ(a.members().size(), 1u + kOthers);
}

TEST_F(SpreadAcross, R1_R34_WithNobodyHereItOpensWithTheFirstOfThem) {
  start(spread_plan().c_str());
  EXPECT_GE(a.members().size(), 1u);
  EXPECT_LT(a.members().size(), 4u);
  come_in(10);
  EXPECT_EQ(a.members().size(), std::size_t{kOthers});
}

TEST_F(SpreadAcross, R1_R34_OfASiteThatIsPartedFromNobodyIsInvitedAnyMore) {
  a.available("anna");
  start(spread_plan().c_str());
  ASSERT_FALSE(a.group().invited.empty());
  a.step([](Engine& e, Context& ctx) { e.delete_peer(SiteId::parse("b"), ctx); });
  EXPECT_TRUE(a.group().invited.empty());
  EXPECT_EQ(a.members(), Strings{"anna"});
  EXPECT_EQ(a.engine.state().users.size(), 1u) << "nothing is kept of strangers";
}

TEST_F(SpreadAcross, R1_R34_WhoWasInvitedIsForgottenWithTheChat) {
  a.available("anna");
  start(spread_plan().c_str());
  ASSERT_FALSE(a.group().invited.empty());
  a.step([&](Engine& e, Context& ctx) { end_group(e.state(), a.group(), "staff", ctx); });
  EXPECT_EQ(a.engine.state().users.size(), 1u);
}

}  // namespace
}  // namespace convoke::core
