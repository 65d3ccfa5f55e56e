// What a server keeps of other sites must be there after a restart.

#include <gtest/gtest.h>

#include "backend/core/distant_triggers.h"
#include "backend/core/organizer.h"
#include "backend/core/peers.h"
#include "backend/core/questions.h"
#include "backend/store/journal.h"
#include "backend/store/records.h"
#include "tests/support/core_world.h"
#include "topics/messages/peer.h"

namespace convoke::store {
namespace {

using messages::PresenceState;
using test::CoreWorld;
using topics::GroupId;
using topics::SiteId;
using topics::UserId;

const std::string kGroup(32, 'a');

class PeerRecords : public testing::Test {
 protected:
  PeerRecords() {
    journal.load(w.engine, w.now);
    step([](auto& e, auto& ctx) { e.put_peer(SiteId::parse("hall"), "hall.example", 1884, "{}", ctx); });
    w.available("ben");
    keep();
  }
  template <class F>
  void step(F f) {
    w.step(f);
    keep();
  }
  void keep() {
    journal.add(w.engine, w.fx);
    ASSERT_FALSE(journal.commit());
  }
  /// The next batch of the hall.
  void comes(std::vector<messages::PeerItem> items, std::uint64_t ack = 0) {
    const core::Peer& hall = w.engine.state().peers.at(SiteId::parse("hall"));
    messages::PeerBatch batch{9, hall.in_upto + 1, hall.epoch, ack, std::move(items)};
    step([&](auto& e, auto& ctx) { e.peer_batch(SiteId::parse("hall"), batch, ctx); });
  }
  void open() {
    comes({messages::PeerOpen{kGroup,
                              "p",
                              "Across",
                              w.now,
                              w.now + 60'000,
                              true,
                              {false, 5'000},
                              {{"anna@hall", "Anna", PresenceState::busy, {}},
                               {"ben@arena", "", PresenceState::available, topics::Standing::muted}},
                              true}});
  }
  std::unique_ptr<CoreWorld> restarted() {
    auto again = std::make_unique<CoreWorld>("arena");
    Journal(*store).load(again->engine, w.now);
    again->engine.loaded(w.now);
    return again;
  }

  std::unique_ptr<Store> store = make_memory_store();
  Journal journal{*store};
  CoreWorld w{"arena"};
};

TEST_F(PeerRecords, R34_WhatAPeerMayAskAndWhoLetsOtherSitesIsKnownAfterARestart) {
  const SiteId site = SiteId::parse("hall");
  const UserId ben = UserId::parse("ben");
  step([&](auto& e, auto& ctx) {
    e.allow_peer(site, {core::kMayAreas}, ctx);
    core::let_others(e.state(), ben, true, ctx);
  });
  const auto again = restarted();
  EXPECT_EQ(again->engine.state().peers.at(site).may, std::set<std::string>{core::kMayAreas});
  EXPECT_TRUE(again->engine.state().user(ben)->other_sites);
  step([&](auto& e, auto& ctx) { e.allow_peer(site, {}, ctx); });
  EXPECT_TRUE(restarted()->engine.state().peers.at(site).may.empty()) << "nothing is not the default";
}

TEST_F(PeerRecords, R34_HowQuestionsToOtherSitesEndedIsKnownAfterARestart) {
  w.plan(
      "[[plan]]\nid = \"q\"\naudience = { any = [{ area = \"floor@hall\" }, { users = [\"ben\"] }] }\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  keep();
  step([&](auto& e, auto& ctx) {
    core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  const auto& unselected = w.group().unselected;
  EXPECT_EQ(unselected.at(SiteId::parse("hall")), "no-answer");
  EXPECT_EQ(restarted()->engine.state().group(w.group().id)->unselected, unselected);
}

TEST_F(PeerRecords, R34_QuestionsThatAreKeptAreThereAfterARestart) {
  const SiteId hall = SiteId::parse("hall");
  const UserId ben = UserId::parse("ben");
  step([&](auto& e, auto& ctx) {
    e.allow_peer(hall, {core::kMayAttributes, core::kMayUsers}, ctx);
    core::let_others(e.state(), ben, true, ctx);
  });
  comes({messages::PeerSelect{kGroup, "p", {messages::PeerHasAttribute{"vip", {}}}, {}, {}, true, 10, true},
         messages::PeerAsk{kGroup, "p", "P", {"bert@arena"}, false, true}});
  step([&](auto& e, auto& ctx) { e.put_profile(ben, "Ben", {{"vip", "yes"}}, {}, ctx); });
  auto again = restarted();
  EXPECT_EQ(again->engine.state().kept.at(hall).all.size(), 2u);
  again->step([&](auto& e, auto& ctx) { e.put_profile(ben, "Ben", {}, {}, ctx); });
  ASSERT_EQ(again->fx.peer_items.size(), 1u);
  EXPECT_EQ(again->fx.peer_items[0].item,
            encode(messages::PeerItem(messages::PeerUnchosen{kGroup, {"ben@arena"}})));
  again->available("bert");
  EXPECT_EQ(again->fx.peer_items.size(), 1u) << "who was listed by name";
  comes({messages::PeerDrop{kGroup}});
  EXPECT_TRUE(restarted()->engine.state().kept.empty());
}

TEST_F(PeerRecords, R34_WhomOtherSitesHaveNamedIsKnownAfterARestart) {
  const SiteId hall = SiteId::parse("hall");
  const core::Peer& peer = w.engine.state().peers.at(hall);
  const messages::PeerBatch speaks{9, 1, peer.epoch, 0, {}, 2, 2, {"selection", "following"}};
  step([&](auto& e, auto& ctx) { e.peer_batch(hall, speaks, ctx); });
  w.plan(
      "[[plan]]\nid = \"q\"\naudience = { follow = \"2m\", max = 2, any = [{ area = \"floor@hall\" }, "
      "{ users = [\"ben\"] }] }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  keep();
  step([&](auto& e, auto& ctx) {
    core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  const std::string id = w.group().id.str();
  const auto named = [](const char* user) {
    return messages::PeerMember{user, "", PresenceState::available};
  };
  comes({messages::PeerChosen{id, {named("anna@hall"), named("axel@hall")}, true, true}});
  auto again = restarted();
  EXPECT_EQ(again->group().selected_of.at(hall), 2u);
  EXPECT_EQ(again->group().met.size(), 2u);
  EXPECT_EQ(again->group().members.size(), 2u) << "one of them found no room";
  again->step([&](auto& e, auto& ctx) { e.erase_user(UserId::parse("ben"), ctx); });
  EXPECT_EQ(again->group().members.size(), 2u) << "now there is some";
  comes({messages::PeerUnchosen{id, {"anna@hall", "axel@hall"}}});
  EXPECT_TRUE(restarted()->group().met.empty());
}

TEST_F(PeerRecords, R34_WhatAPeerSpeaksIsKnownAfterARestart) {
  const core::Peer& hall = w.engine.state().peers.at(SiteId::parse("hall"));
  messages::PeerBatch batch{9, 1, hall.epoch, 0, {}, 2, 3, {"group-ranges", "of-later-ones"}};
  step([&](auto& e, auto& ctx) { e.peer_batch(SiteId::parse("hall"), batch, ctx); });
  const core::Peer known = restarted()->engine.state().peers.at(SiteId::parse("hall"));
  EXPECT_EQ(known.version, 2u) << "of version 3 this server knows nothing";
  EXPECT_EQ(known.features, (std::set<std::string>{"group-ranges", "of-later-ones"}));
}

TEST_F(PeerRecords, R34_WhatOtherSitesWaitForHereIsKnownAfterARestart) {
  using Is = messages::PeerWatched::Is;
  const messages::PeerWatched ben{Is::available, "ben@arena"}, full{Is::at_least, "floor", 1};
  comes({messages::PeerWatch{"p", {ben, full}}, messages::PeerWatch{"q", {full}}});
  comes({messages::PeerWatch{"q", {}}});
  const auto again = restarted();
  const core::State& state = again->engine.state();
  const auto& watches = state.watches.at(SiteId::parse("hall"));
  ASSERT_EQ(watches.size(), 1u);
  ASSERT_EQ(watches.at(topics::PlanId::parse("p")).size(), 2u);
  for (const core::Watch& watch : watches.at(topics::PlanId::parse("p")))
    EXPECT_EQ(watch.told, watch.what == ben) << "as things are";
  EXPECT_TRUE(state.watched_users.contains(UserId::parse("ben")));
  EXPECT_TRUE(state.watched_areas.contains(topics::AreaId::parse("floor")));
  EXPECT_EQ(state.peers.at(SiteId::parse("hall")).watches, 2u);
  step([](auto& e, auto& ctx) { e.delete_peer(SiteId::parse("hall"), ctx); });
  EXPECT_TRUE(restarted()->engine.state().watches.empty());
}

TEST_F(PeerRecords, R34_WhatOtherSitesHaveToldIsKnownAfterARestart) {
  const auto told = [](CoreWorld& world) { return world.engine.state().plans.begin()->second.watched; };
  const core::Peer& hall = w.engine.state().peers.at(SiteId::parse("hall"));
  const messages::PeerBatch able{9, 1, hall.epoch, 0, {}, 2, 2, {messages::kWatching}};
  step([&](auto& e, auto& ctx) { e.peer_batch(SiteId::parse("hall"), able, ctx); });
  w.plan(
      "[[plan]]\nid = \"q\"\naudience = {}\n[[plan.start]]\non = \"occupancy\"\narea = \"floor@hall\"\n"
      "reaches = 2\n[[plan.start]]\non = \"enter\"\narea = \"floor@hall\"\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  keep();
  EXPECT_EQ(told(w).begin()->second.why, "no-answer");
  EXPECT_EQ(told(*restarted()), told(w));
  const auto full = told(w).begin()->first.second, enter = told(w).rbegin()->first.second;
  comes({messages::PeerHolds{"q", {{full, true}, {enter, false, "not-allowed"}}, w.now}});
  ASSERT_TRUE(core::told_to_hold(w.engine.state().plans.begin()->second, told(w).begin()->first));
  auto again = restarted();
  EXPECT_EQ(told(*again), told(w));
  again->step([](auto& e, auto& ctx) { e.tick(ctx); });
  EXPECT_TRUE(again->fx.peer_items.empty()) << "nothing is asked again";
}

TEST_F(PeerRecords, R34_AMirrorIsThereAfterARestart) {
  open();
  auto again = restarted();
  const core::Group* group = again->engine.state().group(GroupId::parse(kGroup));
  ASSERT_TRUE(group);
  EXPECT_EQ(group->home, SiteId::parse("hall"));
  EXPECT_TRUE(group->anonymous);
  EXPECT_EQ(group->name, "Across");
  EXPECT_EQ(group->rules.slow_ms, 5'000u);
  EXPECT_EQ(group->sites.at(SiteId::parse("hall")), 1u);
  EXPECT_EQ(group->members.size(), 2u);
  EXPECT_EQ(again->engine.state().user(UserId::parse("anna@hall"))->presence, PresenceState::busy);
  again->now = w.now;
  again->pass(60'000);
  EXPECT_EQ(again->live_groups(), 0u) << "and ends at its time";
}

TEST_F(PeerRecords, R34_NumbersAndWhatWaitsAreThereAfterARestart) {
  open();
  comes({messages::PeerAsk{kGroup, "p", "P", {"ben@arena"}, true}}, 1);
  const core::Peer& was = w.engine.state().peers.at(SiteId::parse("hall"));
  auto again = restarted();
  const core::Peer& is = again->engine.state().peers.at(SiteId::parse("hall"));
  EXPECT_EQ(is.host, "hall.example");
  EXPECT_EQ(is.port, 1884);
  EXPECT_EQ(is.epoch, was.epoch);
  EXPECT_EQ(is.next, was.next);
  EXPECT_EQ(is.acked, 1u);
  EXPECT_EQ(is.in_epoch, 9u);
  EXPECT_EQ(is.in_upto, 2u);
  const auto items = Journal(*store).peer_items();
  ASSERT_EQ(items.size(), was.waiting());
  EXPECT_EQ(items.front().number, 2u);
  step([](auto& e, auto& ctx) { e.delete_peer(SiteId::parse("hall"), ctx); });
  EXPECT_TRUE(Journal(*store).peer_items().empty());
  EXPECT_TRUE(restarted()->engine.state().peers.empty());
}

TEST_F(PeerRecords, R34_ALinkThatWasShutStaysShutAfterARestart) {
  open();
  comes({messages::PeerPresence{{{"ben@arena", PresenceState::offline}}}});
  auto again = restarted();
  EXPECT_EQ(again->engine.state().peers.at(SiteId::parse("hall")).shut, "foreign-user");
  EXPECT_TRUE(core::feed_peers(again->engine.state()).empty());
  step([](auto& e, auto& ctx) { e.put_peer(SiteId::parse("hall"), "hall.example", 1884, "{}", ctx); });
  EXPECT_EQ(restarted()->engine.state().peers.at(SiteId::parse("hall")).shut, "");
}

TEST_F(PeerRecords, R34_WhatTheBrokerHasNotGivenBackIsSaidAgainAfterARestart) {
  open();
  messages::ChatMessage message;
  message.id = "1";
  message.text = "hello";
  comes({messages::PeerSaid{kGroup, "anna@hall", message}});
  auto again = restarted();
  again->now = w.now;
  again->pass(20'000);
  EXPECT_EQ(again->published("cv1/arena/g/" + kGroup + "/chat/anna@hall").size(), 1u);

  const messages::Stamp stamp{"arena", 1, 1, w.now};
  step([&](auto& e, auto& ctx) {
    e.chat(GroupId::parse(kGroup), UserId::parse("anna@hall"), message, stamp, ctx);
  });
  EXPECT_TRUE(restarted()->engine.state().group(GroupId::parse(kGroup))->relayed.empty());
}

TEST_F(PeerRecords, R34_TheArchiveGetsThePlaceThatHomeGives) {
  open();
  messages::ChatMessage message;
  message.id = "1";
  message.text = "hello";
  const messages::Stamp here{"arena", 1, 4, w.now}, home{"hall", 7, 9, w.now};
  step([&](auto& e, auto& ctx) { e.chat(GroupId::parse(kGroup), UserId::parse("ben"), message, here, ctx); });
  comes({messages::PeerPlace{kGroup, "ben@arena", "1", home},
         messages::PeerPlace{kGroup, "ben@arena", "2", home}});
  const auto found = journal.history({{}, {}, {}, GroupId::parse(kGroup), 0, 0, 10});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->messages.size(), 1u);
  EXPECT_EQ(found->messages[0].stamp, here);
  EXPECT_EQ(found->messages[0].message.home, home);
}

TEST_F(PeerRecords, R34_WhatWaitsForHomesWordAndPlacesThatCameFirstAreThereAfterARestart) {
  open();
  step([](auto& e, auto& ctx) { e.put_peer(SiteId::parse("club"), "club.example", 1884, "{}", ctx); });
  messages::ChatMessage message;
  message.id = "1";
  message.text = "hello";
  messages::PeerBatch batch{5, 1, 0, 0, {messages::PeerSaid{kGroup, "carol@club", message}}};
  step([&](auto& e, auto& ctx) { e.peer_batch(SiteId::parse("club"), batch, ctx); });
  const messages::Stamp held{"hall", 7, 9, w.now}, first{"hall", 7, 10, w.now};
  comes({messages::PeerPlace{kGroup, "carol@club", "2", first}});
  const auto relayed = restarted()->engine.state().group(GroupId::parse(kGroup))->relayed;
  ASSERT_EQ(relayed.size(), 2u);
  for (const auto& [key, is] : relayed) {
    EXPECT_NE(is.step, core::Relayed::Step::said);
    EXPECT_EQ(is.message.text, is.step == core::Relayed::Step::held ? "hello" : "");
    EXPECT_EQ(is.place.has_value(), is.step == core::Relayed::Step::placed);
  }
  comes({messages::PeerPlace{kGroup, "carol@club", "1", held}});
  auto again = restarted();
  again->now = w.now;
  again->pass(20'000);
  EXPECT_EQ(again->published("cv1/arena/g/" + kGroup + "/chat/carol@club").size(), 1u);
}

TEST_F(PeerRecords, R34_DamagedRecordsAreRefused) {
  EXPECT_FALSE(decode_peer(
      "hall", R"({"host":"h","port":0,"keys":"{}","epoch":1,"next":1,"acked":0,"in_epoch":0,"in_upto":0})"));
  EXPECT_FALSE(decode_peer(
      "hall", R"({"host":"h","port":1,"keys":"{}","epoch":1,"next":1,"acked":1,"in_epoch":0,"in_upto":0})"));
  EXPECT_FALSE(decode_peer_item_key("hall"));
  EXPECT_FALSE(decode_peer_item_key("hall/xyz"));
  EXPECT_FALSE(decode_relayed_key("short/0000000000000001"));
}

}  // namespace
}  // namespace convoke::store
