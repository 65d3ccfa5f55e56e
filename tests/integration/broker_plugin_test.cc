#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/integration/broker_fixture.h"
#include "topics/messages/chat.h"

namespace convoke::test {
namespace {

using messages::FeedAdd;
using messages::FeedBegin;
using messages::FeedBlock;
using messages::FeedCounters;
using messages::FeedReady;
using messages::FeedRemove;
using messages::FeedRetire;
using messages::FeedRevoke;
using testing::HasSubstr;
using testing::Not;
using topics::Role;

const std::string kGroup = "0123456789abcdef0123456789abcdef";
const std::string kG = "cv1/demo/g/" + kGroup;

class BrokerPlugin : public BrokerFixture {
 protected:
  /// A message that comes after all that was published to `user` before: when it is there, what is not there
  /// was withheld.
  void fence(TestClient& client, const std::string& user) {
    const std::string payload = "fence " + std::to_string(++fences_);
    ASSERT_EQ(server->publish("cv1/demo/u/" + user + "/in", payload), kSuccess);
    ASSERT_TRUE(client.wait_for_payload(payload));
  }

  /// A member with inbox and group subscribed.
  std::unique_ptr<TestClient> listening(const std::string& user, const ConnectWith& with = {}) {
    auto client = connected(Role::terminal, user, with);
    EXPECT_LE(client->subscribe("cv1/demo/u/" + user + "/in", 1), 2);
    EXPECT_LE(client->subscribe(kG + "/#", 1), 2);
    return client;
  }

 private:
  int fences_ = 0;
};

TEST_F(BrokerPlugin, RefusesConnectionsWithoutAnAnswerUntilItHasBeenFed) {
  auto anna = make_client("anna");
  EXPECT_EQ(anna->connect(tokens.make(Role::terminal, "anna")), kNoAnswer);
  EXPECT_FALSE(feed({FeedBegin{}}).ready);
  EXPECT_EQ(anna->connect(tokens.make(Role::terminal, "anna")), kNoAnswer);
  EXPECT_TRUE(feed({FeedReady{}}).ready);
  EXPECT_EQ(anna->connect(tokens.make(Role::terminal, "anna")), kSuccess);
}

TEST_F(BrokerPlugin, StampsChatMessagesAndTakesAwayStampsOfClients) {
  feed_group(kGroup, {"anna", "ben"});
  auto ben = listening("ben");
  auto anna = connected(Role::terminal, "anna");
  Outgoing forged{kG + "/chat/anna", "hello"};
  forged.user_properties = {{"cv-n", "999"}, {"mine", "kept"}, {"cv-site", "evil"}, {"cv-anything", "x"}};
  forged.response_topic = "kept/too";
  EXPECT_EQ(anna->publish(forged), kSuccess);
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "again"), kSuccess);

  const auto first = ben->wait_for_payload("hello");
  const auto second = ben->wait_for_payload("again");
  ASSERT_TRUE(first && second);
  const auto epoch = feed({FeedCounters{}}).epoch;
  EXPECT_EQ(first->property(messages::kStampSite), "demo");
  EXPECT_EQ(first->property(messages::kStampEpoch), std::to_string(epoch));
  EXPECT_EQ(first->property(messages::kStampN), "1");
  EXPECT_EQ(second->property(messages::kStampN), "2");
  EXPECT_EQ(first->property("mine"), "kept");
  EXPECT_EQ(first->user_properties.size(), 5u);  // four of the stamp, one of the sender
  const auto now_ms = TestTokens::now_s() * 1000;
  EXPECT_NEAR(std::stod(*first->property(messages::kStampTime)), static_cast<double>(now_ms), 60'000);
}

TEST_F(BrokerPlugin, PutsOffWhatComesTooSoonInASlowGroup) {
  feed_group(kGroup, {"anna", "ben"});
  ASSERT_EQ(feed({messages::FeedRules{kGroup, {false, 3'600'000}}}).error, "");
  auto ben = listening("ben");
  auto anna = connected(Role::terminal, "anna");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "first"), kSuccess);
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "second"), kSuccess) << "16, which Paho hides";
  ASSERT_EQ(feed({messages::FeedRules{kGroup, {}}}).error, "");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "third"), kSuccess);
  const auto third = ben->wait_for_payload("third");
  ASSERT_TRUE(third);
  EXPECT_EQ(third->property(messages::kStampN), "2") << "the second had no place";
  for (const Received& message : ben->received()) EXPECT_NE(message.payload, "second");
}

