// How chats with users of several sites start: who comes in when.

#include "backend/core/members.h"
#include "backend/core/moderation.h"
#include "backend/core/questions.h"
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

/// At each of these sites so many users are in the hall of a plan that wants `max`.
class LotAcross : public Federation {
 protected:
  void users(int here, int there, int far) {
    const auto fill = [&](SiteWorld& site, const char* name, int n) {
      for (int i = 0; i < n; ++i) site.available(name + std::to_string(i));
    };
    fill(a, "a", here), fill(b, "b", there), fill(c, "c", far);
    std::string users;
    const auto list = [&](const std::string& name, const char* at, int n) {
      for (int i = 0; i < n; ++i)
        users += (users.empty() ? "\"" : ", \"") + name + std::to_string(i) + at + "\"";
    };
    list("a", "", here), list("b", "@b", there), list("c", "@c", far);
    users_ = users;
  }
  std::string plan(int max) const {
    return "[[plan]]\nid = \"few\"\naudience = { max = " + std::to_string(max) + ", any = [{ users = [" +
           users_ + "] }] }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n";
  }
  std::size_t of_other_sites() {
    std::size_t n = 0;
    for (const std::string& user : a.members()) n += user.find('@') != std::string::npos ? 1 : 0;
    return n;
  }
  void end() {
    a.step([&](Engine& e, Context& ctx) { end_group(e.state(), a.group(), "staff", ctx); });
    sites.pass(1000);
  }

 private:
  std::string users_;
};

TEST_F(LotAcross, R34_OfMoreThanThereMayBeEachHasTheSameChanceWhereverTheyAre) {
  users(10, 10, 10);
  std::size_t others = 0;
  constexpr int kChats = 200;
  for (int i = 0; i < kChats; ++i) {
    start(plan(3).c_str());
    ASSERT_EQ(a.members().size(), 3u) << "it does not wait once all have answered";
    others += of_other_sites();
    end();
  }
  // Of 600 places two thirds: 400, with a standard deviation of less than 12. The ids that draw are the same
  // each time.
  EXPECT_GT(others, 360u);
  EXPECT_LT(others, 440u);
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(LotAcross, R34_WhomAnotherSiteSelectsHasTheSameChanceToo) {
  const auto fill = [](SiteWorld& site, const char* name) {
    for (int i = 0; i < 30; ++i) {
      const UserId user = UserId::parse(name + std::to_string(i));
      site.available(user.str());
      site.step([&](Engine& e, Context& ctx) { let_others(e.state(), user, true, ctx); });
    }
  };
  fill(a, "a"), fill(b, "b");
  b.step([](Engine& e, Context& ctx) {
    e.allow_peer(SiteId::parse("a"), {kAllMay.begin(), kAllMay.end()}, ctx);
  });
  sites.flow();
  std::size_t others = 0;
  for (int i = 0; i < 200; ++i) {
    start(
        "[[plan]]\nid = \"few\"\naudience = { max = 3, sites = [\"b\"] }\n"
        "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
    ASSERT_EQ(a.members().size(), 3u);
    others += of_other_sites();
    end();
  }
  EXPECT_GT(others, 260u) << "half of 600";
  EXPECT_LT(others, 340u);
}

TEST_F(LotAcross, R34_AChatThatIsNotFullDoesNotWait) {
  users(2, 2, 0);
  sites.cut("a", "b");
  start(plan(3).c_str());
  EXPECT_EQ(a.members(), (Strings{"a0", "a1"}));
  sites.heal();
  sites.flow();
  EXPECT_EQ(of_other_sites(), 1u);
}

TEST_F(LotAcross, R34_AFullOneWaitsTenSecondsForThoseWhoDoNotAnswer) {
  users(5, 5, 5);
  sites.cut("a", "c");
  start(plan(3).c_str());
  EXPECT_EQ(a.live_groups(), 0u);
  sites.pass(9'999);
  EXPECT_EQ(a.live_groups(), 0u);
  sites.pass(1);
  EXPECT_EQ(a.members().size(), 3u);
  EXPECT_TRUE(a.group().invited.empty());
  EXPECT_EQ(a.engine.state().users.size(), 5u + of_other_sites()) << "nothing is kept of who was not drawn";
  sites.heal();
  sites.flow();
  EXPECT_EQ(a.members().size(), 3u);
}

TEST_F(LotAcross, R34_AFullOneDoesNotWaitForASiteThatIsNoPeer) {
  users(5, 5, 0);
  sites.cut("a", "b");
  a.step([](Engine& e, Context& ctx) { e.delete_peer(SiteId::parse("b"), ctx); });
  start(plan(3).c_str());
  EXPECT_EQ(a.members().size(), 3u);
}

TEST_F(LotAcross, R34_WhoWaitsForTheLotIsToldWhyTheyAreOut) {
  users(2, 1, 0);
  std::map<std::string, std::string> passed_over;
  a.after_step = [&, keep = a.after_step] {
    for (const auto& [key, was] : a.fx.past)
      if (was.why.empty()) passed_over[key.second.str()] = was.reason;
    keep();
  };
  start(plan(2).c_str());
  ASSERT_EQ(a.members().size(), 2u);
  std::set<std::string> out{"a0", "a1", "b0@b"};
  for (const std::string& user : a.members()) out.erase(user);
  EXPECT_EQ(passed_over[*out.begin()], kLot);
}

TEST_F(LotAcross, R34_AfterARestartTheLotIsStillToBeDrawn) {
  users(3, 3, 0);
  sites.cut("a", "b");
  start(plan(2).c_str());
  ASSERT_EQ(a.live_groups(), 0u);
  const GroupId id = a.engine.state().groups.begin()->first;
  const auto& invited = a.engine.state().groups.begin()->second.invited;
  EXPECT_EQ(invited.size(), 2u);
  a.step([&](Engine& e, Context& ctx) { arm_group_timers(e.state(), *e.state().group(id), ctx.now); });
  a.pass(10'000);
  EXPECT_EQ(a.members().size(), 2u);
}

}  // namespace
}  // namespace convoke::core
