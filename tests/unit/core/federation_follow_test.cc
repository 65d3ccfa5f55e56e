// Plans that follow their audience over several sites: who comes to qualify at another site joins, and who
// does not any more leaves.

#include <functional>
#include <random>

#include "backend/core/erasure.h"
#include "backend/core/kept_questions.h"
#include "backend/core/members.h"
#include "backend/core/moderation.h"
#include "backend/core/questions.h"
#include "backend/core/registrations.h"
#include "backend/core/sites.h"
#include "tests/unit/core/federation.h"

namespace convoke::core {
namespace {

using messages::PresenceState;

constexpr TimeMs kMinute = 60'000;

std::string plan(const std::string& audience) {
  return "[[plan]]\nid = \"across\"\naudience = { follow = \"2m\", " + audience +
         " }\n[[plan.end]]\non = \"duration\"\nafter = \"3h\"\n";
}
const std::string kFloor = plan("any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]");

class FederationFollow : public Federation {
 protected:
  FederationFollow() {
    for (SiteWorld* site : {&b, &c}) allow(*site, {kAllMay.begin(), kAllMay.end()});
    sites.flow();
    a.available("anna");
  }
  static void allow(SiteWorld& site, std::set<std::string> may) {
    site.step([&](Engine& e, Context& ctx) { e.allow_peer(SiteId::parse("a"), may, ctx); });
  }
  /// The user is available and lets other sites draw them in.
  static void there(SiteWorld& site, const std::string& user) {
    site.available(user);
    lets(site, user, true);
  }
  static void lets(SiteWorld& site, const std::string& user, bool allow) {
    site.step([&](Engine& e, Context& ctx) { let_others(e.state(), UserId::parse(user), allow, ctx); });
  }
  static void move(SiteWorld& site, const std::string& user, const char* area, bool enter) {
    site.step([&](Engine& e, Context& ctx) {
      area_transition(e.state(), UserId::parse(user), AreaId::parse(area), enter, ctx);
    });
  }
  void enters(SiteWorld& site, const std::string& user, const char* area = "floor") {
    move(site, user, area, true);
    sites.flow();
  }
  void leaves(SiteWorld& site, const std::string& user, const char* area = "floor") {
    move(site, user, area, false);
    sites.flow();
  }
  static void attribute(SiteWorld& site, const std::string& user,
                        std::map<std::string, std::string> attributes) {
    site.step([&](Engine& e, Context& ctx) {
      e.put_profile(UserId::parse(user), user, std::move(attributes), std::nullopt, ctx);
    });
  }
  void staff(const std::function<void(Group&, Context&)>& does) {
    a.step([&](Engine&, Context& ctx) { does(a.group(), ctx); });
    sites.flow();
  }
  static std::size_t kept(SiteWorld& site) {
    const auto& all = site.engine.state().kept;
    const auto of = all.find(SiteId::parse("a"));
    return of == all.end() ? 0 : of->second.all.size();
  }
  /// All that the site still has for others is given up.
  void counts_anew(SiteWorld& site) {
    site.step([](Engine& e, Context& ctx) { tell_peers_anew(e.state(), ctx); });
    sites.flow();
  }
};

TEST_F(FederationFollow, R34_WhoComesToQualifyAtAnotherSiteIsDrawnIn) {
  there(b, "ben");
  start(kFloor.c_str());
  EXPECT_EQ(a.members(), Strings{"anna"});
  enters(b, "ben");
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben"}));
  EXPECT_EQ(a.group().members.at(UserId::parse("ben@b")).why, "in floor@b, as b says");
  b.available("bert");
  enters(b, "bert");
  EXPECT_EQ(a.members().size(), 2u) << "bert does not let other sites";
  lets(b, "bert", true);
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "bert@b"}));
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(FederationFollow, R34_WhoDoesNotQualifyAnyMoreLeavesAfterTheGraceTime) {
  for (const char* user : {"ben", "bert"}) {
    there(b, user);
    enters(b, user);
  }
  start(kFloor.c_str());
  leaves(b, "ben");
  sites.pass(2 * kMinute - 1);
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "bert@b"}));
  sites.pass(1);
  EXPECT_EQ(a.members(), (Strings{"anna", "bert@b"}));
  EXPECT_EQ(b.members(), (Strings{"anna@a", "bert"}));
  EXPECT_EQ(std::get<messages::ChatEnd>(*messages::decode_inbox(b.published("cv1/b/u/ben/in").back())).reason,
            "not-qualified");
  leaves(b, "bert");
  sites.pass(kMinute);
  a.presence("anna", PresenceState::busy, 2);
  enters(b, "bert");
  sites.pass(10 * kMinute);
  EXPECT_EQ(a.members(), (Strings{"anna", "bert@b"})) << "who comes back in time stays";
  EXPECT_EQ(sites.refused, Strings{});
}

