// Groups with members of several sites: two or three cores that exchange what their links would carry.

#include <algorithm>
#include <random>

#include "backend/core/announce.h"
#include "backend/core/members.h"
#include "backend/core/moderation.h"
#include "backend/core/organizer.h"
#include "backend/core/peers.h"
#include "backend/core/roster.h"
#include "tests/unit/core/federation.h"

namespace convoke::core {
namespace {

using messages::PresenceState;

TEST_F(Federation, R34_OnePlanGivesOneBuddyListOnAllSites) {
  all_there();
  start();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "carol@c"}));
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben", "carol@c"}));
  EXPECT_EQ(c.members(), (Strings{"anna@a", "ben@b", "carol"}));
  EXPECT_EQ(b.group().id, a.group().id);
  EXPECT_EQ(b.group().name, "Across");
  EXPECT_EQ(b.group().ends_ms, a.group().ends_ms);
  for (SiteWorld* site : {&a, &b, &c}) EXPECT_EQ(site->group().available, 3u) << site->name;
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(Federation, R34_MessagesReachAllAndHomeGivesTheOrder) {
  all_there();
  start();
  b.say("ben", "1", "from b");
  c.say("carol", "1", "from c");
  a.say("anna", "1", "from a");
  sites.flow();
  EXPECT_EQ(a.archive.size(), 3u);
  for (SiteWorld* site : {&b, &c}) {
    EXPECT_EQ(site->archive.size(), 3u) << site->name;
    EXPECT_EQ(site->home_places, a.home_places) << site->name;
  }
  EXPECT_EQ(a.home_places.size(), 3u);
  EXPECT_EQ(sites.refused, Strings{});
}

/// The places that this site's phones were told since the last call.
std::vector<messages::HomePlace> told_places(SiteWorld& site) {
  std::vector<messages::HomePlace> told;
  for (const Outgoing& out : std::exchange(site.all_out, {})) {
    const auto* p = std::get_if<Publish>(&out);
    if (!p || !p->topic.ends_with("/ack")) continue;
    const auto marker = messages::decode_archived_up_to(p->payload).value();
    told.insert(told.end(), marker.places.begin(), marker.places.end());
  }
  return told;
}

TEST_F(Federation, R34_PhonesAreToldHomesPlacesAtMostOnceASecond) {
  all_there();
  start();
  b.say("ben", "1");
  sites.flow();
  b.pass(0);
  EXPECT_EQ(told_places(b), (std::vector<messages::HomePlace>{{1, 1, 1, 1}}));
  b.say("ben", "2");
  b.say("ben", "3");
  sites.flow();
  b.pass(500);
  EXPECT_TRUE(told_places(b).empty());
  b.pass(500);
  EXPECT_EQ(told_places(b), (std::vector<messages::HomePlace>{{1, 2, 1, 2}, {1, 3, 1, 3}}));
  b.pass(5000);
  EXPECT_TRUE(told_places(b).empty());
  a.pass(5000);
  EXPECT_TRUE(told_places(a).empty()) << "its own order is home's";
  EXPECT_EQ(roster_head(b.engine.state(), b.group()).home, "a");
  EXPECT_EQ(roster_head(a.engine.state(), a.group()).home, "");
}

/// Home's word about it came first: phones need no second one.
TEST_F(Federation, R34_WhatHasAPlaceAlreadyIsSaidWithIt) {
  all_there();
  start();
  sites.cut("b", "c");
  c.say("carol", "1");
  sites.flow();
  sites.heal();
  std::optional<messages::Stamp> home;
  b.after_step = [this, &home, keep = b.after_step] {
    keep();
    for (const Outgoing& out : b.fx.out)
      if (const auto* p = std::get_if<Publish>(&out); p && p->topic.ends_with("/chat/carol@c"))
        home = messages::decode_chat_message(p->payload).value().home;
  };
  sites.flow();
  ASSERT_TRUE(home);
  EXPECT_EQ(home->site, "a");
  b.pass(5000);
  EXPECT_TRUE(told_places(b).empty());
}

