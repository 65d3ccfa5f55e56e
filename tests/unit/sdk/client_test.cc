#include <atomic>
#include <future>
#include <thread>

#include "tests/unit/sdk/broker_world.h"

namespace convoke::sdk {
namespace {

using messages::PresenceState;
using test::Received;

class ClientTest : public BrokerWorld {};

TEST_F(ClientTest, ConnectsAndSaysThatItIsAvailable) {
  Client client(options());
  client.open();
  await<Connected>(client);
  EXPECT_TRUE(client.connected());
  EXPECT_TRUE(await_presence(PresenceState::available));
}

TEST_F(ClientTest, SaysGoodbyeWhenItCloses) {
  Client client(options());
  client.open();
  const auto hello = await_presence(PresenceState::available);
  client.close();
  const auto goodbye = await_presence(PresenceState::offline);
  ASSERT_TRUE(hello && goodbye);
  EXPECT_EQ(hello->connect_number, goodbye->connect_number);
}

TEST_F(ClientTest, OpensAgainRightAfterClose) {
  Client client(options());
  client.open();
  client.close();
  client.open();
  const auto hello = await_presence(PresenceState::available);
  ASSERT_TRUE(hello);
  std::uint64_t number = hello->connect_number;
  for (int i = 0; i < 3; ++i) {
    client.close();
    client.open();
    ASSERT_TRUE(server->wait_for([&](const Received& m) {
      const auto presence = messages::decode_presence(m.payload);
      if (m.topic != own + "presence" || presence->state != PresenceState::available) return false;
      return presence->connect_number > std::exchange(number, std::max(number, presence->connect_number));
    }));
  }
}

TEST_F(ClientTest, SaysGoodbyeWhenItIsDestroyed) {
  {
    Client client(options());
    client.open();
    ASSERT_TRUE(await_presence(PresenceState::available));
  }
  EXPECT_TRUE(await_presence(PresenceState::offline));
}

TEST_F(ClientTest, SaysGoodbyeEvenIfItsThreadWasHeldUp) {
  std::promise<void> release;
  std::atomic<bool> hold = false;
  {
    Client other([&] {  // on the same thread
      Options o = options();
      o.device = "other";
      o.token = [&, released = release.get_future().share()] {
        hold = true;
        released.wait();
        return std::string();
      };
      return o;
    }());
    {
      Client client(options());
      client.open();
      ASSERT_TRUE(await_presence(PresenceState::available));
      other.open();
      while (!hold) std::this_thread::yield();
    }  // returns, though nothing can be sent now
    release.set_value();
  }
  EXPECT_TRUE(await_presence(PresenceState::offline));
}

TEST_F(ClientTest, AsksForAFreshTokenAfterARefusal) {
  std::atomic<int> asked = 0;
  Options o = options();
  o.token = [&] {
    const std::int64_t lifetime_s = ++asked == 1 ? -10 : 3600;
    return tokens.make(topics::Role::terminal, "mia", "phone", lifetime_s);
  };
  Client client(o);
  client.open();
  EXPECT_EQ(await<Disconnected>(client).code, test::kNotAuthorized);
  await<Connected>(client);
  EXPECT_EQ(asked, 2);
}

TEST_F(ClientTest, WaitsForATokenThatTheAppDoesNotHaveYet) {
  std::atomic<bool> logged_in = false;
  Options o = options();
  o.token = [&] { return logged_in ? tokens.make(topics::Role::terminal, "mia", "phone") : std::string(); };
  Client client(o);
  client.open();
  EXPECT_EQ(await<Disconnected>(client).reason, "no token yet");
  logged_in = true;
  await<Connected>(client);
}

TEST_F(ClientTest, ComesBackAfterTheBrokerWasGone) {
  Client client(options());
  client.open();
  const auto first = await_presence(PresenceState::available);
  broker.kill9();
  await<Disconnected>(client);
  client.report_position({.time_ms = 1'767'225'600'000, .lat = 1, .lon = 2});
  broker.start();
  server = make_client("s1");
  ASSERT_EQ(server->connect(tokens.make(topics::Role::server, "s1")), test::kSuccess);
  ASSERT_LE(server->subscribe("cv1/demo/u/+/+/presence", 1), 2);
  ASSERT_LE(server->subscribe("cv1/demo/u/+/+/pos", 1), 2);
  feed_group(group_id, {"mia"});
  await<Connected>(client);
  const auto second = await_presence(PresenceState::available);
  ASSERT_TRUE(first && second);
  EXPECT_GT(second->connect_number, first->connect_number);
  EXPECT_TRUE(server->wait_for([&](const Received& m) { return m.topic == own + "pos"; }));
}

TEST_F(ClientTest, LivesThroughAChat) {
  Client client(options());
  client.open();
  answer<messages::ResumeRequest>(messages::ResumeAnswer{});

  messages::RosterHead head;
  head.group = group_id;
  head.plan = "hall-a";
  head.name = "Hall A";
  head.started_ms = 1;
  head.version = 1;
  head.pages = 1;
  head.members = 2;
  const std::string prefix = "cv1/demo/g/" + group_id + "/";
  const messages::RosterPage page{
      group_id, 1, 0, {{"ben", "Ben", PresenceState::available, {}}, {"mia", "", PresenceState::busy, {}}}};
  server->publish({prefix + "buddies/0", encode(page), 1, true});
  server->publish({prefix + "head", encode(head), 1, true});
  server->publish("cv1/demo/u/mia/in", encode(messages::InboxMessage(messages::ChatStart{head})));
  EXPECT_EQ(await<ChatStarted>(client).group.name, "Hall A");
  EXPECT_EQ(await<BuddyListChanged>(client).version, 1U);
  ASSERT_EQ(client.available_buddies(group_id).size(), 1U);
  answer<messages::HoldRequest>(messages::EmptyAnswer{});

  const auto ben = connected(topics::Role::terminal, "ben");
  ben->subscribe(prefix + "chat/+", 1);
  const auto id = client.send(group_id, "hello");
  ASSERT_TRUE(id);
  const OwnMessage sent = await<OwnMessage>(client);
  EXPECT_EQ(sent.id, *id);
  ASSERT_TRUE(sent.stamp);
  EXPECT_TRUE(ben->wait_for([&](const Received& m) { return m.payload.find(*id) != std::string::npos; }));
  server->publish(prefix + "ack", encode(messages::ArchivedUpTo{sent.stamp->epoch, sent.stamp->n, {}}));
  EXPECT_EQ(await<OwnMessage>(client).state, OwnMessage::State::archived);

  ben->publish(prefix + "chat/ben", encode(messages::ChatMessage{"b1", "text", "hi", {}}));
  const Message received = await<MessageReceived>(client).message;
  EXPECT_EQ(received.from, "ben");
  EXPECT_EQ(received.text, "hi");
  EXPECT_EQ(received.stamp.n, sent.stamp->n + 1);

  server->publish("cv1/demo/u/mia/in",
                  encode(messages::InboxMessage(messages::ChatEnd{group_id, "hall-a", "staff", 9})));
  EXPECT_EQ(await<ChatEnded>(client).reason, "staff");
  EXPECT_TRUE(client.buddies(group_id).empty());
}

TEST_F(ClientTest, TellsWhatTheBrokerRefuses) {
  Client client(options());
  client.open();
  answer<messages::ResumeRequest>(messages::ResumeAnswer{});
  messages::RosterHead foreign;
  foreign.group = std::string(32, 'b');  // mia is no member
  foreign.plan = "hall-a";
  foreign.version = 1;
  server->publish("cv1/demo/u/mia/in", encode(messages::InboxMessage(messages::ChatStart{foreign})));
  const Refused refused = await<Refused>(client);
  EXPECT_EQ(refused.what, "subscribe");
  EXPECT_EQ(refused.code, test::kNotAuthorized);
}

TEST_F(ClientTest, WakesTheAppOnceUntilItPolls) {
  std::atomic<int> woken = 0;
  Options o = options();
  o.on_events = [&] { ++woken; };
  Client client(o);
  client.open();
  answer<messages::ResumeRequest>(messages::ResumeAnswer{});
  const std::string wanted = encode(messages::InboxMessage(messages::ReportPosition{}));
  server->publish("cv1/demo/u/mia/in", wanted);
  server->publish("cv1/demo/u/mia/in", wanted);
  await<PositionWanted>(client);
  EXPECT_GE(woken, 1);
  EXPECT_LE(woken, 3);  // connected; the first and perhaps the second want
}

TEST_F(ClientTest, KeepsItsConnectNumberOverARestart) {
  const test::TempDir dir;
  std::uint64_t number = 0;
  for (int life = 0; life < 2; ++life) {
    Options o = options();
    o.storage = file_storage(dir / "state");
    Client client(o);
    client.open();
    const auto hello = await_presence(PresenceState::available);
    ASSERT_TRUE(hello);
    EXPECT_GT(hello->connect_number, number);
    number = hello->connect_number;
    server->clear();
  }
  EXPECT_NE(file_storage(dir / "state").load().find("connect " + std::to_string(number)), std::string::npos);
}

}  // namespace
}  // namespace convoke::sdk