/// Nobody of the site is left in between: its part of the chat waits for them.
TEST_F(FederationFollow, R34_WhoHasLeftAsTheLastOfTheirSiteIsDrawnInAgain) {
  there(b, "ben");
  enters(b, "ben");
  start(kFloor.c_str());
  const GroupId id = a.group().id;
  for (int i = 0; i < 2; ++i) {
    leaves(b, "ben");
    sites.pass(3 * kMinute);
    EXPECT_EQ(a.members(), Strings{"anna"});
    EXPECT_EQ(members_here(*group(b, id)), 0u);
    enters(b, "ben");
    EXPECT_EQ(b.members(), (Strings{"anna@a", "ben"}));
    b.say("ben", std::to_string(i));
    sites.flow();
  }
  EXPECT_EQ(a.archive.size(), 2u);
  leaves(b, "ben");
  sites.pass(3 * kMinute);
  a.step([&](Engine& e, Context& ctx) { end_group(e.state(), *e.state().group(id), "staff", ctx); });
  sites.flow();
  EXPECT_TRUE(over(b, id));
  EXPECT_EQ(kept(b), 0u);
  EXPECT_EQ(sites.refused, Strings{});
}

/// Home has one of the site come in before it hears that the only other one has left.
TEST_F(FederationFollow, R34_WhoComesInAsTheLastOfTheirSiteLeavesHasTheWholeList) {
  there(b, "ben");
  there(b, "bert");
  enters(b, "ben");
  start(kFloor.c_str());
  move(b, "bert", "floor", true);
  sites.deliver("b", "a", sites.batch("b", "a"));
  b.request("ben", messages::LeaveRequest{a.group().id.str()});
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "bert@b"}));
  EXPECT_EQ(b.members(), (Strings{"anna@a", "bert"}));
}

TEST_F(FederationFollow, R34_APartWithoutMembersOutlastsAnEndThatWasPutOff) {
  there(b, "ben");
  enters(b, "ben");
  start(kFloor.c_str());
  leaves(b, "ben");
  sites.pass(3 * kMinute);
  const TimeMs ends = *a.group().ends_ms;
  a.step([&](Engine& e, Context& ctx) { extend_group(e.state(), a.group(), ends + kMinute, ctx); });
  sites.pass(ends - a.now);
  enters(b, "ben");
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben"}));
  EXPECT_EQ(b.group().ends_ms, ends + kMinute);
}

TEST_F(FederationFollow, R34_PresenceDrawsInButDoesNotSendAway) {
  there(b, "ben");
  b.presence("ben", PresenceState::busy, 2);
  enters(b, "ben");
  start(kFloor.c_str());
  EXPECT_EQ(a.members(), Strings{"anna"});
  b.presence("ben", PresenceState::available, 3);
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  b.presence("ben", PresenceState::away, 4);
  sites.pass(10 * kMinute);
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
}

TEST_F(FederationFollow, R34_WhoIsListedComesInWhenTheyBecomeAvailable) {
  b.presence("ben", PresenceState::busy, 1);
  start(plan("any = [{ users = [\"anna\", \"ben@b\", \"carol@c\"] }]").c_str());
  EXPECT_EQ(a.members(), Strings{"anna"});
  b.presence("ben", PresenceState::available, 2);
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"})) << "by name, without letting other sites";
  c.available("carol");
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "carol@c"})) << "nobody had heard of her";
  b.request("ben", messages::LeaveRequest{a.group().id.str()});
  sites.flow();
  b.presence("ben", PresenceState::busy, 3);
  b.presence("ben", PresenceState::available, 4);
  sites.pass(kMinute);
  EXPECT_EQ(a.members(), (Strings{"anna", "carol@c"})) << "who has left is not drawn in again";
}

TEST_F(FederationFollow, R34_WhoDoesNotLetOtherSitesAnyMoreLeaves) {
  there(b, "ben");
  enters(b, "ben");
  start(kFloor.c_str());
  lets(b, "ben", false);
  sites.flow();
  sites.pass(2 * kMinute);
  EXPECT_EQ(a.members(), Strings{"anna"});
}

