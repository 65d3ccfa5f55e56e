#include "topics/broker_plugin/policy_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace convoke::broker_plugin {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using topics::Access;
using topics::Role;

constexpr std::int64_t kNow = 1'767'225'600'000;
constexpr std::int64_t kNowS = kNow / 1000;

const std::string kGroup = "0123456789abcdef0123456789abcdef";
const std::string kChat = "cv1/demo/g/" + kGroup + "/chat/anna";

/// Stand for the broker's connections.
const int kFirst = 1;
const int kSecond = 2;

class PolicyGateTest : public testing::Test {
 protected:
  std::string token(Role role, const std::string& subject, std::int64_t issued_s = kNowS - 10,
                    std::int64_t expires_s = kNowS + 3600, const std::string& site = "demo") const {
    return sign(keys, {subject, site, role, "d1", issued_s, expires_s}).value();
  }
  Admission connect(Role role, const std::string& subject, const void* connection = &kFirst) {
    return gate.connect("demo:" + subject + ":d1", token(role, subject), connection, kNow);
  }
  messages::FeedResponse feed(std::vector<messages::FeedOp> ops, std::int64_t now = kNow) {
    return messages::decode_feed_response(gate.feed(encode(messages::Feed{++seq, std::move(ops)}), now))
        .value();
  }
  void feed_group() {
    feed({messages::FeedBegin{}, messages::FeedAdd{kGroup, {"anna", "ben"}}, messages::FeedReady{}});
  }
  bool publishes(const std::string& user, const std::string& topic) {
    return gate.allows("demo:" + user + ":d1", &kFirst, Access::publish, topic, false);
  }
  bool will(const std::string& user, const std::string& topic, bool retain = false) {
    return gate.allows("demo:" + user + ":d1", &kSecond, Access::publish, topic, retain);
  }
  std::uint64_t counter(const std::string& name) {
    const auto all = feed({messages::FeedCounters{}}).counters;
    return std::map<std::string, std::uint64_t>(all.begin(), all.end())[name];
  }

  const token::KeySet keys = token::KeySet::parse(token::KeySet::generate_ed25519("k"));
  std::vector<std::string> log;
  std::uint64_t seq = 0;
  PolicyGate gate{topics::SiteId::parse("demo"), token::KeySet::parse(keys.public_jwks()),
                  Stamper("demo", 777, std::nullopt), RateLimiter(10),
                  [this](const std::string& line) { log.push_back(line); }};
};

TEST_F(PolicyGateTest, LetsOnlyServersInUntilItHasBeenFed) {
  for (const Role role :
       {Role::terminal, Role::staff, Role::operator_, Role::viewer, Role::peer, Role::gateway}) {
    EXPECT_EQ(connect(role, "x"), Admission::try_later);
  }
  EXPECT_EQ(connect(Role::server, "s1"), Admission::accepted);
  feed({messages::FeedBegin{}});
  EXPECT_EQ(connect(Role::terminal, "anna"), Admission::try_later);
  feed({messages::FeedReady{}});
  EXPECT_EQ(connect(Role::terminal, "anna"), Admission::accepted);
  EXPECT_EQ(counter("refused_not_ready"), 7u);
}

TEST_F(PolicyGateTest, ABadTokenIsRefusedEvenBeforeTheFeed) {
  EXPECT_EQ(gate.connect("demo:anna:d1", "x", &kFirst, kNow), Admission::refused);
}

TEST_F(PolicyGateTest, WantsATokenThatHoldsUnderItsOwnClientId) {
  feed_group();
  const std::string good = token(Role::terminal, "anna");
  EXPECT_EQ(gate.connect("demo:anna:d1", good, &kFirst, kNow), Admission::accepted);
  for (const std::string id :
       {"", "anna", "demo:anna:d2", "demo:ben:d1", "other:anna:d1", "demo:anna:d1 ", "DEMO:anna:d1"}) {
    EXPECT_EQ(gate.connect(id, good, &kFirst, kNow), Admission::refused) << id;
  }
  EXPECT_EQ(gate.connect("demo:anna:d1", "", &kFirst, kNow), Admission::refused);
  EXPECT_EQ(gate.connect("demo:anna:d1", good.substr(1), &kFirst, kNow), Admission::refused);
  EXPECT_EQ(gate.connect("demo:anna:d1", good, &kFirst, kNow + 3'600'000), Admission::refused);
  const std::string foreign = token(Role::terminal, "anna", kNowS, kNowS + 60, "other");
  EXPECT_EQ(gate.connect("other:anna:d1", foreign, &kFirst, kNow), Admission::refused);
  EXPECT_EQ(counter("refused_client_id"), 7u);
  EXPECT_EQ(counter("refused_token_expired"), 1u);
  EXPECT_EQ(counter("refused_token_wrong_site"), 1u);
}

