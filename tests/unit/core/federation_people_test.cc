// What concerns single people of several sites: their names, blocks and erasure.

#include "backend/core/blocks.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/core/peers.h"
#include "backend/core/presence.h"
#include "tests/unit/core/federation.h"

namespace convoke::core {
namespace {

const UserId kAnna = UserId::parse("anna"), kBen = UserId::parse("ben");

class People : public Federation {
 protected:
  static void set_block(SiteWorld& site, const char* by, const char* user, bool blocks = true) {
    site.step([&](auto& e, auto& ctx) {
      if (blocks)
        block(e.state(), UserId::parse(by), UserId::parse(user), ctx);
      else
        unblock(e.state(), UserId::parse(by), UserId::parse(user), ctx);
    });
  }
  static Strings with(SiteWorld& site, const char* user) {
    Strings all;
    for (const UserId& other : blocked_with(site.engine.state(), UserId::parse(user)))
      all.push_back(other.str());
    return all;
  }
  static std::string name(SiteWorld& site, const char* user) {
    const User* u = site.engine.state().user(UserId::parse(user));
    return u ? u->name : "nobody";
  }
  static bool erases(SiteWorld& site, const char* user) {
    const bool was = site.erased.contains(user);
    site.erased.clear();
    return was;
  }
};

// ---- Names -----------------------------------------------------------------------------------------------

TEST_F(People, R34_AnotherNameReachesAllSitesWhileTheChatRuns) {
  all_there();
  start();
  b.step([](auto& e, auto& ctx) { rename(e.state(), kBen, "Ben B.", ctx); });
  a.step([](auto& e, auto& ctx) { rename(e.state(), kAnna, "Anna A.", ctx); });
  sites.pass(2000);
  for (SiteWorld* site : {&a, &c}) EXPECT_EQ(name(*site, "ben@b"), "Ben B.") << site->name;
  for (SiteWorld* site : {&b, &c}) EXPECT_EQ(name(*site, "anna@a"), "Anna A.") << site->name;
  b.step([](auto& e, auto& ctx) { rename(e.state(), kBen, "", ctx); });
  sites.pass(2000);
  EXPECT_EQ(name(c, "ben@b"), "");
}

TEST_F(People, R34_InAnAnonymousChatNoSiteIsToldNames) {
  all_there();
  b.step([](auto& e, auto& ctx) { rename(e.state(), kBen, "Ben B.", ctx); });
  start((std::string(kPlan) + "[plan.chat]\nanonymous = true\n").c_str());
  sites.pass(2000);
  b.step([](auto& e, auto& ctx) { rename(e.state(), kBen, "Ben C.", ctx); });
  sites.pass(2000);
  EXPECT_EQ(name(c, "ben@b"), "");
}

// ---- Blocks -----------------------------------------------------------------------------------------------

TEST_F(People, R34_ABlockHoldsAtBothSitesAndOnlyThere) {
  all_there();
  start();
  set_block(b, "ben", "anna@a");
  sites.flow();
  EXPECT_EQ(with(b, "ben"), (Strings{"anna@a"}));
  EXPECT_EQ(with(a, "anna"), (Strings{"ben@b"}));
  EXPECT_TRUE(c.engine.state().blocked_pairs.empty());
  set_block(a, "anna", "ben@b");  // and the other way round
  sites.flow();
  set_block(b, "ben", "anna@a", false);
  sites.flow();
  EXPECT_EQ(with(a, "anna"), (Strings{"ben@b"}));
  EXPECT_EQ(with(b, "ben"), (Strings{"anna@a"}));
  set_block(a, "anna", "ben@b", false);
  sites.flow();
  EXPECT_EQ(with(a, "anna"), Strings{});
  EXPECT_EQ(with(b, "ben"), Strings{});
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(People, R34_HomeDrawsOneOfABlockedPairInASmallChat) {
  all_there();
  set_block(b, "ben", "anna@a");
  sites.flow();
  start();
  EXPECT_EQ(a.members(), (Strings{"anna", "carol@c"})) << "who is there stays";
}

TEST_F(People, R34_WhereHomeDoesNotKnowBothSitesLetTheSameOneOfAPairIn) {
  all_there();
  set_block(b, "ben", "anna@a");
  sites.flow();
  c.plan(R"(
[[plan]]
id = "third"
name = "Third"
audience = { any = [{ users = ["carol", "anna@a", "ben@b"] }] }
[[plan.end]]
on = "duration"
after = "1h"
)");
  sites.cut("c", "b");
  c.step([](auto& e, auto& ctx) {
    start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  sites.flow();
  sites.heal();
  sites.pass(1000);
  const bool anna = c.group().members.contains(UserId::parse("anna@a"));
  const bool ben = c.group().members.contains(UserId::parse("ben@b"));
  EXPECT_NE(anna, ben);
  SiteWorld& in = anna ? a : b;
  EXPECT_EQ(in.members(), (anna ? Strings{"anna", "carol@c"} : Strings{"ben", "carol@c"}));
}

TEST_F(People, R34_ALinkThatCountsAnewTellsAllBlocksAndNoOthers) {
  all_there();
  start();
  set_block(b, "ben", "anna@a");
  sites.flow();
  // a holds one that has been taken back meanwhile, and knows nothing of another.
  set_block(a, "dora@b", "anna");
  a.engine.state().peers.at(SiteId::parse("b")).blockers.insert(UserId::parse("dora@b"));
  sites.pass(1000);
  set_block(a, "ben@b", "anna", false);
  b.step([](auto& e, auto& ctx) {
    e.delete_peer(SiteId::parse("a"), ctx);
    e.put_peer(SiteId::parse("a"), "127.0.0.1", 1883, "{}", ctx);
  });
  sites.flow();
  EXPECT_EQ(with(a, "anna"), (Strings{"ben@b"}));
}

TEST_F(People, R34_APeerBlocksForItsOwnUsersAndOnlyOurs) {
  all_there();
  const auto refusal = [&](messages::PeerItem item) {
    reopen(a, "b");
    const auto taken = sites.deliver("b", "a", forged(sites, "b", "a", std::move(item)));
    return taken.refused.empty() ? "" : taken.refused[0];
  };
  EXPECT_EQ(refusal(messages::PeerBlocks{"carol@c", {"anna@a"}}), "foreign-user");
  EXPECT_EQ(refusal(messages::PeerBlocks{"anna@a", {"ben@b"}}), "foreign-user");
  EXPECT_EQ(refusal(messages::PeerBlocks{"ben@b", {"carol@c"}}), "foreign-user");
  EXPECT_EQ(refusal(messages::PeerErase{"anna@a"}), "foreign-user");
  EXPECT_EQ(refusal(messages::PeerErase{"carol@c"}), "foreign-user");
  EXPECT_TRUE(a.engine.state().user(kAnna));
  EXPECT_TRUE(a.engine.state().blocked_pairs.empty());
}

TEST_F(People, R34_OnlySoManyOfASiteMayBlockHere) {
  all_there();
  Peer& peer = a.engine.state().peers.at(SiteId::parse("b"));
  for (std::size_t i = 0; i < kMaxBlockers; ++i)
    peer.blockers.insert(UserId::parse("u" + std::to_string(i) + "@b"));
  const auto taken =
      sites.deliver("b", "a", forged(sites, "b", "a", messages::PeerBlocks{"ben@b", {"anna@a"}}));
  EXPECT_EQ(taken.refused, (Strings{"too-many"}));
  EXPECT_TRUE(a.engine.state().blocked_pairs.empty());
}

// ---- Erasure
// -----------------------------------------------------------------------------------------------

TEST_F(People, R34_AnErasureReachesTheSitesThatWereToldOfTheUser) {
  all_there();
  start();
  sites.pass(2000);
  b.say("ben", "1", "my secret");
  sites.flow();
  set_block(b, "ben", "anna@a");
  sites.flow();
  sites.cut("b", "c");
  b.step([](auto& e, auto& ctx) { e.erase_user(kBen, ctx); });
  sites.flow();
  EXPECT_TRUE(erases(a, "ben@b"));
  EXPECT_FALSE(a.engine.state().user(UserId::parse("ben@b")));
  EXPECT_EQ(with(a, "anna"), Strings{});
  EXPECT_EQ(a.members(), (Strings{"anna", "carol@c"}));
  EXPECT_FALSE(erases(c, "ben@b")) << "cannot be reached";
  EXPECT_EQ(b.engine.state().peers.at(SiteId::parse("c")).erasures.size(), 1u);
  sites.heal();
  sites.flow();
  EXPECT_TRUE(erases(c, "ben@b"));
  EXPECT_FALSE(c.engine.state().user(UserId::parse("ben@b")));
  for (const char* site : {"a", "c"})
    EXPECT_TRUE(b.engine.state().peers.at(SiteId::parse(site)).erasures.empty()) << site;
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(People, R34_WhoWasNeverToldOfAUserIsNotToldOfTheirErasure) {
  all_there();
  b.step([](auto& e, auto& ctx) { e.erase_user(kBen, ctx); });
  sites.flow();
  EXPECT_FALSE(erases(a, "ben@b"));
  EXPECT_FALSE(erases(c, "ben@b"));
}

TEST_F(People, R34_ASiteThatHasNotSaidWhatItHasIsToldOfAnErasureLater) {
  all_there();
  start();
  sites.pass(2000);
  Peer& peer = b.engine.state().peers.at(SiteId::parse("c"));
  const auto features = std::exchange(peer.features, {});
  sites.cut("b", "c");
  b.step([](auto& e, auto& ctx) { e.erase_user(kBen, ctx); });
  EXPECT_EQ(peer.erasures, (std::map<UserId, std::uint64_t>{{kBen, 0}}));
  ASSERT_TRUE(features.contains(messages::kErasures));
  sites.heal();
  sites.pass(30'000);
  EXPECT_TRUE(erases(c, "ben@b"));
  EXPECT_TRUE(peer.erasures.empty());
}

TEST_F(People, R34_WhoIsInAThirdSitesChatIsThatSitesToSay) {
  all_there();
  start();
  sites.pass(2000);
  sites.cut("a", "c");
  b.step([](auto& e, auto& ctx) { e.erase_user(kBen, ctx); });
  sites.flow();
  ASSERT_TRUE(erases(c, "ben@b"));
  EXPECT_EQ(a.members(), (Strings{"anna", "carol@c"}));
  EXPECT_EQ(c.members(), (Strings{"anna@a", "ben@b", "carol"})) << "nothing but the id, until home says so";
  EXPECT_EQ(c.engine.state().user(UserId::parse("ben@b"))->name, "");
  sites.heal();
  sites.flow();
  EXPECT_EQ(c.members(), (Strings{"anna@a", "carol"}));
  EXPECT_FALSE(c.engine.state().user(UserId::parse("ben@b")));
}

TEST_F(People, R34_AnErasureIsToldAgainWhereWhatWaitedIsGivenUp) {
  all_there();
  start();
  sites.pass(2000);
  sites.cut("b", "a");
  b.step([](auto& e, auto& ctx) { e.erase_user(kBen, ctx); });
  b.step([](auto& e, auto& ctx) {
    for (std::uint64_t i = 0; i <= kMaxPeerWaiting; ++i)
      send(e.state(), SiteId::parse("a"), messages::PeerPresence{{{"ben@b", PresenceState::busy}}}, ctx);
  });
  sites.heal();
  sites.flow();
  EXPECT_TRUE(erases(a, "ben@b"));
}

TEST_F(People, R34_SoManyErasuresAMinuteAreTakenAndTheOthersWait) {
  all_there();
  b.step([](auto& e, auto& ctx) {
    for (int i = 0; i < 150; ++i)
      send(e.state(), SiteId::parse("a"), messages::PeerErase{"u" + std::to_string(i) + "@b"}, ctx);
  });
  sites.flow();
  EXPECT_EQ(a.erased.size(), 100u);
  sites.pass(60'000);
  EXPECT_EQ(a.erased.size(), 150u);
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(People, R34_WhoComesBackAfterAnErasureIsHeard) {
  all_there();
  start();
  sites.pass(2000);
  b.step([](auto& e, auto& ctx) { e.erase_user(kBen, ctx); });
  sites.pass(1000);
  b.step([](auto& e, auto& ctx) {
    const messages::Presence there{PresenceState::available, static_cast<std::uint64_t>(ctx.now)};
    e.presence(kBen, topics::DeviceId::parse("phone"), there, ctx);
  });
  c.plan(R"(
[[plan]]
id = "again"
name = "Again"
audience = { any = [{ users = ["anna@a", "ben@b"] }] }
[[plan.end]]
on = "duration"
after = "1h"
)");
  c.step([](auto& e, auto& ctx) {
    start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  sites.pass(2000);
  EXPECT_TRUE(a.engine.state().user(UserId::parse("ben@b")));
  for (SiteWorld* site : {&a, &c})
    EXPECT_FALSE(site->engine.state().erased_ms.contains(UserId::parse("ben@b"))) << site->name;
}

}  // namespace
}  // namespace convoke::core