TEST_F(BrokerPlugin, MutesAMemberAtOnceAndLetsStaffSpeak) {
  feed_group(kGroup, {"anna", "ben", "eve"});
  auto anna = connected(Role::terminal, "anna");
  auto eve = connected(Role::terminal, "eve");
  ASSERT_EQ(feed({messages::FeedStanding{kGroup, topics::Standing::muted, {"anna"}}}).error, "");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "hello"), kNotAuthorized);
  EXPECT_EQ(anna->subscribe(kG + "/chat/+", 1), 1);
  ASSERT_EQ(feed({messages::FeedStanding{kGroup, topics::Standing::member, {"anna"}},
                  messages::FeedStanding{kGroup, topics::Standing::staff, {"eve"}},
                  messages::FeedRules{kGroup, {true, 0}}})
                .error,
            "");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "hello"), kNotAuthorized);
  EXPECT_EQ(eve->publish(kG + "/chat/eve", "hello"), kSuccess);
}

TEST_F(BrokerPlugin, TakesAwayStampsOnOtherTopicsToo) {
  feed_group(kGroup, {"anna", "ben"});
  ASSERT_LE(server->subscribe("cv1/demo/u/+/+/req"), 2);
  auto anna = connected(Role::terminal, "anna");
  Outgoing request{"cv1/demo/u/anna/d1/req", "{}"};
  request.user_properties = {{"cv-n", "1"}, {"mine", "kept"}};
  request.response_topic = "cv1/demo/u/anna/d1/res";
  EXPECT_EQ(anna->publish(request), kSuccess);
  const auto got = server->wait_for_payload("{}");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->user_properties, (std::vector<std::pair<std::string, std::string>>{{"mine", "kept"}}));
}

TEST_F(BrokerPlugin, RefusesARequestWithAnothersResponseTopic) {
  feed_group(kGroup, {"anna", "ben"});
  auto anna = connected(Role::terminal, "anna");
  Outgoing request{"cv1/demo/u/anna/d1/req", "{}"};
  request.response_topic = "cv1/demo/u/ben/d1/res";
  EXPECT_EQ(anna->publish(request), kNotAuthorized);
  request.response_topic = "cv1/demo/u/anna/d1/res";
  EXPECT_EQ(anna->publish(request), kSuccess);
}

TEST_F(BrokerPlugin, R3_RetiredGroupIsClosedAtOnce) {
  feed_group(kGroup, {"anna", "ben"});
  ASSERT_EQ(server->publish(Outgoing{kG + "/head", "head", 1, true}), kSuccess);
  auto anna = listening("anna");
  auto ben = listening("ben");
  ASSERT_TRUE(ben->wait_for_payload("head"));
  EXPECT_EQ(feed({FeedRetire{kGroup}}).error, "");

  EXPECT_EQ(anna->publish(kG + "/chat/anna", "late"), kNotAuthorized);
  EXPECT_EQ(ben->subscribe(kG + "/chat/+"), kNotAuthorized);
  EXPECT_EQ(server->publish(kG + "/changes", "late"), kSuccess);  // the server may; it reaches nobody
  fence(*ben, "ben");
  EXPECT_FALSE(ben->has_payload("late"));
}