TEST_F(Federation, R34_ASiteThatDoesNotAnswerIsNotWaitedForAndJoinsLater) {
  all_there();
  sites.cut("a", "c");
  start();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  const GroupId id = a.group().id;
  EXPECT_TRUE(group(a, id)->asked.contains(SiteId::parse("c")));
  sites.heal();
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "carol@c"}));
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben", "carol@c"}));
  EXPECT_EQ(c.members(), (Strings{"anna@a", "ben@b", "carol"}));
  EXPECT_TRUE(group(a, id)->asked.empty());
}

TEST_F(Federation, R34_WhoIsNotAvailableThereIsPassedOver) {
  a.available("anna");
  b.available("ben");
  c.presence("carol", PresenceState::busy);
  start();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  EXPECT_EQ(c.live_groups(), 0u);
}

TEST_F(Federation, R34_OfAnAnswerForWhichThereIsNoRoomALotDecides) {
  a.available("anna");
  for (const char* user : {"ben", "bert"}) b.available(user);
  std::map<std::string, std::string> passed_over;
  a.after_step = [&, keep = a.after_step] {
    for (const auto& [key, was] : a.fx.past)
      if (was.why.empty()) passed_over[key.second.str()] = was.reason;
    keep();
  };
  std::set<std::string> came_in;
  for (int i = 0; i < 20; ++i) {
    start(
        "[[plan]]\nid = \"few\"\n"
        "audience = { max = 2, any = [{ users = [\"anna\", \"ben@b\", \"bert@b\"] }] }\n"
        "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
    ASSERT_EQ(a.members().size(), 2u);
    came_in.insert(a.members()[1]);
    EXPECT_EQ(passed_over[a.members()[1] == "ben@b" ? "bert@b" : "ben@b"], kLot);
    a.step([&](Engine& e, Context& ctx) { end_group(e.state(), a.group(), "staff", ctx); });
    sites.flow();
  }
  EXPECT_EQ(came_in, (std::set<std::string>{"ben@b", "bert@b"})) << "not always the first in order";
}

TEST_F(Federation, R34_AGroupOfWhichNobodyIsHereOpensWithTheFirstAnswer) {
  b.available("ben");
  c.available("carol");
  start();
  EXPECT_EQ(a.members(), (Strings{"ben@b", "carol@c"}));
  EXPECT_EQ(b.members(), (Strings{"ben", "carol@c"}));
  EXPECT_EQ(c.members(), (Strings{"ben@b", "carol"}));
}

TEST_F(Federation, R34_WithoutAnyAnswerAGroupOfOthersDoesNotOpen) {
  sites.cut("a", "b");
  sites.cut("a", "c");
  start();
  EXPECT_EQ(a.live_groups(), 0u);
  a.pass(10'000);
  EXPECT_EQ(a.engine.state().groups.begin()->second.end_reason, "no-members");
}

TEST_F(Federation, R34_WhoIsInAnotherSitesChatGoesAndComesBack) {
  all_there();
  start();
  for (const auto state : {PresenceState::busy, PresenceState::available}) {
    a.presence("anna", state, state == PresenceState::busy ? 2 : 3);
    b.presence("ben", state, state == PresenceState::busy ? 2 : 3);
    sites.pass(2000);
    sites.flow();
    EXPECT_EQ(b.engine.state().user(UserId::parse("anna@a"))->presence, state);
    EXPECT_EQ(a.engine.state().user(UserId::parse("ben@b"))->presence, state);
  }
}

TEST_F(Federation, R34_HomeSpeaksForItsStaffAndItsServerOnly) {
  all_there();
  start();
  const std::string id = a.group().id.str();
  const auto refusal = [&](const std::string& by, std::string_view type, const std::string& message_id) {
    messages::Notice notice{by, {}};
    notice.message.id = message_id;
    notice.message.type = type;
    notice.message.text = "forged";
    const auto taken = sites.deliver("a", "b", forged(sites, "a", "b", messages::PeerNotice{id, notice}));
    return taken.refused.empty() ? std::string() : taken.refused[0];
  };
  EXPECT_EQ(refusal("ben", messages::kAnnouncement, "cv-1"), "bad-notice");
  EXPECT_EQ(refusal("carol@c", messages::kAnnouncement, "cv-2"), "bad-notice");
  EXPECT_EQ(refusal("eve@a", "text", "cv-3"), "bad-notice");
  EXPECT_EQ(refusal("b", messages::kSystem, "cv-4"), "bad-notice");
  EXPECT_EQ(refusal("eve@a", messages::kAnnouncement, "5"), "bad-notice");
  EXPECT_EQ(refusal("eve@a", messages::kAnnouncement, "cv-6"), "");
  EXPECT_EQ(refusal("a", messages::kSystem, "cv-7"), "");
}

TEST_F(Federation, R34_PresenceCrossesOnceASecond) {
  all_there();
  start();
  sites.pass(2000);
  const auto next = [&] { return a.engine.state().peers.at(SiteId::parse("b")).next; };
  const std::uint64_t before = next();
  for (std::uint64_t n = 2; n < 12; ++n)
    a.presence("anna", n % 2 ? PresenceState::available : PresenceState::busy, n);
  a.presence("anna", PresenceState::away, 12);
  a.pass(500);
  EXPECT_EQ(next(), before + 1) << "eleven changes at once are one item";
  sites.flow();
  for (SiteWorld* site : {&b, &c})
    EXPECT_EQ(site->engine.state().user(UserId::parse("anna@a"))->presence, PresenceState::away);
  EXPECT_EQ(b.group().available, 2u);
}

TEST_F(Federation, R34_LeavingTellsAllSitesAndTheLastOneClosesTheMirror) {
  all_there();
  start();
  const GroupId id = a.group().id;
  b.request("ben", messages::LeaveRequest{id.str()});
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "carol@c"}));
  EXPECT_EQ(c.members(), (Strings{"anna@a", "carol"}));
  EXPECT_TRUE(over(b, id));
  EXPECT_EQ(b.engine.state().user(UserId::parse("anna@a")), nullptr) << "nothing is kept of strangers";
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(Federation, R34_TheEndReachesAllSites) {
  all_there();
  start();
  const GroupId id = a.group().id;
  a.step([&](auto& e, auto& ctx) { end_group(e.state(), *e.state().group(id), "staff", ctx); });
  sites.flow();
  for (SiteWorld* site : {&a, &b, &c}) {
    EXPECT_TRUE(over(*site, id)) << site->name;
    EXPECT_EQ(group(*site, id)->end_reason, "staff") << site->name;
  }
}