TEST_F(PolicyGateTest, DecidesByWhoConnectedUnderTheClientId) {
  feed_group();
  EXPECT_FALSE(publishes("anna", kChat));  // unknown means no
  connect(Role::terminal, "anna");
  connect(Role::terminal, "ben");
  EXPECT_TRUE(publishes("anna", kChat));
  EXPECT_FALSE(publishes("ben", kChat));
  EXPECT_EQ(counter("denied_publish_not_own"), 1u);
}

TEST_F(PolicyGateTest, AWillIsTakenOnlyWhereNothingIsDoneToTheMessage) {
  feed_group();
  for (const char* user : {"anna", "ben"}) connect(Role::terminal, user);
  connect(Role::server, "s1");
  gate.disconnected("demo:anna:d1", &kFirst, kNow);
  for (const auto& topic : std::vector<std::string>{kChat, "cv1/demo/g/" + kGroup + "/signal/anna",
                                                    "cv1/demo/u/anna/d1/req", "cv1/demo/u/anna/d1/pos"}) {
    EXPECT_FALSE(publishes("anna", topic)) << topic;  // the DISCONNECT event came before the will
  }
  EXPECT_FALSE(will("ben", "cv1/demo/g/" + kGroup + "/chat/ben"));  // another connection has taken over
  EXPECT_TRUE(publishes("anna", "cv1/demo/u/anna/d1/presence"));
  EXPECT_TRUE(will("ben", "cv1/demo/u/ben/d1/presence", true));
  EXPECT_TRUE(will("ben", "owntracks/ben/d1"));
  EXPECT_FALSE(will("ben", "owntracks/ben/d1", true));
  EXPECT_FALSE(will("ben", "cv1/demo/u/anna/d1/presence"));
  EXPECT_TRUE(will("s1", "cv1/demo/server/s1/status", true));
}

TEST_F(PolicyGateTest, RemembersWhoHasGoneForWhatIsQueued) {
  feed_group();
  connect(Role::terminal, "ben");
  gate.disconnected("demo:ben:d1", &kFirst, kNow);
  EXPECT_TRUE(gate.allows("demo:ben:d1", &kFirst, Access::receive, kChat, false));
  gate.tick(kNow + ClientTable::kRememberMs);
  EXPECT_FALSE(gate.allows("demo:ben:d1", &kFirst, Access::receive, kChat, false));
}

TEST_F(PolicyGateTest, AServerGetsItsClientIdAndAUserCannotTakeIt) {
  connect(Role::server, "s1");
  feed_group();
  EXPECT_EQ(connect(Role::terminal, "s1", &kSecond), Admission::refused);
  EXPECT_EQ(counter("refused_taken"), 1u);
  gate.disconnected("demo:s1:d1", &kFirst, kNow);
  EXPECT_EQ(connect(Role::terminal, "s1", &kSecond), Admission::refused) << "its session waits for it";
  EXPECT_TRUE(gate.allows("demo:s1:d1", &kFirst, Access::receive, "cv1/demo/u/anna/d1/req", false));
  EXPECT_EQ(connect(Role::server, "s1"), Admission::accepted);
  EXPECT_TRUE(publishes("s1", "cv1/demo/u/anna/in"));
}

TEST_F(PolicyGateTest, AServerTakesItsClientIdOverAndKeepsIt) {
  feed_group();
  EXPECT_EQ(connect(Role::terminal, "s1"), Admission::accepted);
  EXPECT_EQ(connect(Role::server, "s1", &kSecond), Admission::accepted);
  gate.disconnected("demo:s1:d1", &kSecond, kNow);
  EXPECT_EQ(connect(Role::terminal, "s1"), Admission::refused);
}

TEST_F(PolicyGateTest, TheDeviceIdServerIsForServersOnly) {
  feed_group();
  const auto connects = [&](Role role) {
    const auto token = sign(keys, {"s2", "demo", role, "server", kNowS, kNowS + 60}).value();
    return gate.connect("demo:s2:server", token, &kFirst, kNow) == Admission::accepted;
  };
  EXPECT_FALSE(connects(Role::terminal));
  EXPECT_FALSE(connects(Role::operator_));
  EXPECT_TRUE(connects(Role::server));
}