TEST_F(BrokerPlugin, RemovedMemberGetsNothingMoreAndAnAddedOneDoes) {
  feed_group(kGroup, {"anna", "ben"});
  auto anna = connected(Role::terminal, "anna");
  auto ben = listening("ben");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "one"), kSuccess);
  ASSERT_TRUE(ben->wait_for_payload("one"));
  feed({FeedRemove{kGroup, {"ben"}}});
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "two"), kSuccess);
  fence(*ben, "ben");
  EXPECT_FALSE(ben->has_payload("two"));
  feed({FeedAdd{kGroup, {"ben"}}});
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "three"), kSuccess);
  EXPECT_TRUE(ben->wait_for_payload("three"));  // no new subscription was needed
}

TEST_F(BrokerPlugin, WithholdsChatBetweenABlockedPair) {
  feed_group(kGroup, {"anna", "ben", "cleo"});
  feed({FeedBlock{"anna", "cleo"}});
  auto anna = connected(Role::terminal, "anna");
  auto ben = listening("ben");
  auto cleo = listening("cleo");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "hi"), kSuccess);
  EXPECT_EQ(anna->publish(kG + "/signal/anna", "typing"), kSuccess);
  EXPECT_TRUE(ben->wait_for_payload("typing"));
  EXPECT_TRUE(ben->has_payload("hi"));
  fence(*cleo, "cleo");
  EXPECT_FALSE(cleo->has_payload("hi"));
  EXPECT_FALSE(cleo->has_payload("typing"));
}

TEST_F(BrokerPlugin, KeepsMessagesForAMemberWhoIsAway) {
  feed_group(kGroup, {"anna", "ben"});
  const ConnectWith keep{.clean_start = false, .session_expiry_s = 3600};
  auto ben = listening("ben", keep);
  ben->disconnect();
  auto anna = connected(Role::terminal, "anna");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "while away"), kSuccess);
  ASSERT_EQ(ben->connect(tokens.make(Role::terminal, "ben"), keep), kSuccess);
  EXPECT_TRUE(ben->wait_for_payload("while away"));
}

TEST_F(BrokerPlugin, DropsWhatWaitsForAMemberWhoWasRemoved) {
  feed_group(kGroup, {"anna", "ben"});
  const ConnectWith keep{.clean_start = false, .session_expiry_s = 3600};
  auto ben = listening("ben", keep);
  ben->disconnect();
  auto anna = connected(Role::terminal, "anna");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "while away"), kSuccess);
  feed({FeedRemove{kGroup, {"ben"}}});
  ASSERT_EQ(ben->connect(tokens.make(Role::terminal, "ben"), keep), kSuccess);
  fence(*ben, "ben");
  EXPECT_FALSE(ben->has_payload("while away"));
}

TEST_F(BrokerPlugin, CutsAConnectionWhenItsTokenEndsAndPublishesItsWill) {
  feed_group(kGroup, {"anna"});
  ASSERT_LE(server->subscribe("cv1/demo/u/+/+/presence"), 2);
  auto anna = make_client("anna");
  const ConnectWith with{.will = Outgoing{"cv1/demo/u/anna/d1/presence", "offline", 1, true}};
  ASSERT_EQ(anna->connect(tokens.make(Role::terminal, "anna", "d1", 8), with), kSuccess);
  EXPECT_TRUE(anna->wait_until_cut());
  EXPECT_TRUE(server->wait_for_payload("offline"));
  EXPECT_EQ(anna->connect(tokens.make(Role::terminal, "anna", "d1", -1)), kNotAuthorized);
}

TEST_F(BrokerPlugin, CutsTheConnectionsOfARevokedUserAndKeepsThemOut) {
  feed_group(kGroup, {"anna", "ben"});
  auto anna = connected(Role::terminal, "anna");
  auto ben = listening("ben");
  const std::string old_token = tokens.make(Role::terminal, "anna");
  feed({FeedRevoke{"anna", TestTokens::now_s() * 1000}});
  EXPECT_TRUE(anna->wait_until_cut());
  EXPECT_EQ(anna->connect(old_token), kNotAuthorized);
  fence(*ben, "ben");
}

