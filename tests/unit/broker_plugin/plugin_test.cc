// The plugin's C entry points, called as the broker calls them.

#include <gmock/gmock.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include <random>

#include "tests/unit/broker_plugin/plugin_host.h"
#include "topics/messages/feed.h"

namespace convoke::test {
namespace {

using messages::FeedOp;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::Pair;
using topics::Role;

const std::string kGroup(32, 'a');
const std::string kChat = "cv1/demo/g/" + kGroup + "/chat/anna";

class PluginEntryPoints : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(host.load(), MOSQ_ERR_SUCCESS);
    ASSERT_EQ(host.connect(server, host.tokens.make(Role::server, "s1").c_str()), MOSQ_ERR_SUCCESS);
  }
  bool feed(std::vector<FeedOp> ops) {
    const auto answer =
        messages::decode_feed_response(host.control(server, encode(messages::Feed{++seq, std::move(ops)})));
    return answer && answer->error.empty();
  }
  void anna_is_here() {
    ASSERT_TRUE(
        feed({messages::FeedBegin{}, messages::FeedAdd{kGroup, {"anna", "ben"}}, messages::FeedReady{}}));
    ASSERT_EQ(host.connect(anna, host.tokens.make(Role::terminal, "anna").c_str()), MOSQ_ERR_SUCCESS);
  }

  PluginHost host;
  std::uint64_t seq = 0;
  const mosquitto server{"demo:s1:d1"}, anna{"demo:anna:d1"};
};

TEST(PluginLoading, AgreesOnTheVersionItKnows) {
  const int known[] = {MOSQ_PLUGIN_VERSION}, others[] = {4, 99};
  EXPECT_EQ(mosquitto_plugin_version(1, known), MOSQ_PLUGIN_VERSION);
  EXPECT_EQ(mosquitto_plugin_version(2, others), -1);
}

TEST(PluginLoading, RefusesOptionsAndKeysThatAreWrong) {
  PluginHost host;
  EXPECT_EQ(host.load({{"colour", "red"}}), MOSQ_ERR_INVAL);
  host.write_keys("{");
  EXPECT_EQ(host.load(), MOSQ_ERR_INVAL);
  EXPECT_THAT(host.callbacks, IsEmpty());
  EXPECT_EQ(host.log.size(), 2U);
}