TEST_F(FederationFollow, R34_AttributesAndRegistrationsAreFollowed) {
  there(b, "ben");
  there(b, "bert");
  b.plan(
      "[[plan]]\nid = \"across\"\naudience = { any = [] }\n[[plan.end]]\non = \"duration\"\nafter = "
      "\"1h\"\n");
  start(
      plan("sites = [\"b\"], any = [{ registered = true }, { attribute = \"vip\" }, { users = [\"anna\"] }]")
          .c_str());
  attribute(b, "ben", {{"vip", "yes"}});
  PlanRecord& record = b.engine.state().plans.begin()->second;
  b.step([&](Engine& e, Context& ctx) {
    put_registration(e.state(), record, UserId::parse("bert"), {"self", "", 1}, ctx);
  });
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "bert@b"}));
  attribute(b, "ben", {});
  sites.flow();
  sites.pass(2 * kMinute);
  EXPECT_EQ(a.members(), (Strings{"anna", "bert@b"}));
  b.step([](Engine& e, Context& ctx) { e.delete_plan(PlanId::parse("across"), ctx); });
  sites.flow();
  sites.pass(2 * kMinute);
  EXPECT_EQ(a.members(), Strings{"anna"}) << "with the plan its registrations are gone";
}

TEST_F(FederationFollow, R34_ATimeAfterLeavingHoldsWhereTheSiteHasNoPlanThatAsks) {
  there(b, "ben");
  start(plan("any = [{ area = \"floor@b\", within = \"10m\" }, { users = [\"anna\"] }]").c_str());
  enters(b, "ben");
  leaves(b, "ben");
  sites.pass(9 * kMinute);
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  sites.pass(2 * kMinute);
  sites.pass(2 * kMinute);
  EXPECT_EQ(a.members(), Strings{"anna"});
}

TEST_F(FederationFollow, R34_TheMaximumHoldsAndWhoFoundNoRoomComesInLater) {
  for (const char* user : {"ben", "bert", "bea"}) there(b, user);
  start(plan("max = 2, any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]").c_str());
  for (const char* user : {"ben", "bert", "bea"}) {
    enters(b, user);
    sites.pass(1);
  }
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  leaves(b, "bert");
  b.request("ben", messages::LeaveRequest{a.group().id.str()});
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "bea@b"})) << "bert came first, but has gone";
  sites.pass(1000);
  EXPECT_EQ(a.engine.state().user(UserId::parse("bea@b"))->presence, PresenceState::available);
}

TEST_F(FederationFollow, R34_WhereASiteIsRemovedNobodyOfItComesInForWhoGoes) {
  for (const char* user : {"ben", "bert"}) there(b, user);
  start(plan("max = 2, any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]").c_str());
  for (const char* user : {"ben", "bert"}) {
    enters(b, user);
    sites.pass(1);
  }
  ASSERT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  a.step([](Engine& e, Context& ctx) { delete_peer(e.state(), SiteId::parse("b"), ctx); });
  EXPECT_EQ(a.members(), Strings{"anna"});
  EXPECT_TRUE(a.group().turned_away.empty());
  EXPECT_TRUE(a.group().met.empty());
  EXPECT_TRUE(a.group().kept_out.empty()) << "joined again, its users may come in";
}

TEST_F(FederationFollow, R34_WhoDoesNotQualifyAnyMoreIsNotInvitedAnyMore) {
  for (const char* user : {"ben", "bert", "bea"}) there(b, user), move(b, user, "floor", true);
  sites.flow();
  start((plan("any = [{ area = \"floor@b\" }, { users = [\"anna\"] }]") +
         "[plan.start_timing]\nspread = \"30m\"\n")
            .c_str());
  sites.pass(1000);
  ASSERT_GT(a.group().invited.size(), 0u);
  const UserId user = a.group().invited.begin()->first;
  lets(b, user.str().substr(0, user.str().find('@')), false);
  sites.flow();
  EXPECT_FALSE(a.group().invited.contains(user));
  sites.pass(31 * kMinute);
  EXPECT_FALSE(a.group().members.contains(user));
}

TEST_F(FederationFollow, R34_WhomStaffHaveRemovedOrAddedIsLeftAlone) {
  for (const char* user : {"ben", "bert", "bea"}) there(b, user);
  for (const char* user : {"ben", "bert"}) enters(b, user);
  start(kFloor.c_str());
  staff([&](Group& g, Context& ctx) {
    remove_member(a.engine.state(), g, UserId::parse("ben@b"), "removed", ctx);
    add_member(a.engine.state(), g, UserId::parse("bea@b"), "added by staff eve", ctx);
  });
  for (const char* user : {"ben", "bea"}) {
    leaves(b, user);
    enters(b, user);
    leaves(b, user);
  }
  sites.pass(10 * kMinute);
  EXPECT_EQ(a.members(), (Strings{"anna", "bea@b", "bert@b"}));
}