TEST_F(BrokerPlugin, DoesNotPublishAWillOnATopicThatIsNotTheClientsOwn) {
  feed_group(kGroup, {"anna", "ben"});
  ASSERT_LE(server->subscribe("cv1/demo/u/+/+/presence"), 2);
  auto anna = make_client("anna");
  const ConnectWith with{.will = Outgoing{"cv1/demo/u/ben/d1/presence", "forged", 1, true}};
  ASSERT_EQ(anna->connect(tokens.make(Role::terminal, "anna"), with), kSuccess);
  feed({FeedRevoke{"anna", TestTokens::now_s() * 1000}});
  EXPECT_TRUE(anna->wait_until_cut());
  auto ben = connected(Role::terminal, "ben");
  EXPECT_EQ(ben->publish("cv1/demo/u/ben/d1/presence", "real"), kSuccess);
  ASSERT_TRUE(server->wait_for_payload("real"));
  EXPECT_FALSE(server->has_payload("forged"));
}

TEST_F(BrokerPlugin, DoesNotPublishAWillOnAChatTopicWhateverEndsTheConnection) {
  feed_group(kGroup, {"mallory", "ben"});
  auto ben = listening("ben");
  Outgoing forged{kG + "/chat/mallory", "forged"};
  forged.user_properties = {
      {"cv-site", "demo"}, {"cv-epoch", "18446744073709551615"}, {"cv-n", "1"}, {"cv-time", "1"}};
  const auto denied = [&] {
    const auto all = feed({FeedCounters{}}).counters;
    return std::map<std::string, std::uint64_t>(all.begin(), all.end())["denied_publish_role"];
  };
  const ConnectWith with{.session_expiry_s = 3600, .will = forged};
  const ConnectWith again{.clean_start = true, .will = forged};

  auto lost = connected(Role::terminal, "mallory", with);
  lost->publish(Outgoing{kG + "/chat/mallory", std::string(70'000, 'x'), 0});  // too large: the broker cuts
  EXPECT_TRUE(lost->wait_until_cut());
  EXPECT_EQ(denied(), 1u);
  auto first = connected(Role::terminal, "mallory", with);
  auto second = connected(Role::terminal, "mallory", again);  // takes the first one's client id over
  EXPECT_TRUE(first->wait_until_cut());
  EXPECT_EQ(denied(), 2u);
  EXPECT_EQ(second->publish(kG + "/chat/mallory", "real"), kSuccess);
  feed({FeedRevoke{"mallory", (TestTokens::now_s() + 1) * 1000}});
  EXPECT_TRUE(second->wait_until_cut());

  EXPECT_EQ(denied(), 3u);

  ASSERT_TRUE(ben->wait_for_payload("real"));
  fence(*ben, "ben");
  EXPECT_FALSE(ben->has_payload("forged"));
}

TEST_F(BrokerPlugin, OwnTracksPositionIsDeliveredButNotRetained) {
  feed_group(kGroup, {"anna"});
  auto anna = connected(Role::terminal, "anna", {.mqtt_version = MQTTVERSION_3_1_1});
  ASSERT_LE(server->subscribe("owntracks/+/+"), 2);
  EXPECT_EQ(anna->publish(Outgoing{"owntracks/anna/d1", "first", 1, true}), kSuccess);
  ASSERT_TRUE(server->wait_for_payload("first"));
  server->clear();
  ASSERT_LE(server->subscribe("owntracks/+/+"), 2);  // asks for retained messages again
  EXPECT_EQ(anna->publish("owntracks/anna/d1", "second"), kSuccess);
  ASSERT_TRUE(server->wait_for_payload("second"));
  EXPECT_FALSE(server->has_payload("first"));
}

TEST_F(BrokerPlugin, KnowsNothingAndHasANewEpochAfterTheBrokersDeath) {
  feed_group(kGroup, {"anna"});
  const auto before = feed({FeedCounters{}}).epoch;
  broker.kill9();
  ASSERT_TRUE(server->wait_until_cut());
  broker.start();
  ASSERT_EQ(server->connect(tokens.make(Role::server, "s1")), kSuccess);
  const auto after = feed({FeedAdd{kGroup, {"ben"}}});
  EXPECT_THAT(after.error, HasSubstr("expected begin first"));
  EXPECT_FALSE(after.ready);
  EXPECT_GT(after.epoch, before);
  EXPECT_EQ(make_client("anna")->connect(tokens.make(Role::terminal, "anna")), kNoAnswer);
}

TEST_F(BrokerPlugin, AnswersABrokenFeedAndChangesNothing) {
  feed_group(kGroup, {"anna"});
  const auto answer =
      feed_payload(R"({"seq":7,"ops":[{"op":"retire","group":")" + kGroup + R"("},{"op":"explode"}]})");
  EXPECT_THAT(answer.error, HasSubstr("ops[1].op: expected"));
  auto anna = connected(Role::terminal, "anna");
  EXPECT_EQ(anna->publish(kG + "/chat/anna", "still here"), kSuccess);
}

TEST_F(BrokerPlugin, GivesCountersOnRequest) {
  feed_group(kGroup, {"anna"});
  auto anna = connected(Role::terminal, "anna");
  EXPECT_EQ(anna->publish("cv1/demo/u/ben/d1/pos", "x"), kNotAuthorized);
  EXPECT_THAT(feed({FeedCounters{}}).counters, testing::Contains(testing::Pair("denied_publish_not_own", 1)));
  EXPECT_THAT(feed({FeedAdd{kGroup, {"ben"}}}).counters, testing::IsEmpty());
}

TEST_F(BrokerPlugin, LogsARefusalOnceAndNeverTokensOrPayloads) {
  feed_group(kGroup, {"anna"});
  const std::string expired = tokens.make(Role::terminal, "anna", "d1", -1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(make_client("anna")->connect(expired), kNotAuthorized);
  auto anna = connected(Role::terminal, "anna");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(anna->publish("cv1/demo/u/ben/d1/pos", "secret-payload"), kNotAuthorized);
  const std::string log = broker.log();
  const std::string refusal = "refused the connection of demo:anna:d1: expired";
  EXPECT_THAT(log, HasSubstr(refusal));
  EXPECT_EQ(log.find(refusal), log.rfind(refusal));
  EXPECT_THAT(log, HasSubstr("denied demo:anna:d1 to publish to cv1/demo/u/ben/d1/pos: not_own"));
  EXPECT_THAT(log, Not(HasSubstr("secret-payload")));
  EXPECT_THAT(log, Not(HasSubstr(expired)));
}

TEST(BrokerPluginOptions, RefusesToLoadAndSaysWhatIsAllowed) {
  const TestTokens tokens;
  struct Fault {
    std::string line;
    std::string said;
  };
  for (const Fault& fault :
       {Fault{"plugin_opt_sight demo", "plugin_opt_sight: expected one of plugin_opt_site"},
        Fault{"plugin_opt_keys /nowhere.jwks", "/nowhere.jwks: cannot be opened"},
        Fault{"plugin_opt_dev_clock soon", "plugin_opt_dev_clock: expected SIM_MS,REAL_MS,SPEED"}}) {
    MosquittoProcess broker("demo", tokens.public_jwks(), fault.line);
    try {
      broker.start();
      ADD_FAILURE() << "started with " << fault.line;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr(fault.said));
    }
  }
}

TEST(BrokerPluginOptions, WarnsOfADevelopmentClock) {
  const TestTokens tokens;
  MosquittoProcess broker("demo", tokens.public_jwks(), "plugin_opt_dev_clock 1000,2000,3");
  broker.start();
  EXPECT_THAT(broker.log(), HasSubstr("dev_clock is set"));
}

}  // namespace
}  // namespace convoke::test