TEST(PluginLoading, TakesItsCallbacksAwayAgain) {
  PluginHost host;
  ASSERT_EQ(host.load(), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(host.callbacks.size(), 7U);
  host.unload();
  EXPECT_THAT(host.callbacks, IsEmpty());
  EXPECT_EQ(mosquitto_plugin_cleanup(nullptr, nullptr, 0), MOSQ_ERR_SUCCESS);
}

TEST_F(PluginEntryPoints, AdmitsByTokenAndNobodyElseBeforeItIsFed) {
  const std::string token = host.tokens.make(Role::terminal, "anna");
  EXPECT_EQ(host.connect(anna, token.c_str()), MOSQ_ERR_UNKNOWN) << "closed without CONNACK: try later";
  anna_is_here();
  EXPECT_EQ(host.connect(anna, nullptr), MOSQ_ERR_AUTH);
  EXPECT_EQ(host.connect(anna, "nonsense"), MOSQ_ERR_AUTH);
  EXPECT_EQ(host.connect({"demo:ben:d1"}, token.c_str()), MOSQ_ERR_AUTH);
  EXPECT_EQ(host.connect({""}, token.c_str()), MOSQ_ERR_AUTH);
}

TEST_F(PluginEntryPoints, DecidesEachKindOfAccessAndRefusesOnesItDoesNotKnow) {
  anna_is_here();
  EXPECT_EQ(host.check(anna, MOSQ_ACL_WRITE, kChat.c_str()), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(host.check(anna, MOSQ_ACL_WRITE, "cv1/demo/g/x/chat/anna"), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(host.check(anna, MOSQ_ACL_READ, kChat.c_str()), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(host.check(anna, MOSQ_ACL_SUBSCRIBE, ("cv1/demo/g/" + kGroup + "/chat/+").c_str()),
            MOSQ_ERR_SUCCESS);
  EXPECT_EQ(host.check(anna, MOSQ_ACL_SUBSCRIBE, "#"), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(host.check(anna, MOSQ_ACL_UNSUBSCRIBE, "#"), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(host.check(anna, 99, kChat.c_str()), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(host.check(anna, MOSQ_ACL_WRITE, nullptr), MOSQ_ERR_ACL_DENIED);
  EXPECT_EQ(host.check({"demo:stranger:d1"}, MOSQ_ACL_READ, kChat.c_str()), MOSQ_ERR_ACL_DENIED);
}

TEST_F(PluginEntryPoints, SendsWhatComesTooSoonWhereNobodyIs) {
  anna_is_here();
  ASSERT_TRUE(feed({messages::FeedRules{kGroup, {false, 3'600'000}}}));
  PluginHost::Message first{kChat, false, {}, ""}, second{kChat, false, {}, ""};
  EXPECT_EQ(host.publish(anna, first), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(first.topic, kChat);
  EXPECT_EQ(host.publish(anna, second), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(second.topic, "$convoke/put-off");
  EXPECT_THAT(second.user_properties, IsEmpty());
}

TEST_F(PluginEntryPoints, StampsAChatMessageAndTakesAwayAForgedStamp) {
  anna_is_here();
  PluginHost::Message message{kChat, false, {{"cv-n", "999"}, {"colour", "red"}}, ""};
  EXPECT_EQ(host.publish(anna, message), MOSQ_ERR_SUCCESS);
  EXPECT_THAT(message.user_properties, Contains(Pair("colour", "red")));
  EXPECT_THAT(message.user_properties, Contains(Pair("cv-n", "1")));
  EXPECT_THAT(message.user_properties, Contains(Pair("cv-site", "demo")));
  EXPECT_EQ(message.user_properties.size(), 5U);
  PluginHost::Message next{kChat, false, {}, ""};
  EXPECT_EQ(host.publish(anna, next), MOSQ_ERR_SUCCESS);
  EXPECT_THAT(next.user_properties, Contains(Pair("cv-n", "2")));
}

TEST_F(PluginEntryPoints, KeepsAnOwnTracksPositionFromBeingRetained) {
  anna_is_here();
  PluginHost::Message message{"owntracks/anna/d1", true, {}, ""};
  EXPECT_EQ(host.publish(anna, message), MOSQ_ERR_SUCCESS);
  EXPECT_FALSE(message.retain);
  EXPECT_THAT(message.user_properties, IsEmpty());
}

TEST_F(PluginEntryPoints, RefusesAnothersResponseTopic) {
  anna_is_here();
  PluginHost::Message message{"cv1/demo/u/anna/d1/req", false, {}, "cv1/demo/u/ben/d1/res"};
  EXPECT_EQ(host.publish(anna, message), MOSQ_ERR_ACL_DENIED);
}

TEST_F(PluginEntryPoints, CutsARevokedUserWithTheNextTick) {
  anna_is_here();
  EXPECT_TRUE(feed({messages::FeedRevoke{"anna", (TestTokens::now_s() + 1) * 1000}}));
  EXPECT_THAT(host.kicked, IsEmpty()) << "never in the middle of an event";
  host.tick();
  EXPECT_THAT(host.kicked, ElementsAre("demo:anna:d1"));
  EXPECT_EQ(host.disconnect(anna), MOSQ_ERR_SUCCESS);
  EXPECT_EQ(host.disconnect({""}), MOSQ_ERR_SUCCESS);
}

TEST_F(PluginEntryPoints, KeepsItsKeysWhenTheNewOnesAreBroken) {
  anna_is_here();
  host.write_keys("{");
  host.reload();
  EXPECT_EQ(host.connect(anna, host.tokens.make(Role::terminal, "anna").c_str()), MOSQ_ERR_SUCCESS);
  host.write_keys(TestTokens().public_jwks());
  host.reload();
  EXPECT_EQ(host.connect(anna, host.tokens.make(Role::terminal, "anna").c_str()), MOSQ_ERR_AUTH);
}

TEST_F(PluginEntryPoints, AnswersAFeedThatIsNoneAndAnEmptyOne) {
  for (const char* payload : {"", "{", "[]", R"({"seq":1})", "\xff"}) {
    const auto answer = messages::decode_feed_response(host.control(server, payload));
    ASSERT_TRUE(answer) << payload;
    EXPECT_FALSE(answer->error.empty()) << payload;
  }
}

/// Whatever comes, in whatever order: no crash, and nothing for a stranger.
TEST_F(PluginEntryPoints, StandsAnyOrderOfEvents) {
  anna_is_here();
  std::mt19937 random(7);
  const std::vector<mosquitto> clients = {server, anna, {"demo:ben:d1"}, {"demo::"}, {""}, {":::"}};
  const std::vector<std::string> topics = {kChat,
                                           "",
                                           "#",
                                           "cv1/demo/u/anna/d1/pos",
                                           "$CONTROL/convoke/v1",
                                           "owntracks/anna/d1",
                                           std::string(70'000, '/'),
                                           "cv1/\xff\xfe"};
  const auto any = [&](const auto& list) -> const auto& { return list[random() % list.size()]; };
  const std::string token = host.tokens.make(Role::terminal, "anna");
  for (int round = 0; round < 20'000; ++round) {
    const mosquitto& client = any(clients);
    switch (random() % 5) {
      case 0:
        host.connect(client, random() % 2 ? token.c_str() : "x");
        break;
      case 1:
        host.disconnect(client);
        break;
      case 2:
        host.check(client, static_cast<int>(random() % 16), any(topics).c_str(), random() % 2);
        break;
      case 3: {
        PluginHost::Message message{any(topics), random() % 2 == 0, {{"cv-time", "1"}}, any(topics)};
        host.publish(client, message);
        break;
      }
      default:
        host.tick();
    }
  }
  EXPECT_EQ(host.check({"demo:stranger:d1"}, MOSQ_ACL_READ, kChat.c_str()), MOSQ_ERR_ACL_DENIED);
}

}  // namespace
}  // namespace convoke::test