/// Whatever was lost on the way, who is in at the end is who qualifies.
TEST_F(FederationFollow, R34_WhatALinkThatCountsAnewHasLostIsMadeUpFor) {
  for (const char* user : {"ben", "bert", "bea"}) there(b, user);
  enters(b, "ben");
  enters(b, "bea");
  start(kFloor.c_str());
  for (SiteWorld* site : {&a, &b}) {
    const bool second = site == &b;
    sites.cut("a", "b");
    move(b, "ben", "floor", second);
    move(b, "bert", "floor", !second);
    counts_anew(*site);
    sites.heal();
    sites.flow();
    sites.pass(3 * kMinute);
    EXPECT_EQ(a.members(),
              second ? (Strings{"anna", "bea@b", "ben@b"}) : (Strings{"anna", "bea@b", "bert@b"}));
    EXPECT_EQ(b.members().size(), 3u);
  }
}

TEST_F(FederationFollow, R34_WhatTheOperatorAllowsLaterIsAnsweredThen) {
  allow(b, {kMayUsers});
  there(b, "ben");
  enters(b, "ben");
  start(kFloor.c_str());
  EXPECT_EQ(a.members(), Strings{"anna"});
  EXPECT_EQ(a.group().unselected.at(SiteId::parse("b")), kNotAllowed);
  allow(b, {kMayUsers, kMayAreas});
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  EXPECT_TRUE(a.group().unselected.empty());
  allow(b, {kMayUsers});
  sites.flow();
  EXPECT_EQ(a.group().unselected.at(SiteId::parse("b")), kNotAllowed);
  sites.pass(2 * kMinute);
  EXPECT_EQ(a.members(), Strings{"anna"}) << "nothing is known of them any more";
  allow(b, {kMayUsers, kMayAreas});
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
}

TEST_F(FederationFollow, R34_QuestionsEndWithTheirGroupAndWithTheLink) {
  start(kFloor.c_str());
  EXPECT_EQ(kept(b), 1u);
  staff([&](Group& g, Context& ctx) { end_group(a.engine.state(), g, "staff", ctx); });
  EXPECT_EQ(kept(b), 0u);
  start(kFloor.c_str());
  EXPECT_EQ(kept(b), 1u);
  b.step([](Engine& e, Context& ctx) { e.delete_peer(SiteId::parse("a"), ctx); });
  EXPECT_EQ(kept(b), 0u);
}

TEST_F(FederationFollow, R34_OneSiteCannotTouchAnothersQuestion) {
  there(b, "ben");
  start(kFloor.c_str());
  const std::string id = a.group().id.str();
  b.step([](Engine& e, Context& ctx) { e.allow_peer(SiteId::parse("c"), {kMayAttributes}, ctx); });
  const messages::PeerSelect other{id, "p", {messages::PeerHasAttribute{"x", {}}}, {}, {}, true, 1, true};
  sites.deliver("c", "b", forged(sites, "c", "b", other));
  sites.deliver("c", "b", forged(sites, "c", "b", messages::PeerDrop{id}));
  enters(b, "ben");
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  const messages::PeerUnchosen lie{id, {"ben@b"}};
  EXPECT_EQ(sites.deliver("c", "a", forged(sites, "c", "a", lie)).refused, Strings{"foreign-user"});
}

TEST_F(FederationFollow, R34_ASiteKeepsSoManyQuestionsOfAnother) {
  const auto ask = [&](std::size_t i) {
    std::string group = std::to_string(i);
    group.insert(0, 32 - group.size(), '0');
    b.now += 1000;
    const messages::PeerSelect select{group, "p", {messages::PeerInArea{"x", {}}}, {}, {}, true, 1, true};
    return sites.deliver("a", "b", forged(sites, "a", "b", select)).refused;
  };
  for (std::size_t i = 0; i < kMaxKept; ++i) ASSERT_EQ(ask(i), Strings{});
  EXPECT_EQ(ask(kMaxKept), Strings{"too-many"});
  EXPECT_EQ(ask(0), Strings{}) << "again";
}

