// Plans that wait for areas and users of other sites.

#include "backend/core/distant_triggers.h"

#include "backend/core/erasure.h"
#include "backend/core/questions.h"
#include "backend/core/watches.h"
#include "tests/unit/core/federation.h"

namespace convoke::core {
namespace {

std::string plan(const std::string& start, const std::string& rest = "", const char* id = "across") {
  return std::string("[[plan]]\nid = \"") + id +
         "\"\naudience = { any = [{ users = [\"anna\", \"ben@b\"] }] }\n[[plan.start]]\n" + start +
         "\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n" + rest;
}
const std::string kFull = "on = \"occupancy\"\narea = \"floor@b\"\nreaches = 2\n";
const std::string kFalls = "on = \"occupancy\"\narea = \"floor@b\"\nfalls_to = 1\n";
const std::string kEnter = "on = \"enter\"\narea = \"floor@b\"\n";
const std::string kBen = "on = \"available\"\nuser = \"ben@b\"\n";
const std::string kEmptyEnd = "[[plan.end]]\non = \"empty\"\narea = \"floor@b\"\n";

class DistantTriggers : public Federation {
 protected:
  DistantTriggers() {
    allow(b, {kMayUsers, kMayAreas});
    a.available("anna");
    b.available("ben");
    sites.flow();
  }
  void allow(SiteWorld& site, std::set<std::string> may) {
    site.step([&](Engine& e, Context& ctx) { e.allow_peer(SiteId::parse("a"), may, ctx); });
    sites.flow();
  }
  void put(const std::string& toml) {
    a.plan(toml);
    sites.flow();
  }
  /// Into the floor of b, or out of it.
  void walks(const std::string& user, bool enter = true) {
    b.step([&](Engine& e, Context& ctx) {
      area_transition(e.state(), UserId::parse(user), AreaId::parse("floor"), enter, ctx);
    });
    sites.flow();
  }
  void is(const std::string& user, messages::PresenceState state) {
    b.presence(user, state, ++n_);
    sites.flow();
  }
  void lets_others(const std::string& user) {
    b.step([&](Engine& e, Context& ctx) { let_others(e.state(), UserId::parse(user), true, ctx); });
  }
  /// Ends the chat that is open.
  void end() {
    a.step([&](Engine& e, Context& ctx) { end_group(e.state(), a.group(), "staff", ctx); });
    sites.flow();
  }
  std::size_t starts() { return a.events<StartEvent>().size(); }
  PlanRecord& record() { return a.engine.state().plans.begin()->second; }
  std::string unknown() { return record().watched.begin()->second.why; }
  Peer& home_at_b() { return b.engine.state().peers.at(SiteId::parse("a")); }
  /// What b would tell a, with this in it.
  void told(bool holds, TimeMs at, messages::PeerWatched what = kTwo) {
    sites.deliver("b", "a", forged(sites, "b", "a", messages::PeerHolds{"across", {{what, holds}}, at}));
  }
  inline static const messages::PeerWatched kTwo{messages::PeerWatched::Is::at_least, "floor", 2};
  std::uint64_t n_ = 1;
};

TEST_F(DistantTriggers, R34_AnAreaOfAnotherSiteThatFillsStartsAChatOfBoth) {
  put(plan(kFull));
  walks("ben");
  EXPECT_EQ(starts(), 0u);
  walks("bert");
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben"}));
  EXPECT_EQ(a.group().reasons, Strings{"occupancy: floor@b reached 2"});
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(DistantTriggers, R34_ItArmsAgainAsAnAreaOfHomeDoes) {
  put(plan(kFull));
  for (const char* user : {"ben", "bert"}) walks(user);
  end();
  walks("bea");
  EXPECT_EQ(starts(), 1u) << "still full since the last start";
  for (const char* user : {"bea", "bert"}) walks(user, false);
  walks("bert");
  EXPECT_EQ(starts(), 2u);
}

TEST_F(DistantTriggers, R34_AFullAreaStartsTheNextChatSomeTimeAfterOneWhereThePlanSaysSo) {
  put(plan(kFull + "again = \"5m\""));
  for (const char* user : {"ben", "bert"}) walks(user);
  end();
  sites.pass(5 * 60'000 - 1);
  EXPECT_EQ(starts(), 1u);
  sites.pass(1);
  EXPECT_EQ(starts(), 2u);
}

TEST_F(DistantTriggers, R34_AnAreaThatIsFullWhenThePlanComesStartsAtOnce) {
  for (const char* user : {"ben", "bert"}) walks(user);
  put(plan(kFull));
  EXPECT_EQ(starts(), 1u);
  end();
  put(plan(kFull));
  EXPECT_EQ(starts(), 2u) << "as with an area of home";
}

TEST_F(DistantTriggers, R34_AnAreaThatEmptiesStartsOnlyWhereThereWereMore) {
  put(plan(kFalls));
  EXPECT_EQ(starts(), 0u) << "it is empty from the beginning";
  for (const char* user : {"ben", "bert"}) walks(user);
  walks("bert", false);
  EXPECT_EQ(starts(), 1u);
  EXPECT_EQ(a.group().reasons, Strings{"occupancy: floor@b fell to 1"});
}

TEST_F(DistantTriggers, R34_OnlyWhoLetsOtherSitesStartsByEntering) {
  put(plan(kEnter));
  walks("bert");
  EXPECT_EQ(starts(), 0u);
  lets_others("ben");
  walks("ben");
  ASSERT_EQ(starts(), 1u);
  EXPECT_EQ(a.group().reasons, Strings{"enter: somebody entered floor@b"});
  walks("ben", false);
  end();
  walks("ben");
  EXPECT_EQ(starts(), 2u);
}

TEST_F(DistantTriggers, R34_WhoBecomesAvailableElsewhereStarts) {
  is("ben", PresenceState::busy);
  put(plan(kBen));
  EXPECT_EQ(starts(), 0u);
  is("ben", PresenceState::available);
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  EXPECT_EQ(a.group().reasons, Strings{"available: ben@b became available"}) << "said once";
  end();
  is("ben", PresenceState::away);
  is("ben", PresenceState::available);
  EXPECT_EQ(starts(), 2u);
}

TEST_F(DistantTriggers, R34_WhoIsAvailableWhenThePlanBecomesActiveStartsOnce) {
  put(plan(kBen));
  EXPECT_EQ(starts(), 1u);
  end();
  put(plan(kBen));
  EXPECT_EQ(starts(), 1u) << "the plan waited for him before";
}

TEST_F(DistantTriggers, R34_WhoIsErasedIsNotAvailable) {
  put(plan(kBen));
  end();
  b.step([](Engine& e, Context& ctx) { e.erase_user(UserId::parse("ben"), ctx); });
  sites.flow();
  EXPECT_EQ(record().watched.begin()->second.holds, false);
}

TEST_F(DistantTriggers, R34_TheLastOneWhoLeavesAnAreaElsewhereEndsTheChat) {
  put(plan(kFull, kEmptyEnd));
  for (const char* user : {"ben", "bert"}) walks(user);
  const GroupId id = a.group().id;
  walks("ben", false);
  EXPECT_FALSE(over(a, id));
  walks("bert", false);
  EXPECT_TRUE(over(a, id));
  EXPECT_TRUE(over(b, id));
  EXPECT_EQ(group(a, id)->end_reason, "area-empty");
}

TEST_F(DistantTriggers, R34_AnAreaThatIsEmptyAtTheOpeningEndsNothing) {
  put(plan(kBen, kEmptyEnd));
  EXPECT_EQ(a.live_groups(), 1u);
}

TEST_F(DistantTriggers, R34_AnEndOfAPlanThatWasChangedIsStillWaitedFor) {
  put(plan(kFull, kEmptyEnd));
  for (const char* user : {"ben", "bert"}) walks(user);
  const GroupId id = a.group().id;
  put("[[plan]]\nid = \"across\"\nenabled = false\naudience = {}\n[[plan.end]]\non = \"duration\"\nafter = "
      "\"1h\"\n");
  EXPECT_EQ(record().watched.size(), 1u);
  for (const char* user : {"ben", "bert"}) walks(user, false);
  EXPECT_TRUE(over(a, id));
  EXPECT_TRUE(record().watched.empty());
  EXPECT_TRUE(b.engine.state().watches.empty());
}

TEST_F(DistantTriggers, R34_APlanThatNamesItsOwnSiteMeansWhatIsHere) {
  put("[[plan]]\nid = \"own\"\naudience = { any = [{ users = [\"anna\"] }] }\n[[plan.start]]\non = "
      "\"enter\"\narea = \"hall@a\"\n[[plan.start]]\non = \"available\"\nuser = \"carl@a\"\n[[plan.end]]\non "
      "= \"duration\"\nafter = \"1h\"\n[[plan.end]]\non = \"empty\"\narea = \"hall@a\"\n");
  EXPECT_TRUE(record().watched.empty());
  for (const bool enter : {true, false}) {
    a.step([&](Engine& e, Context& ctx) {
      area_transition(e.state(), UserId::parse("anna"), AreaId::parse("hall"), enter, ctx);
    });
    EXPECT_EQ(a.live_groups(), enter ? 1u : 0u);
  }
  a.available("carl");
  EXPECT_EQ(starts(), 2u);
}

TEST_F(DistantTriggers, R34_AnAreaOfTheSameNameAtHomeIsAnother) {
  put(plan(kFull, kEmptyEnd));
  for (const char* user : {"anna", "axel"})
    a.step([&](Engine& e, Context& ctx) {
      area_transition(e.state(), UserId::parse(user), AreaId::parse("floor"), true, ctx);
    });
  EXPECT_EQ(starts(), 0u);
}

TEST_F(DistantTriggers, R34_WhatTheOperatorDoesNotAllowIsSaidAndToldWhenItIsAllowed) {
  allow(b, {kMayUsers});
  for (const char* user : {"ben", "bert"}) walks(user);
  put(plan(kFull));
  EXPECT_EQ(unknown(), kNotAllowed);
  walks("bea");
  EXPECT_EQ(starts(), 0u);
  EXPECT_EQ(home_at_b().shut, "");
  allow(b, {kMayUsers, kMayAreas});
  EXPECT_EQ(starts(), 1u);
  EXPECT_EQ(unknown(), "");
  allow(b, {kMayUsers});
  EXPECT_EQ(unknown(), kNotAllowed);
  EXPECT_FALSE(record().watched.begin()->second.holds.has_value());
}

TEST_F(DistantTriggers, R34_EachPermissionIsForItsOwn) {
  allow(b, {kMayAreas});
  put(plan(kBen));
  EXPECT_EQ(unknown(), kNotAllowed);
  put(plan(kEnter));
  EXPECT_EQ(unknown(), "");
  lets_others("bert");
  allow(b, {kMayUsers});
  walks("bert");
  EXPECT_EQ(starts(), 0u);
}

TEST_F(DistantTriggers, R34_ASiteThatCannotBeReachedAnswersLater) {
  sites.cut("a", "b");
  put(plan(kFull));
  for (const char* user : {"ben", "bert"}) walks(user);
  EXPECT_EQ(unknown(), "no-answer");
  sites.heal();
  sites.flow();
  EXPECT_EQ(starts(), 1u);
}

TEST_F(DistantTriggers, R34_ASiteThatIsNoPeerIsNotWaitedFor) {
  put(plan("on = \"enter\"\narea = \"floor@nowhere\"\n"));
  EXPECT_EQ(unknown(), "no-such-site");
}

TEST_F(DistantTriggers, R34_AServerThatDoesNotKnowWatchesIsAskedWhenItDoes) {
  b.speaks = 1;
  sites.flow();
  for (const char* user : {"ben", "bert"}) walks(user);
  put(plan(kFull));
  EXPECT_EQ(unknown(), "site-too-old");
  b.speaks = messages::kPeerVersion;
  sites.flow();
  EXPECT_EQ(starts(), 1u);
}

TEST_F(DistantTriggers, R34_ALevelThatComesTwiceCountsOnce) {
  put(plan(kFull));
  told(true, a.now);
  EXPECT_EQ(starts(), 1u);
  a.step([&](Engine& e, Context& ctx) { end_group(e.state(), a.group(), "staff", ctx); });
  told(true, a.now);
  EXPECT_EQ(starts(), 1u);
}

TEST_F(DistantTriggers, R34_AnOldLevelStartsOnlyIfNothingBehindItTakesItBack) {
  put(plan(kFull));
  sites.cut("a", "b");
  for (const char* user : {"ben", "bert"}) walks(user);
  sites.pass(2 * 60'000);
  walks("bert", false);
  sites.heal();
  sites.flow();
  sites.pass(60'000);
  EXPECT_EQ(starts(), 0u);
  sites.cut("a", "b");
  walks("bert");
  sites.pass(2 * 60'000);
  sites.heal();
  sites.flow();
  EXPECT_EQ(starts(), 0u) << "what comes behind it is awaited";
  sites.pass(15'000);
  EXPECT_EQ(starts(), 1u) << "it still holds";
}

TEST_F(DistantTriggers, R34_AnEntryOfAMinuteAgoStartsNothing) {
  put(plan(kEnter));
  const messages::PeerWatched enter{messages::PeerWatched::Is::enter, "floor"};
  told(true, a.now - 60'001, enter);
  EXPECT_EQ(starts(), 0u);
  told(true, a.now - 60'000, enter);
  EXPECT_EQ(starts(), 1u);
}

TEST_F(DistantTriggers, R34_AnAreaThatWasEmptyBeforeTheChatOpenedEndsNothing) {
  put(plan(kBen, kEmptyEnd));
  const messages::PeerWatched empty{messages::PeerWatched::Is::at_most, "floor", 0};
  sites.pass(10 * 60'000);
  for (const TimeMs at : {a.now - 11 * 60'000, a.now - 9 * 60'000}) {
    EXPECT_EQ(a.live_groups(), 1u);
    told(false, at, empty);
    told(true, at, empty);
  }
  EXPECT_EQ(a.live_groups(), 0u);
}

TEST_F(DistantTriggers, R34_WhatIsToldOfWhatNoPlanWaitsForDoesNothing) {
  put(plan(kFull));
  const messages::PeerWatched other{messages::PeerWatched::Is::at_least, "floor", 3};
  told(true, a.now, other);
  EXPECT_EQ(starts(), 0u);
  EXPECT_EQ(record().watched.size(), 1u);
  const messages::PeerHolds of_nothing{"gone", {{kTwo, true}}, a.now};
  EXPECT_EQ(sites.deliver("b", "a", forged(sites, "b", "a", of_nothing)).refused, Strings{});
}

TEST_F(DistantTriggers, R34_APeerTellsOfItsOwnUsersAndIsAskedForThem) {
  const messages::PeerWatched carol{messages::PeerWatched::Is::available, "carol@c"};
  const messages::PeerHolds holds{"across", {{carol, true}}, a.now};
  EXPECT_EQ(sites.deliver("b", "a", forged(sites, "b", "a", holds)).shut, "foreign-user");
  const messages::PeerWatch watch{"across", {carol}};
  EXPECT_EQ(sites.deliver("a", "b", forged(sites, "a", "b", watch)).shut, "foreign-user");
  EXPECT_TRUE(b.engine.state().watches.empty());
}

TEST_F(DistantTriggers, R34_AWithdrawnOrDisabledPlanIsWatchedForNoMore) {
  put(plan(kFull));
  EXPECT_EQ(home_at_b().watches, 1u);
  put(plan(kEnter, "", "other"));
  EXPECT_EQ(home_at_b().watches, 2u);
  a.step([](Engine& e, Context& ctx) { e.delete_plan(PlanId::parse("across"), ctx); });
  sites.flow();
  EXPECT_EQ(home_at_b().watches, 1u);
  put("[[plan]]\nid = \"other\"\nenabled = false\naudience = {}\n[[plan.start]]\n" + kEnter +
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  EXPECT_EQ(home_at_b().watches, 0u);
  EXPECT_TRUE(b.engine.state().watched_areas.empty());
}

TEST_F(DistantTriggers, R34_ASiteThatIsRemovedHoldsNothingAndAsksNothing) {
  put(plan(kFull));
  for (const char* user : {"ben", "bert"}) walks(user);
  b.step([](Engine& e, Context& ctx) { e.delete_peer(SiteId::parse("a"), ctx); });
  EXPECT_TRUE(b.engine.state().watches.empty());
  EXPECT_TRUE(b.engine.state().watched_areas.empty());
  a.step([](Engine& e, Context& ctx) { e.delete_peer(SiteId::parse("b"), ctx); });
  EXPECT_EQ(unknown(), "no-such-site");
  EXPECT_FALSE(told_to_hold(record(), record().watched.begin()->first));
  b.step([](Engine& e, Context& ctx) {
    area_transition(e.state(), UserId::parse("bea"), AreaId::parse("floor"), true, ctx);
  });
  EXPECT_TRUE(b.fx.peer_items.empty());
}

TEST_F(DistantTriggers, R34_ASiteThatHasForgottenIsAskedAnew) {
  put(plan(kFull));
  walks("ben");
  b.step([](Engine& e, Context& ctx) {
    forget_watches(e.state(), SiteId::parse("a"), ctx);
    tell_peers_anew(e.state(), ctx);
  });
  sites.flow();
  walks("bert");
  EXPECT_EQ(starts(), 1u);
}

TEST_F(DistantTriggers, R34_AHomeThatHasForgottenWaitsForWhatItKnowsOnly) {
  put(plan(kFull));
  put(plan(kEnter, "", "other"));
  a.step([](Engine& e, Context& ctx) {
    e.state().plans.erase(PlanId::parse("other"));
    tell_peers_anew(e.state(), ctx);
  });
  sites.flow();
  EXPECT_EQ(home_at_b().watches, 1u);
}

TEST_F(DistantTriggers, R34_OfOneSiteOnlySoManyWatchesAreKept) {
  messages::PeerWatch watch{"", {}};
  for (std::uint32_t i = 1; i <= messages::kMaxPeerWatches; ++i)
    watch.watches.push_back({messages::PeerWatched::Is::at_least, "floor", i});
  std::vector<std::string> refused;
  for (std::size_t i = 0; i * messages::kMaxPeerWatches <= kMaxWatches; ++i) {
    watch.plan = "p" + std::to_string(i);
    b.now += 1000;
    for (const std::string& why : sites.deliver("a", "b", forged(sites, "a", "b", watch)).refused)
      refused.push_back(why);
  }
  EXPECT_EQ(refused, Strings{"too-many"});
  EXPECT_EQ(home_at_b().watches, kMaxWatches / messages::kMaxPeerWatches * messages::kMaxPeerWatches);
}

TEST_F(DistantTriggers, R34_NothingIsToldWhereNothingChanges) {
  put(plan(kFull));
  for (const char* user : {"ben", "bert"}) walks(user);
  const auto before = home_at_b().next;
  walks("bea");
  walks("bea", false);
  is("ben", PresenceState::available);
  EXPECT_EQ(home_at_b().next, before);
}

}  // namespace
}  // namespace convoke::core
