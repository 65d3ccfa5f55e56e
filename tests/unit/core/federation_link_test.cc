// The link between two sites: what comes twice, late or never, links that count anew, and peers that lie.

#include <algorithm>
#include <random>

#include "backend/core/announce.h"
#include "backend/core/members.h"
#include "backend/core/moderation.h"
#include "backend/core/organizer.h"
#include "backend/core/peers.h"
#include "tests/unit/core/federation.h"

namespace convoke::core {
namespace {

using messages::PresenceState;

TEST_F(Federation, R34_WhatAPeerSaysToHaveBeyondReasonStartsNothingAnew) {
  all_there();
  start();
  const auto epoch = [&] { return a.engine.state().peers.at(SiteId::parse("b")).epoch; };
  const std::uint64_t before = epoch();
  messages::PeerBatch batch = sites.batch("b", "a");
  batch.items.clear();
  batch.ack_epoch = messages::kMaxInteger;
  sites.deliver("b", "a", batch);
  EXPECT_EQ(epoch(), before);
  a.pass(6000);  // not what may follow upon a new beginning
  batch.ack_epoch = before + 1000;
  sites.deliver("b", "a", batch);
  EXPECT_GT(epoch(), before + 1000) << "it has a later epoch: we have forgotten";
  const std::uint64_t anew = epoch();
  batch.ack_epoch = anew + 1;
  sites.deliver("b", "a", batch);
  EXPECT_EQ(epoch(), anew) << "not with each batch";
}

/// It has forgotten what it sent, as its peer shows it, and begins to count anew.
void count_anew(SiteWorlds& sites, const char* site, const char* peer) {
  messages::PeerBatch batch = sites.batch(peer, site);
  batch.items.clear();
  batch.ack_epoch = sites[site].engine.state().peers.at(SiteId::parse(peer)).epoch + 1;
  sites[site].pass(6000);
  sites.deliver(peer, site, batch);
}

TEST_F(Federation, R34_WhoHasLeftIsToldAgainWhereTheLinkCountsAnew) {
  all_there();
  b.available("dora");
  start();
  a.step([&](auto& e, auto& ctx) { admit(e.state(), a.group(), {{UserId::parse("dora@b"), "staff"}}, ctx); });
  sites.flow();
  const GroupId id = a.group().id;
  sites.cut("a", "b");
  sites.cut("a", "c");
  b.request("dora", messages::LeaveRequest{id.str()});
  c.request("carol", messages::LeaveRequest{id.str()});
  EXPECT_TRUE(over(c, id)) << "its last member has left";
  count_anew(sites, "b", "a");
  count_anew(sites, "c", "a");
  sites.heal();
  sites.flow();
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b"}));
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben"}));
  EXPECT_TRUE(over(c, id));
}

TEST_F(Federation, R34_ASiteThatCountsAnewIsAskedAgainWhatItHasNotAnswered) {
  all_there();
  sites.flow();
  a.plan(kPlan);
  a.step([](auto& e, auto& ctx) {
    start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  sites.deliver("a", "b", sites.batch("a", "b"));  // b's answer waits, and is given up
  count_anew(sites, "b", "a");
  sites.flow();
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben", "carol@c"}));
}

TEST_F(Federation, R34_ABatchOfAnotherVersionIsRefusedButNoLie) {
  const auto unreadable = [&](bool other_version) {
    a.step([&](auto& e, auto& ctx) { e.bad_peer_batch(SiteId::parse("b"), other_version, ctx); });
    const Peer& peer = a.engine.state().peers.at(SiteId::parse("b"));
    return std::pair(peer.refused.at("unreadable"), peer.shut);
  };
  EXPECT_EQ(unreadable(true), std::pair(std::uint64_t{1}, std::string())) << "it may be renewed before us";
  EXPECT_EQ(unreadable(false), std::pair(std::uint64_t{2}, std::string("unreadable")));
  EXPECT_EQ(messages::decode_peer_batch(R"({"v":3,"batches":"of another kind"})").error().field, "v");
}

TEST_F(Federation, R34_SitesOfTwoVersionsWorkTogetherAndAgreeOnTheLatestThatBothSpeak) {
  const auto agreed = [](SiteWorld& site, const char* with) {
    const Peer& peer = site.engine.state().peers.at(SiteId::parse(with));
    return std::pair(peer.version, peer.features.contains(messages::kGroupRanges));
  };
  b.speaks = 1;
  all_there();
  start();
  a.say("anna", "1");
  b.say("ben", "2");
  sites.flow();
  EXPECT_EQ(b.archive, (Strings{"ben: hello", "anna@a: hello"}));
  EXPECT_EQ(agreed(a, "b"), std::pair(1u, false));
  EXPECT_EQ(agreed(a, "c"), std::pair(2u, true));
  b.speaks = 2;  // it is renewed
  sites.flow();
  EXPECT_EQ(agreed(a, "b"), std::pair(2u, true));
  EXPECT_EQ(agreed(b, "a"), std::pair(2u, true));
  EXPECT_EQ(sites.refused, Strings()) << "nothing that the other cannot read";
  b.speaks = 1;  // its operator takes that back
  sites.flow();
  a.say("anna", "3");
  sites.flow();
  EXPECT_EQ(agreed(a, "b"), std::pair(1u, false));
  EXPECT_EQ(b.archive, (Strings{"ben: hello", "anna@a: hello", "anna@a: hello"}));
}

TEST_F(Federation, R34_OfMoreGroupsThanAnItemHoldsTheOtherSiteLearnsTooWhichAreOver) {
  all_there();
  sites.flow();
  const std::size_t many = messages::kMaxPeerGroups + 1;
  for (std::size_t i = 0; i < many; ++i)
    a.plan(("[[plan]]\nid = \"p" + std::to_string(i) +
            "\"\nname = \"P\"\naudience = { any = [{ users = [\"anna\", \"ben@b\"] }] }\n"
            "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n")
               .c_str());
  a.step([](auto& e, auto& ctx) {
    for (auto& [id, plan] : e.state().plans) start_group(e.state(), plan, "staff eve", "", ctx);
  });
  const auto within_the_limit = [&] {  // of what a peer may tell in a second
    for (int i = 0; i < 5; ++i) sites.pass(1000);
  };
  within_the_limit();
  const auto open = [&] {
    return std::count_if(b.engine.state().groups.begin(), b.engine.state().groups.end(),
                         [](const auto& entry) { return entry.second.state == GroupState::open; });
  };
  ASSERT_EQ(open(), static_cast<std::ptrdiff_t>(many));
  sites.cut("a", "b");
  a.step([](auto& e, auto& ctx) {
    auto& groups = e.state().groups;
    end_group(e.state(), groups.begin()->second, "staff", ctx);
    end_group(e.state(), groups.rbegin()->second, "staff", ctx);
  });
  count_anew(sites, "a", "b");
  sites.heal();
  within_the_limit();
  EXPECT_EQ(open(), static_cast<std::ptrdiff_t>(many) - 2);
}

TEST_F(Federation, R34_ABatchThatComesTwiceCountsOnce) {
  all_there();
  start();
  b.say("ben", "1");
  const messages::PeerBatch batch = sites.batch("b", "a");
  sites.deliver("b", "a", batch);
  sites.deliver("b", "a", batch);
  sites.flow();
  sites.deliver("b", "a", batch);
  EXPECT_EQ(a.archive, (Strings{"ben@b: hello"}));
}

TEST_F(Federation, R34_AnAcknowledgementIsNotAcknowledged) {
  all_there();
  start();
  b.say("ben", "1");
  messages::PeerBatch batch = sites.batch("b", "a");
  ASSERT_FALSE(batch.items.empty());
  const auto asks_for_one = [&](const messages::PeerBatch& said) {
    bool asks = false;
    a.step([&](Engine& e, Context& ctx) {
      take_batch(e.state(), SiteId::parse("b"), said, ctx);
      asks = ctx.fx.peers_heard.contains(SiteId::parse("b"));
    });
    return asks;
  };
  EXPECT_TRUE(asks_for_one(batch));
  EXPECT_TRUE(asks_for_one(batch)) << "what told it of the first may be lost";
  batch.items.clear();
  EXPECT_FALSE(asks_for_one(batch));
}

TEST_F(Federation, R34_APeerSpeaksForItsOwnUsersOnly) {
  all_there();
  start();
  const std::string id = a.group().id.str();
  const auto refusal = [&](messages::PeerItem item) {
    const auto taken = sites.deliver("b", "a", forged(sites, "b", "a", std::move(item)));
    reopen(a, "b");
    return taken.refused.empty() ? std::string() : taken.refused[0];
  };
  messages::ChatMessage message;
  message.id = "x";
  message.text = "forged";
  EXPECT_EQ(refusal(messages::PeerSaid{id, "anna@a", message}), "foreign-user");
  EXPECT_EQ(refusal(messages::PeerSaid{id, "carol@c", message}), "foreign-user");
  EXPECT_EQ(refusal(messages::PeerSaid{id, "dora@b", message}), "not-member");
  EXPECT_EQ(refusal(messages::PeerSaid{std::string(32, 'f'), "ben@b", message}), "unknown-group");
  EXPECT_EQ(refusal(messages::PeerPresence{{{"carol@c", PresenceState::offline}}}), "foreign-user");
  EXPECT_EQ(refusal(messages::PeerLeft{id, "carol@c", "left"}), "foreign-user");
  EXPECT_EQ(refusal(messages::PeerChosen{id, {{"dora@b", "Dora", PresenceState::available, {}}}}),
            "not-asked");
  EXPECT_EQ(refusal(messages::PeerChosen{id, {{"carol@c", "", PresenceState::available, {}}}}),
            "foreign-user");
  EXPECT_EQ(refusal(messages::PeerEnd{id, "staff"}), "not-home");
  EXPECT_EQ(refusal(messages::PeerGone{id, {"anna@a"}, "removed"}), "not-home");
  EXPECT_EQ(refusal(messages::PeerOpen{id, "p", "P", 1, {}, false, {}, {{"ben@b", "", {}, {}}}, false}),
            "not-home");
  EXPECT_EQ(refusal(messages::PeerAsk{id, "p", "P", {"carol@c"}, true}), "foreign-user");
  message.home = messages::Stamp{"a", 1, 1, 1};
  EXPECT_EQ(refusal(messages::PeerSaid{id, "ben@b", message}), "not-home");
  EXPECT_EQ(refusal(messages::PeerUnknown{}), "unknown-kind");
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "carol@c"}));
  EXPECT_EQ(a.archive, Strings{});
}

/// Some item of each kind, about real and invented groups and users.
messages::PeerItem any_item(std::mt19937_64& random, const Strings& groups) {
  const auto pick = [&](const Strings& of) { return of[random() % of.size()]; };
  const auto user = [&] { return pick({"anna@a", "ben@b", "carol@c", "dora@b", "eli@b", "fay@d"}); };
  const std::string group = pick(groups);
  const auto member = [&] {
    return messages::PeerMember{user(), "N", static_cast<PresenceState>(random() % 4),
                                static_cast<topics::Standing>(random() % 3)};
  };
  messages::ChatMessage message;
  message.id = "x" + std::to_string(random() % 50);
  message.text = "words";
  if (random() % 3 == 0) message.home = messages::Stamp{pick({"a", "b"}), 1, 1 + random() % 9, 1};
  const bool more = random() % 2 == 0;
  switch (random() % 15) {
    case 0:
      return messages::PeerGroups{{group}};
    case 1:
      return messages::PeerAsk{group, "p", "P", {user()}, more};
    case 2:
      return messages::PeerChosen{group, {member()}, random() % 2 == 0, more};
    case 3:
      return messages::PeerOpen{group, "p", "P", 1, 1 + random() % 9, more, {}, {member(), member()}, more};
    case 4:
      return messages::PeerPut{group, {member(), member()}, more};
    case 5:
      return messages::PeerGone{group, {user()}, "removed"};
    case 6:
      return messages::PeerHead{
          group, SiteWorld::kStart + static_cast<TimeMs>(random() % 9'000'000), {more, 0}};
    case 7:
      return messages::PeerEnd{group, "staff"};
    case 8:
      return messages::PeerPlace{group, user(), message.id, {pick({"a", "b"}), 1, 1 + random() % 9, 1}};
    case 9:
      message.id = "cv-" + message.id;
      return messages::PeerNotice{group, {"eve", message}};
    case 10:
      return messages::PeerLeft{group, user(), "left"};
    case 11:
      return messages::PeerClosed{group};
    case 12:
      return messages::PeerSaid{group, user(), message};
    case 13:
      return messages::PeerSelect{group, "p", {messages::PeerOneOf{{user()}}}, {}, {}, more, 1};
    default:
      return messages::PeerPresence{{{user(), static_cast<PresenceState>(random() % 4)}}};
  }
}

TEST_F(Federation, R34_WhateverAPeerSaysTheOthersAreWhatTheyWere) {
  all_there();
  start();
  const std::string id = a.group().id.str();
  std::mt19937_64 random(34);
  const Strings groups{id, std::string(32, 'b'), std::string(32, 'f')};
  for (int i = 0; i < 5000; ++i) {
    sites.deliver("b", "a", forged(sites, "b", "a", any_item(random, groups)));
    reopen(a, "b");
    a.echo();
    a.now += 100;
    if (i % 10 == 0) a.step([](auto& e, auto& ctx) { e.tick(ctx); });
  }
  const Group& group = *a.engine.state().group(GroupId::parse(id));
  ASSERT_EQ(group.state, GroupState::open);
  EXPECT_TRUE(group.members.contains(UserId::parse("anna")));
  EXPECT_TRUE(group.members.contains(UserId::parse("carol@c")));
  EXPECT_FALSE(group.members.contains(UserId::parse("dora@b"))) << "nobody listed her";
  EXPECT_EQ(a.engine.state().user(UserId::parse("anna"))->presence, PresenceState::available);
  for (const std::string& said : a.archive) EXPECT_EQ(said.rfind("anna:", 0), std::string::npos) << said;
  for (const std::string& said : a.archive) EXPECT_EQ(said.rfind("carol", 0), std::string::npos) << said;
}

TEST_F(Federation, R34_AFloodIsPutOffAndNotLost) {
  all_there();
  start();
  messages::PeerBatch batch = forged(sites, "b", "a", messages::PeerUnknown{});
  batch.items.resize(64);
  bool put_off = false;
  for (int i = 0; i < 100 && !put_off; ++i) {
    put_off = sites.deliver("b", "a", batch).put_off;
    if (!put_off) batch.first += 64;
  }
  EXPECT_TRUE(put_off);
  a.now += 1000;
  EXPECT_FALSE(sites.deliver("b", "a", batch).put_off);
}

TEST_F(Federation, R34_AFloodThatDoesNotEndShutsTheLink) {
  all_there();
  start();
  messages::PeerBatch batch = forged(sites, "b", "a", messages::PeerUnknown{});
  batch.items.resize(64);
  for (int i = 0; i < 50'000 / 64; ++i) EXPECT_EQ(sites.deliver("b", "a", batch).shut, "");
  EXPECT_EQ(sites.deliver("b", "a", batch).shut, "flood");
}

TEST_F(Federation, R34_ALinkThatLiesIsShutUntilAnOperatorOpensIt) {
  all_there();
  start();
  const std::string id = a.group().id.str();
  messages::ChatMessage message;
  message.id = "x";
  message.text = "forged";
  messages::PeerBatch batch = forged(sites, "b", "a", messages::PeerSaid{id, "anna@a", message});
  batch.items.emplace_back(messages::PeerLeft{id, "ben@b", "left"});
  EXPECT_EQ(sites.deliver("b", "a", batch).shut, "foreign-user");
  EXPECT_TRUE(std::any_of(a.fx.out.begin(), a.fx.out.end(), [](const auto& out) {
    const auto* change = std::get_if<FeedChange>(&out);
    const auto* peer = change ? std::get_if<messages::FeedPeer>(&change->ops[0]) : nullptr;
    return peer && peer->site == "b" && peer->keys.empty();
  })) << "its key opens the broker no more";
  EXPECT_EQ(feed_peers(a.engine.state()).size(), 1u) << "only site c";
  EXPECT_EQ(a.members(), (Strings{"anna", "ben@b", "carol@c"})) << "what came after the lie is not taken";

  b.say("ben", "1", "unheard");
  sites.flow();
  EXPECT_EQ(a.archive, Strings{});
  reopen(a, "b");
  EXPECT_EQ(feed_peers(a.engine.state()).size(), 2u);
  sites.flow();
  b.say("ben", "2", "heard again");
  sites.flow();
  EXPECT_EQ(a.archive, (Strings{"ben@b: heard again"}));
}

TEST_F(Federation, R34_APeerThatIsRemovedTakesItsUsersWithIt) {
  all_there();
  start();
  const GroupId id = a.group().id;
  a.step([](auto& e, auto& ctx) { e.delete_peer(SiteId::parse("b"), ctx); });
  EXPECT_EQ(a.members(), (Strings{"anna", "carol@c"}));
  b.step([](auto& e, auto& ctx) { e.delete_peer(SiteId::parse("a"), ctx); });
  EXPECT_TRUE(over(b, id));
  EXPECT_EQ(group(b, id)->end_reason, "site-removed");
}

TEST_F(Federation, R34_AMirrorThatHasForgottenIsToldEverythingAnew) {
  all_there();
  start();
  const GroupId id = a.group().id;
  // A backup of before the chat is restored at b: it knows neither the group nor what it had taken.
  b.step([&](auto& e, auto& ctx) {
    Peer& home = e.state().peers.at(SiteId::parse("a"));
    home.in_upto = 0;
    e.state().groups.erase(id);
    e.state().users.at(UserId::parse("ben")).groups.clear();
    e.state().users.erase(UserId::parse("anna@a"));
    e.state().users.erase(UserId::parse("carol@c"));
    ctx.fx.peers.insert(SiteId::parse("a"));
  });
  sites.flow();
  EXPECT_EQ(b.live_groups(), 0u);
  sites.pass(14'000);
  EXPECT_EQ(b.live_groups(), 0u) << "old batches may say less for a while";
  sites.pass(2000);
  sites.pass(1000);
  EXPECT_EQ(b.members(), (Strings{"anna@a", "ben", "carol@c"}));
  b.say("ben", "1", "back again");
  sites.flow();
  EXPECT_EQ(a.archive, (Strings{"ben@b: back again"}));
}

TEST_F(Federation, R34_ASiteThatIsItsOwnBackupTellsItsPeersAnewAndIsToldAtOnce) {
  all_there();
  start();
  // A backup of before a message each is restored at a: its next item has a number that b has taken already.
  const Peer before = a.engine.state().peers.at(SiteId::parse("b"));
  a.say("anna", "1");
  b.say("ben", "2");
  sites.flow();
  sites.pass(60'000);
  sites.cut("a", "b");
  a.step([&](auto& e, auto& ctx) {
    Peer& peer = e.state().peers.at(SiteId::parse("b"));
    const auto epoch = peer.epoch;
    peer = before;
    tell_peers_anew(e.state(), ctx);
    EXPECT_GT(peer.epoch, epoch);
  });
  sites.heal();
  sites.flow();
  a.say("anna", "3", "and on");
  b.say("ben", "4", "and on");
  sites.flow();
  EXPECT_EQ(a.archive.back(), "ben@b: and on");
  EXPECT_EQ(std::count(b.archive.begin(), b.archive.end(), "anna@a: and on"), 1);
}

}  // namespace
}  // namespace convoke::core