TEST_F(PolicyGateTest, StampsChatMessagesOnly) {
  feed_group();
  connect(Role::terminal, "anna");
  const auto verdict = gate.message("demo:anna:d1", kChat, std::nullopt, false, kNow);
  ASSERT_TRUE(verdict.stamp);
  EXPECT_EQ(*verdict.stamp, (messages::Stamp{"demo", 777, 1, kNow}));
  EXPECT_EQ(gate.message("demo:anna:d1", kChat, std::nullopt, false, kNow + 1).stamp->n, 2u);
  for (const std::string& topic :
       std::vector<std::string>{"cv1/demo/g/" + kGroup + "/signal/anna", "cv1/demo/u/anna/d1/pos"}) {
    EXPECT_FALSE(gate.message("demo:anna:d1", topic, std::nullopt, false, kNow).stamp) << topic;
  }
  const std::string notice = "cv1/demo/g/0123456789abcdef0123456789abcdef/notice";
  EXPECT_EQ(gate.message("demo:s1:server", notice, std::nullopt, false, kNow).stamp->n, 3u);
  EXPECT_EQ(counter("stamped"), 3u);
}

TEST_F(PolicyGateTest, PutsOffWhatComesTooSoonWithoutAStamp) {
  const std::string group = "0123456789abcdef0123456789abcdef";
  feed({messages::FeedBegin{}, messages::FeedAdd{group, {"anna", "eve"}},
        messages::FeedStanding{group, topics::Standing::staff, {"eve"}},
        messages::FeedRules{group, {false, 10'000}}, messages::FeedReady{}});
  const auto says = [&](const std::string& user, std::int64_t at) {
    return gate.message("demo:" + user + ":d1", "cv1/demo/g/" + group + "/chat/" + user, std::nullopt, false,
                        kNow + at);
  };
  EXPECT_EQ(says("anna", 0).stamp->n, 1u);
  EXPECT_EQ(says("anna", 9'999).put_off_ms, 1);
  EXPECT_FALSE(says("anna", 9'999).stamp);
  EXPECT_TRUE(says("anna", 9'999).allowed);
  EXPECT_EQ(says("eve", 0).stamp->n, 2u);
  EXPECT_EQ(says("eve", 0).stamp->n, 3u) << "staff are not slowed";
  EXPECT_EQ(says("anna", 10'000).stamp->n, 4u);
  EXPECT_EQ(counter("put_off"), 3u);
  const auto [topic, payload] =
      put_off_notice(topics::SiteId::parse("demo"), "cv1/demo/g/" + group + "/chat/anna", 4200);
  EXPECT_EQ(topic, "cv1/demo/u/anna/in");
  EXPECT_EQ(payload, R"({"type":"retry-after","group":")" + group + R"(","retry_after_ms":4200})");
}

TEST_F(PolicyGateTest, RefusesAMutedMember) {
  const std::string group = "0123456789abcdef0123456789abcdef";
  feed({messages::FeedBegin{}, messages::FeedAdd{group, {"anna"}}, messages::FeedReady{}});
  connect(Role::terminal, "anna");
  const std::string chat = "cv1/demo/g/" + group + "/chat/anna";
  EXPECT_TRUE(gate.allows("demo:anna:d1", &kFirst, Access::publish, chat, false));
  feed({messages::FeedStanding{group, topics::Standing::muted, {"anna"}}});
  EXPECT_FALSE(gate.allows("demo:anna:d1", &kFirst, Access::publish, chat, false));
  EXPECT_EQ(counter("denied_publish_muted"), 1u);
}

TEST_F(PolicyGateTest, NumbersGoOnThroughAnotherFullFeed) {
  feed_group();
  EXPECT_EQ(gate.message("demo:anna:d1", kChat, std::nullopt, false, kNow).stamp->n, 1u);
  feed_group();
  EXPECT_EQ(gate.message("demo:anna:d1", kChat, std::nullopt, false, kNow).stamp->n, 2u);
}

TEST_F(PolicyGateTest, ResponseTopicMustBeOnesOwn) {
  const auto allowed = [&](const std::string& topic, const std::string& response) {
    return gate.message("demo:anna:d1", topic, response, false, kNow).allowed;
  };
  EXPECT_TRUE(allowed("cv1/demo/u/anna/d1/req", "cv1/demo/u/anna/d1/res"));
  EXPECT_TRUE(allowed("cv1/demo/staff/sam/d1/req", "cv1/demo/staff/sam/d1/res"));
  EXPECT_TRUE(gate.message("demo:anna:d1", "cv1/demo/u/anna/d1/req", std::nullopt, false, kNow).allowed);
  for (const std::string response : {"", "cv1/demo/u/ben/d1/res", "cv1/demo/u/anna/d2/res",
                                     "cv1/demo/u/anna/d1/req", "cv1/demo/u/anna/in"}) {
    EXPECT_FALSE(allowed("cv1/demo/u/anna/d1/req", response)) << response;
  }
  EXPECT_EQ(counter("denied_response_topic"), 5u);
}

TEST_F(PolicyGateTest, OwnTracksPositionsGoOnUnretained) {
  EXPECT_TRUE(gate.message("demo:anna:d1", "owntracks/anna/d1", std::nullopt, true, kNow).drop_retain);
  EXPECT_FALSE(gate.message("demo:anna:d1", "owntracks/anna/d1", std::nullopt, false, kNow).drop_retain);
  EXPECT_FALSE(
      gate.message("demo:anna:d1", "cv1/demo/u/anna/d1/presence", std::nullopt, true, kNow).drop_retain);
}

TEST_F(PolicyGateTest, FeedIsAllOrNothing) {
  const auto refused = feed({messages::FeedBegin{}, messages::FeedReady{}, messages::FeedReady{}});
  EXPECT_EQ(refused.error, "ops[2]: expected begin before ready");
  EXPECT_EQ(refused.seq, 1u);
  EXPECT_EQ(refused.epoch, 777u);
  EXPECT_FALSE(refused.ready);
  EXPECT_EQ(connect(Role::terminal, "anna"), Admission::try_later);
  EXPECT_THAT(log, Contains(HasSubstr("ops[2]")));
}

TEST_F(PolicyGateTest, FeedThatIsNotOneIsAnsweredAndChangesNothing) {
  feed_group();
  connect(Role::terminal, "anna");
  for (const std::string bad :
       {"", "{", "[]", R"({"seq":1})", R"({"seq":1,"ops":[{"op":"retire","group":"x"}]})"}) {
    const auto answer = messages::decode_feed_response(gate.feed(bad, kNow)).value();
    EXPECT_NE(answer.error, "") << bad;
    EXPECT_TRUE(answer.ready);
  }
  EXPECT_TRUE(publishes("anna", kChat));
  EXPECT_EQ(counter("feed_refused"), 5u);
}

TEST_F(PolicyGateTest, R3_RetiringTakesEffectWithTheFeedThatSaysSo) {
  feed_group();
  connect(Role::terminal, "anna");
  EXPECT_TRUE(publishes("anna", kChat));
  feed({messages::FeedRetire{kGroup}});
  EXPECT_FALSE(publishes("anna", kChat));
  EXPECT_FALSE(gate.allows("demo:anna:d1", &kFirst, Access::receive, kChat, false));
  EXPECT_FALSE(gate.allows("demo:anna:d1", &kFirst, Access::subscribe, "cv1/demo/g/" + kGroup + "/#", false));
}

class SignInTest : public PolicyGateTest {
 protected:
  void feed_asking(std::uint64_t after = 0) {
    feed({messages::FeedBegin{}, messages::FeedSignIns{after}, messages::FeedReady{}});
  }
  void signs_in(const std::string& user, const std::string& phone, Role role = Role::terminal) {
    const std::string proves =
        sign(keys, {user, "demo", role, "d1", kNowS - 10, kNowS + 3600, {phone, ""}}).value();
    ASSERT_EQ(gate.connect("demo:" + user + ":d1", proves, &kFirst, kNow), Admission::accepted);
  }
  /// What the plugin tells the server at this time, and up to which sign-in that goes.
  std::string told(std::int64_t now) {
    std::string out;
    const std::string payload = gate.sign_ins(now);
    if (payload.empty()) return out;
    const auto response = messages::decode_feed_response(payload).value();
    EXPECT_EQ(response.seq, 0u) << "it is no answer";
    for (const messages::SignIn& one : response.sign_ins) {
      out += one.user + " " + one.phone + "; ";
      last_n = one.n;
    }
    return out;
  }
  std::uint64_t last_n = 0;
};

TEST_F(SignInTest, R5_TellsTheServerWhatATokenProvesUntilThatIsKept) {
  feed_asking();
  EXPECT_EQ(told(kNow), "");
  signs_in("anna", "+4930110");
  signs_in("ben", "");
  signs_in("boss", "+4930112", Role::staff);
  EXPECT_EQ(told(kNow), "anna +4930110; ") << "who proves something, and is a phone's user";
  signs_in("cleo", "+4930113");
  EXPECT_EQ(told(kNow + SignIns::kAgainMs - 1), "") << "one after the other";
  EXPECT_EQ(told(kNow + SignIns::kAgainMs), "anna +4930110; cleo +4930113; ") << "no answer came";
  feed({messages::FeedSignIns{last_n - 1}});
  EXPECT_EQ(told(kNow + SignIns::kAgainMs), "cleo +4930113; ");
  feed_asking();  // the server starts again
  EXPECT_EQ(told(kNow + SignIns::kAgainMs), "cleo +4930113; ");
  feed({messages::FeedSignIns{last_n}});
  EXPECT_EQ(told(kNow + 2 * SignIns::kAgainMs), "");
}

TEST_F(SignInTest, KeepsNothingForAServerThatDoesNotAsk) {
  feed_group();
  signs_in("anna", "+4930110");
  EXPECT_EQ(told(kNow), "");
  feed_asking();
  EXPECT_EQ(told(kNow), "") << "it was not kept";
  signs_in("anna", "+4930110");
  feed_group();
  EXPECT_EQ(told(kNow), "") << "the server asks no more";
}

TEST_F(SignInTest, IsBounded) {
  feed_asking();
  for (std::size_t i = 0; i <= SignIns::kMaxWaiting; ++i) signs_in("anna", "+4930110");
  std::size_t all = 0;
  for (std::string now = told(kNow); !now.empty(); now = told(kNow)) {
    const auto some = static_cast<std::size_t>(std::count(now.begin(), now.end(), ';'));
    EXPECT_LE(some, SignIns::kAtOnce);
    all += some;
    feed({messages::FeedSignIns{last_n}});
  }
  EXPECT_EQ(all, SignIns::kMaxWaiting);
}

TEST_F(SignInTest, WhatTheFeedCannotCarryProvesNothing) {
  feed_asking();
  signs_in("anna", "+49\n30");
  EXPECT_EQ(told(kNow), "");
}

TEST_F(PolicyGateTest, CutsConnectionsWhoseTokenHasEnded) {
  feed_group();
  connect(Role::terminal, "anna");
  EXPECT_THAT(gate.tick(kNow + 3'599'999), IsEmpty());
  EXPECT_THAT(gate.tick(kNow + 3'600'000), ElementsAre("demo:anna:d1"));
  EXPECT_THAT(gate.tick(kNow + 3'600'000), IsEmpty());
  EXPECT_EQ(counter("kicked_expired"), 1u);
}

TEST_F(PolicyGateTest, RevokingCutsAndKeepsOutTheOlderTokensOfAUser) {
  feed_group();
  connect(Role::terminal, "anna");
  connect(Role::terminal, "ben");
  feed({messages::FeedRevoke{"anna", kNow}});
  EXPECT_THAT(gate.tick(kNow), ElementsAre("demo:anna:d1"));
  EXPECT_EQ(connect(Role::terminal, "anna"), Admission::refused);
  const std::string newer = token(Role::terminal, "anna", kNowS);
  EXPECT_EQ(gate.connect("demo:anna:d1", newer, &kFirst, kNow), Admission::accepted);
  feed({messages::FeedRevoke{"anna", kNow - 60'000}});  // an older revocation changes nothing
  EXPECT_EQ(connect(Role::terminal, "anna"), Admission::refused);
  EXPECT_EQ(counter("refused_revoked"), 2u);
  EXPECT_EQ(counter("kicked_revoked"), 1u);
}

TEST_F(PolicyGateTest, UsesReplacedKeysFromThenOn) {
  feed_group();
  const auto next = token::KeySet::parse(token::KeySet::generate_ed25519("next"));
  gate.replace_keys(token::KeySet::parse(next.public_jwks()));
  EXPECT_EQ(connect(Role::terminal, "anna"), Admission::refused);
  const auto renewed = sign(next, {"anna", "demo", Role::terminal, "d1", kNowS, kNowS + 60});
  EXPECT_EQ(gate.connect("demo:anna:d1", *renewed, &kFirst, kNow), Admission::accepted);
}

TEST_F(PolicyGateTest, LogsRefusalsOncePerMinuteAndNeverTheToken) {
  const std::string foreign = token(Role::terminal, "anna", kNowS, kNowS + 60, "other");
  for (int i = 0; i < 10; ++i) gate.connect("demo:anna:d1", foreign, &kFirst, kNow + i);
  EXPECT_THAT(log, ElementsAre("refused the connection of demo:anna:d1: wrong_site"));
  for (int i = 0; i < 10; ++i) publishes("anna", kChat);
  EXPECT_EQ(log.size(), 2u);
  gate.connect("demo:anna:d1", foreign, &kFirst, kNow + 60'000);
  EXPECT_EQ(log.size(), 3u);
  for (const auto& line : log) EXPECT_THAT(line, Not(HasSubstr(foreign)));
}

TEST_F(PolicyGateTest, WithheldDeliveriesAreCountedButNotLogged) {
  feed_group();
  connect(Role::terminal, "dave");
  EXPECT_FALSE(gate.allows("demo:dave:d1", &kFirst, Access::receive, kChat, false));
  EXPECT_THAT(log, IsEmpty());
  EXPECT_EQ(counter("denied_receive_not_member"), 1u);
}

TEST_F(PolicyGateTest, CountsWhatItHolds) {
  feed_group();
  connect(Role::terminal, "anna");
  EXPECT_EQ(counter("groups"), 1u);
  EXPECT_EQ(counter("memberships"), 2u);
  EXPECT_EQ(counter("clients_live"), 1u);
}

class PeerGateTest : public PolicyGateTest {
 protected:
  PeerGateTest() {
    feed_group();
    feed({messages::FeedPeer{"arena", arena.public_jwks()}});
  }
  /// With the arena's own key.
  Admission connects(Role role, const std::string& subject, const std::string& device = "link") {
    const auto signed_there = sign(arena, {subject, "demo", role, device, kNowS - 10, kNowS + 3600}).value();
    return gate.connect("demo:" + subject + ":" + device, signed_there, &kFirst, kNow);
  }
  const token::KeySet arena = token::KeySet::parse(token::KeySet::generate_ed25519("k"));
};

TEST_F(PeerGateTest, R34_APeersKeyOpensOneDoor) {
  EXPECT_EQ(connects(Role::peer, "arena"), Admission::accepted);
  EXPECT_EQ(connects(Role::peer, "arena", "d1"), Admission::refused);
  EXPECT_EQ(connects(Role::peer, "club"), Admission::refused);
  EXPECT_EQ(connects(Role::server, "arena"), Admission::refused);
  EXPECT_EQ(connects(Role::operator_, "arena"), Admission::refused);
  EXPECT_EQ(connects(Role::terminal, "anna", "d1"), Admission::refused);
}

TEST_F(PeerGateTest, R34_ARemovedPeerIsCutAndStaysOut) {
  ASSERT_EQ(connects(Role::peer, "arena"), Admission::accepted);
  feed({messages::FeedPeer{"arena", ""}});
  EXPECT_THAT(gate.tick(kNow), Contains("demo:arena:link"));
  EXPECT_EQ(connects(Role::peer, "arena"), Admission::refused);
}

TEST_F(PeerGateTest, R34_AFullFeedSaysWhoThePeersAre) {
  ASSERT_EQ(connects(Role::peer, "arena"), Admission::accepted);
  feed({messages::FeedBegin{}, messages::FeedPeer{"club", arena.public_jwks()}});
  EXPECT_EQ(connects(Role::peer, "arena"), Admission::accepted)
      << "the old ones are in force until it is complete";
  feed({messages::FeedReady{}});
  EXPECT_THAT(gate.tick(kNow), Contains("demo:arena:link"));
  EXPECT_EQ(connects(Role::peer, "arena"), Admission::refused);
  EXPECT_EQ(connects(Role::peer, "club"), Admission::accepted);
}

TEST_F(PeerGateTest, R34_KeysThatCannotBeReadAreRefused) {
  EXPECT_THAT(feed({messages::FeedPeer{"club", "{}"}}).error, HasSubstr("ops[0].keys"));
}

TEST_F(PeerGateTest, R34_WhatTheServerPassesOnIsNotLimited) {
  feed({messages::FeedAdd{kGroup, {"eli@arena"}}});
  connect(Role::server, "s1");
  const std::string chat = "cv1/demo/g/" + kGroup + "/chat/eli@arena";
  for (int i = 0; i < 1000; ++i) {
    const MessageVerdict verdict = gate.message("demo:s1:d1", chat, {}, false, kNow);
    ASSERT_EQ(verdict.put_off_ms, 0);
    ASSERT_TRUE(verdict.stamp);
  }
}

}  // namespace
}  // namespace convoke::broker_plugin