TEST_F(Federation, R34_CutOffSitesGoOnAndEndAtTheSameTime) {
  all_there();
  start();
  const GroupId id = a.group().id;
  sites.cut("a", "b");
  sites.cut("b", "c");
  b.say("ben", "1", "anybody?");
  a.say("anna", "1", "here");
  sites.flow();
  EXPECT_EQ(b.archive, (Strings{"ben: anybody?"}));
  EXPECT_EQ(c.archive, (Strings{"anna@a: here"}));
  sites.pass(3'600'000);
  for (SiteWorld* site : {&a, &b, &c}) EXPECT_TRUE(over(*site, id)) << site->name;
  sites.heal();
  sites.pass(1000);
  EXPECT_EQ(sites.refused, Strings{}) << "what comes too late is no fault";
}

TEST_F(Federation, R34_AfterAPartitionNothingIsLostOrDoubledAndTheOrderIsOne) {
  all_there();
  start();
  sites.cut("a", "b");
  sites.cut("b", "c");
  for (int i = 0; i < 200; ++i) {
    b.say("ben", "b" + std::to_string(i), "ben " + std::to_string(i));
    a.say("anna", "a" + std::to_string(i), "anna " + std::to_string(i));
    c.say("carol", "c" + std::to_string(i), "carol " + std::to_string(i));
    if (i % 50 == 0) sites.flow();
  }
  sites.heal();
  sites.flow();
  for (SiteWorld* site : {&a, &b, &c}) {
    EXPECT_EQ(site->archive.size(), 600u) << site->name;
    EXPECT_EQ(site->home_places, a.home_places) << site->name;
    EXPECT_TRUE(site->group().relayed.empty()) << site->name;
  }
  EXPECT_EQ(a.home_places.size(), 600u);
}

