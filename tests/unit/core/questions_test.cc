// Audiences of which other sites judge a part: their areas, their users' attributes and registrations.

#include "backend/core/questions.h"

#include "backend/core/explanation.h"
#include "backend/core/members.h"
#include "backend/core/registrations.h"
#include "tests/unit/core/federation.h"

namespace convoke::core {
namespace {

const std::string kRest = "\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n";
std::string plan(const std::string& audience) {
  return "[[plan]]\nid = \"across\"\naudience = { " + audience + " }" + kRest;
}

class Questions : public Federation {
 protected:
  Questions() {
    for (SiteWorld* site : {&b, &c})
      site->step([](Engine& e, Context& ctx) {
        e.allow_peer(SiteId::parse("a"), {kAllMay.begin(), kAllMay.end()}, ctx);
      });
    sites.flow();
  }
  /// The user is available and lets other sites draw them in.
  static void there(SiteWorld& site, const std::string& user, bool lets_others = true) {
    site.available(user);
    site.step([&](Engine& e, Context& ctx) { let_others(e.state(), UserId::parse(user), lets_others, ctx); });
  }
  static void attribute(SiteWorld& site, const std::string& user, const std::string& name) {
    site.step([&](Engine& e, Context& ctx) {
      e.put_profile(UserId::parse(user), user, {{name, "yes"}}, std::nullopt, ctx);
    });
  }
  static void enters(SiteWorld& site, const std::string& user, const char* area) {
    site.step([&](Engine& e, Context& ctx) {
      area_transition(e.state(), UserId::parse(user), AreaId::parse(area), true, ctx);
    });
  }
  std::string unselected(const char* site) {
    const auto& group = a.engine.state().groups.begin()->second;
    const auto found = group.unselected.find(SiteId::parse(site));
    return found == group.unselected.end() ? "" : found->second;
  }
};

TEST_F(Questions, R34_AnAreaOfAnotherSiteHoldsForItsUsersThere) {
  for (const char* user : {"anna", "axel"}) {
    a.available(user);
    enters(a, user, "floor");
  }
  for (const char* user : {"ben", "bert"}) there(b, user);
  enters(b, "ben", "floor");
  there(c, "carol");
  enters(c, "carol", "floor");
  start(plan("any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]").c_str());
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben"}));
  EXPECT_EQ(a.group().members.at(UserId::parse("ben@b")).why, "in floor@b, as b says");
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(Questions, R34_AnAreaOfHomesOwnNameIsHomes) {
  a.available("anna");
  enters(a, "anna", "floor");
  start(plan("any = [{ area = \"floor@a\" }]").c_str());
  EXPECT_EQ(a.members(), Strings{"anna"});
}

TEST_F(Questions, R34_RegisteredAtAnyOfTheseSites) {
  a.available("anna");
  b.plan(plan("any = []").c_str());
  there(b, "ben");
  there(b, "bert");
  there(c, "carol");
  b.step([](Engine& e, Context& ctx) {
    put_registration(e.state(), e.state().plans.begin()->second, UserId::parse("ben"), {"self", "", 1}, ctx);
  });
  start(plan("sites = [\"b\", \"c\"], any = [{ registered = true }, { users = [\"anna\"] }]").c_str());
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"})) << "c has no plan of this id";
  EXPECT_EQ(unselected("b") + unselected("c"), "");
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(Questions, R34_AttributesAreJudgedByTheUsersOwnSiteOnlyWhereItIsNamed) {
  a.available("anna");
  for (const char* user : {"ben", "bert"}) there(b, user);
  there(c, "carol");
  attribute(b, "ben", "vip");
  attribute(c, "carol", "vip");
  start(plan("sites = [\"b\"], any = [{ attribute = \"vip\" }, { users = [\"anna\", \"bert@b\"] }]").c_str());
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "bert@b"}));
}

TEST_F(Questions, R34_WhatIsAskedOfAllIsAskedOfThoseWhoAreListedToo) {
  for (const char* user : {"ben", "bert", "bea"}) there(b, user);
  attribute(b, "ben", "vip");
  attribute(b, "bea", "vip");
  a.available("anna");
  start(plan("sites = [\"b\"], any = [{ users = [\"ben@b\", \"bert@b\"] }], all = [{ attribute = \"vip\" }]")
            .c_str());
  EXPECT_EQ(a.members(), Strings{"ben@b"});
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(Questions, R34_EverybodyOfTheSitesButThoseHomeLeavesOut) {
  for (const char* user : {"ben", "bert"}) there(b, user);
  there(c, "carol");
  start(plan("sites = [\"b\"], none = [{ users = [\"bert@b\"] }]").c_str());
  EXPECT_EQ(a.members(), Strings{"ben@b"});
}

TEST_F(Questions, R34_WhoDoesNotLetOtherSitesIsNotDrawnInButByName) {
  there(b, "ben");
  there(b, "bert", false);
  b.available("bea");
  for (const char* user : {"ben", "bert", "bea"}) enters(b, user, "floor");
  start(plan("any = [{ area = \"floor@b\" }, { users = [\"bea@b\"] }]").c_str());
  EXPECT_EQ(a.members(), (Strings{"bea@b", "ben@b"}));
}

TEST_F(Questions, R34_WhatTheOperatorDoesNotAllowIsRefusedAndShutsNoLink) {
  b.step([](Engine& e, Context& ctx) { e.allow_peer(SiteId::parse("a"), {kMayUsers}, ctx); });
  a.available("anna");
  for (const char* user : {"ben", "bert"}) there(b, user);
  enters(b, "ben", "floor");
  start(plan("any = [{ area = \"floor@b\" }, { users = [\"anna\", \"bert@b\"] }]").c_str());
  EXPECT_EQ(a.members(), (Strings{"anna", "bert@b"}));
  EXPECT_EQ(unselected("b"), kNotAllowed);
  EXPECT_EQ(sites.refused, Strings{"b refused a: not-allowed"});
  EXPECT_EQ(b.engine.state().peers.at(SiteId::parse("a")).shut, "");
}

TEST_F(Questions, R34_WhomAnotherSiteHasSelectedStaysInAFollowingChat) {
  a.available("anna");
  there(b, "ben");
  enters(b, "ben", "floor");
  start(plan("follow = \"2m\", any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]").c_str());
  for (const std::uint64_t n : {2, 3}) {
    b.presence("ben", n == 2 ? messages::PresenceState::busy : messages::PresenceState::available, n);
    sites.pass(150'000);
  }
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"})) << "home cannot know that he left";
}

TEST_F(Questions, R34_ANewSiteMayAskByNameOnly) {
  SiteWorlds fresh({"a", "b"});
  EXPECT_EQ(fresh["b"].engine.state().peers.at(SiteId::parse("a")).may, std::set<std::string>{kMayUsers});
}

TEST_F(Questions, R34_WhereNotEvenNamesAreAllowedNobodyIsChosen) {
  b.step([](Engine& e, Context& ctx) { e.allow_peer(SiteId::parse("a"), {}, ctx); });
  all_there();
  start();
  EXPECT_EQ(a.members(), (Strings{"anna", "carol@c"}));
  EXPECT_TRUE(group(a, a.group().id)->asked.empty()) << "it has answered";
}

TEST_F(Questions, R34_ASiteThatDoesNotAnswerSelectsLater) {
  a.available("anna");
  there(b, "ben");
  enters(b, "ben", "floor");
  sites.cut("a", "b");
  start(plan("any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]").c_str());
  EXPECT_EQ(a.members(), Strings{"anna"});
  EXPECT_EQ(unselected("b"), "no-answer");
  sites.heal();
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  EXPECT_EQ(unselected("b"), "");
}

TEST_F(Questions, R34_ASiteThatIsPartedFromAnswersNothingMore) {
  a.available("anna");
  sites.cut("a", "b");
  start(plan("any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]").c_str());
  a.step([](Engine& e, Context& ctx) { e.delete_peer(SiteId::parse("b"), ctx); });
  EXPECT_EQ(unselected("b"), "no-such-site");
}

TEST_F(Questions, R34_OfManySelectedALotDecidesAndAllPartsOfTheAnswerCount) {
  for (int i = 0; i < 250; ++i) {
    const std::string user = "u" + std::to_string(i);
    there(b, user);
    enters(b, user, "floor");
  }
  start(plan("max = 230, any = [{ area = \"floor@b\" }]").c_str());
  EXPECT_EQ(a.members().size(), 230u);
  EXPECT_EQ(b.members().size(), 230u);
  EXPECT_EQ(unselected("b"), "");
}

TEST_F(Questions, R34_AnAnswerBeyondWhatWasAskedDoesNotCount) {
  a.available("anna");
  there(b, "ben");
  enters(b, "ben", "floor");
  start(plan("max = 3, any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]").c_str());
  const std::string id = a.group().id.str();
  const auto tell = [&](const std::string& user) {
    messages::PeerChosen chosen{id, {{user, "", messages::PresenceState::available, {}}}, true};
    return sites.deliver("b", "a", forged(sites, "b", "a", chosen)).refused;
  };
  tell("made-up@b");
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"})) << "nothing is asked any more";
  EXPECT_EQ(tell("carol@c"), Strings{"foreign-user"});
}

TEST_F(Questions, R34_ASiteThatWasNotAskedSelectsNobody) {
  a.available("anna");
  start(plan("any = [{ users = [\"anna\"] }, { area = \"floor@b\" }]").c_str());
  messages::PeerChosen chosen{
      a.group().id.str(), {{"carol@c", "", messages::PresenceState::available, {}}}, true};
  EXPECT_EQ(sites.deliver("c", "a", forged(sites, "c", "a", chosen)).refused, Strings{"not-asked"});
}

TEST_F(Questions, R34_OfAnotherSitesUserItIsSaidWhoKnows) {
  a.plan(plan("sites = [\"b\"], any = [{ area = \"floor@b\" }], all = [{ attribute = \"vip\" }]"));
  User ben;
  ben.id = UserId::parse("ben@b");
  const auto why = explain(a.engine.state(), a.engine.state().plans.begin()->second.plan, ben, a.now);
  ASSERT_GE(why.findings.size(), 2u);
  EXPECT_EQ(why.findings[0].condition, "in floor@b (only b knows)");
  EXPECT_EQ(why.findings[1].condition, "has vip (only b knows)");
}

TEST_F(Questions, R34_SelectionsCountMoreThanOtherItems) {
  messages::PeerBatch batch = sites.batch("a", "b");
  const messages::PeerSelect select{std::string(32, '1'), "p", {}, {}, {}, true, 1};
  batch.items.assign(messages::kMaxPeerItems, select);
  for (const bool put_off : {false, false, true}) {
    batch.first = b.engine.state().peers.at(SiteId::parse("a")).in_upto + 1;
    EXPECT_EQ(sites.deliver("a", "b", batch).put_off, put_off);
  }
}

TEST_F(Questions, R34_WhatALaterServerAsksIsRefused) {
  messages::PeerSelect select{std::string(32, '1'), "p", {messages::PeerUnknownCondition{}}, {}, {}, true, 1};
  EXPECT_EQ(sites.deliver("a", "b", forged(sites, "a", "b", select)).refused, Strings{"unknown-condition"});
  EXPECT_EQ(b.engine.state().peers.at(SiteId::parse("a")).shut, "");
}

TEST_F(Questions, R34_AServerOfTheVersionBeforeIsNotAsked) {
  b.speaks = 1;
  sites.flow();
  a.available("anna");
  there(b, "ben");
  enters(b, "ben", "floor");
  start(plan("any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]").c_str());
  EXPECT_EQ(a.members(), Strings{"anna"});
  EXPECT_EQ(unselected("b"), "site-too-old");
  b.speaks = messages::kPeerVersion;
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"})) << "it is asked when it can answer";
}

}  // namespace
}  // namespace convoke::core