TEST_F(FederationFollow, R34_OfAUserWhoIsErasedNoQuestionHasTheNameAnyMore) {
  there(b, "ben");
  enters(b, "ben");
  start(plan("any = [{ area = \"floor@b\" }, { users = [\"anna\", \"ben@b\"] }]").c_str());
  b.step([](Engine& e, Context& ctx) { e.erase_user(UserId::parse("ben"), ctx); });
  sites.flow();
  EXPECT_EQ(a.members(), Strings{"anna"});
  EXPECT_TRUE(a.group().met.empty());
  EXPECT_TRUE(a.engine.state().met_in.empty());
  for (const auto& [id, question] : b.engine.state().kept.at(SiteId::parse("a")).all) {
    EXPECT_TRUE(question.told.empty());
    EXPECT_FALSE(mentions(encode(messages::PeerItem(question.asked)), UserId::parse("ben")));
    EXPECT_FALSE(question.refused);
  }
}

TEST_F(FederationFollow, R34_AServerOfTheVersionBeforeIsAskedOnce) {
  there(b, "ben");
  enters(b, "ben");
  messages::PeerBatch batch = sites.batch("b", "a");
  std::erase(batch.features, messages::kFollowing);
  sites.deliver("b", "a", batch);
  a.plan(kFloor);
  a.step([](Engine& e, Context& ctx) {
    start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  sites.deliver("a", "b", sites.batch("a", "b"));
  EXPECT_EQ(kept(b), 0u);
  sites.flow();
  EXPECT_EQ(kept(b), 1u) << "it can now";
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
}

TEST_F(FederationFollow, R34_OfManyWhoAreListedTheAnswerIsKnownWithItsLastPart) {
  std::string users = "\"anna\"";
  for (int i = 0; i < 150; ++i) users += ", \"u" + std::to_string(1000 + i) + "@b\"";
  b.available("u1149");
  std::map<std::string, std::string> passed_over;
  a.after_step = [&, keep = a.after_step] {
    for (const auto& [key, was] : a.fx.past) passed_over[key.second.str()] = was.reason;
    keep();
  };
  start(("[[plan]]\nid = \"across\"\naudience = { any = [{ users = [" + users +
         "] }] }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n")
            .c_str());
  EXPECT_EQ(a.members(), (Strings{"anna", "u1149@b"}));
  EXPECT_EQ(passed_over.at("u1000@b"), kNotAvailable);
  EXPECT_EQ(passed_over.at("u1149@b"), "no-answer") << "until the second part named them";
}

/// Users of two sites walk in and out of areas, are there or not, let others or not; links are cut, and count
/// anew. When all is quiet, the members are those who qualify.
TEST_F(FederationFollow, R34_WhateverHappensThoseAreInWhoQualify) {
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const auto one_of = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    SiteWorlds fresh({"a", "b", "c"});
    for (const char* name : {"b", "c"}) allow(fresh[name], {kAllMay.begin(), kAllMay.end()});
    fresh.flow();
    fresh["a"].available("anna");
    fresh["a"].plan(
        plan("max = 100, any = [{ area = \"floor@b\" }, { area = \"floor@c\" }, { users = [\"anna\"] }]"));
    fresh["a"].step([](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
    });
    fresh.flow();
    const Strings users{"u0", "u1", "u2", "u3"};
    for (const char* name : {"b", "c"})
      for (const std::string& user : users) there(fresh[name], user);
    for (int i = 0; i < 120; ++i) {
      SiteWorld& site = fresh[one_of(2) ? "b" : "c"];
      const std::string& user = users[one_of(4)];
      const User& is = *site.engine.state().user(UserId::parse(user));
      switch (one_of(8)) {
        case 0:
          fresh.cut("a", site.name);
          break;
        case 1:
          fresh.heal();
          break;
        case 2:
          if (one_of(4) == 0)
            fresh[one_of(2) ? "a" : site.name].step(
                [](Engine& e, Context& ctx) { tell_peers_anew(e.state(), ctx); });
          break;
        case 3:
          lets(site, user, !is.other_sites);
          break;
        case 4:
          fresh.pass(one_of(3) * kMinute);
          break;
        default:
          move(site, user, "floor", is.areas.empty());
      }
      if (one_of(2)) fresh.flow();
    }
    fresh.heal();
    fresh.flow();
    fresh.pass(3 * kMinute);
    Strings expected{"anna"};
    for (const std::string& user : users)
      for (const char* name : {"b", "c"}) {
        const User& is = *fresh[name].engine.state().user(UserId::parse(user));
        if (is.other_sites && !is.areas.empty()) expected.push_back(user + "@" + name);
      }
    EXPECT_EQ(fresh["a"].members(), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace convoke::core