TEST_F(Federation, R34_WhatOutrunsHomesListWaitsForHomesWord) {
  all_there();
  a.available("anna");
  start();
  sites.cut("a", "c");
  b.available("dora");
  a.step([&](auto& e, auto& ctx) { admit(e.state(), a.group(), {{UserId::parse("dora@b"), "staff"}}, ctx); });
  sites.flow();
  b.say("dora", "1", "I am new");
  sites.flow();
  EXPECT_EQ(c.archive, Strings{}) << "home has not named her yet";
  a.step([&](auto& e, auto& ctx) {
    remove_member(e.state(), a.group(), UserId::parse("dora@b"), "removed", ctx);
  });
  sites.flow();
  sites.heal();
  sites.flow();
  EXPECT_EQ(c.archive, (Strings{"dora@b: I am new"})) << "though she is gone again";
  EXPECT_EQ(c.home_places, a.home_places);
  EXPECT_TRUE(c.group().relayed.empty());
  EXPECT_EQ(sites.refused, Strings{});
}

TEST_F(Federation, R34_WhomHomesStaffAddAreShownAsTheyAre) {
  all_there();
  start();
  b.presence("dora", PresenceState::busy);
  a.step(
      [&](auto& e, auto& ctx) { add_member(e.state(), a.group(), UserId::parse("dora@b"), "staff", ctx); });
  sites.flow();
  sites.pass(2000);
  for (SiteWorld* site : {&a, &c})
    EXPECT_EQ(site->engine.state().user(UserId::parse("dora@b"))->presence, PresenceState::busy)
        << site->name;
}

TEST_F(Federation, R34_WhatHomeDoesNotHaveIsNeverSaid) {
  all_there();
  start();
  messages::ChatMessage message;
  message.id = "x";
  message.text = "I am no member";
  sites.deliver("b", "c", forged(sites, "b", "c", messages::PeerSaid{a.group().id.str(), "dora@b", message}));
  EXPECT_EQ(c.group().relayed.size(), 1u) << "it waits for home's word";
  sites.pass(60'000);
  EXPECT_EQ(c.archive, Strings{});
}

TEST_F(Federation, R34_WhatTheBrokerLostIsSaidAgain) {
  all_there();
  start();
  b.say("ben", "1");
  sites.deliver("b", "a", sites.batch("b", "a"));
  ASSERT_EQ(a.group().relayed.size(), 1u);
  const std::size_t before = a.all_out.size();
  a.pass(20'000);
  const bool again = std::any_of(a.all_out.begin() + static_cast<std::ptrdiff_t>(before), a.all_out.end(),
                                 [](const Outgoing& out) {
                                   const auto* p = std::get_if<Publish>(&out);
                                   return p && p->topic.ends_with("/chat/ben@b");
                                 });
  EXPECT_TRUE(again);
}

TEST_F(Federation, R34_StaffWordsAndActsCross) {
  all_there();
  start();
  a.step([&](auto& e, auto& ctx) {
    Group& g = a.group();
    announce(e.state(), g, messages::kAnnouncement, "Welcome", "eve", ctx);
    set_standing(e.state(), g, UserId::parse("ben@b"), topics::Standing::muted, ctx);
    extend_group(e.state(), g, *g.ends_ms + 60'000, ctx);
  });
  sites.flow();
  EXPECT_EQ(b.archive, (Strings{"eve@a: Welcome"}));
  EXPECT_EQ(b.home_places.at("eve@a/cv-1"), (std::pair<std::uint64_t, std::uint64_t>(1, 1)));
  EXPECT_EQ(b.group().standings.at(UserId::parse("ben")), topics::Standing::muted);
  EXPECT_EQ(b.group().ends_ms, a.group().ends_ms);
}

}  // namespace
}  // namespace convoke::core
