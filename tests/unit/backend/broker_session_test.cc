#include "backend/egress/broker_session.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/fake_link.h"

namespace convoke::egress {
namespace {

using Phase = BrokerSession::Phase;

constexpr std::int64_t kStart = 1'767'225'600'000;
constexpr std::uint64_t kEpoch = kStart - 1000;
const std::string kMarker = "cv1/demo/server/s1/marker";

class BrokerSessionTest : public testing::Test {
 protected:
  /// Lets time pass in steps as the server's loop does, until a connection is wanted.
  void pass(std::int64_t ms) {
    for (const std::int64_t end = now + ms; now < end; now += 100) session.tick(now);
  }
  void connect() {
    session.tick(now);
    session.link_up({link.connection(), true}, now);
  }
  void answer(messages::FeedResponse response) {
    session.message(link.message(std::string(topics::kFeedResponseTopic), encode(response)));
  }
  void answer_feed() { answer({link.last_feed(), "", kEpoch, true, {}, {}}); }
  void run() {
    connect();
    answer_feed();
    session.message(link.message(kMarker, link.payloads(kMarker).back()));
    ASSERT_EQ(session.phase(), Phase::running);
  }

  std::int64_t now = kStart;
  test::FakeLink link;
  Outbox outbox;
  int fed = 0, confirmed = 0;
  std::vector<std::string> problems;
  BrokerSession session{topics::SiteId::parse("demo"),
                        topics::ServerId::parse("s1"),
                        "1",
                        link,
                        outbox,
                        {[] { return "token"; },
                         [] {
                           return std::vector<messages::FeedOp>{messages::FeedBegin{}, messages::FeedReady{}};
                         },
                         [this](std::uint64_t) { ++fed; }, [this](const core::FeedChange&) { ++confirmed; },
                         [this](const std::string& what) { problems.push_back(what); }}};
};

TEST_F(BrokerSessionTest, FeedsThenDrainsThenRuns) {
  EXPECT_EQ(session.phase(), Phase::down);
  connect();
  EXPECT_EQ(session.phase(), Phase::feeding);
  EXPECT_TRUE(link.payloads(kMarker).empty());
  answer_feed();
  EXPECT_EQ(fed, 1);
  EXPECT_EQ(session.phase(), Phase::draining);
  session.message(link.message(kMarker, "that of an earlier connection"));
  EXPECT_EQ(session.phase(), Phase::draining);
  session.message(link.message(kMarker, link.payloads(kMarker).back()));
  EXPECT_EQ(session.phase(), Phase::running);
  EXPECT_TRUE(problems.empty());
}

TEST_F(BrokerSessionTest, AsksForAllPresenceAnewWithEachConnection) {
  connect();
  for (const auto& filter : link.subscribed)
    EXPECT_EQ(filter.always_retained, filter.text == "cv1/demo/u/+/+/presence") << filter.text;
}

TEST_F(BrokerSessionTest, R34_SignalsComeOfTheGroupsThatItIsToldAndOfNoOthers) {
  const auto hears = [&](char group) {
    const std::string filter = "cv1/demo/g/" + std::string(32, group) + "/signal/+";
    return std::any_of(link.subscribed.begin(), link.subscribed.end(),
                       [&](const auto& f) { return f.text == filter && f.qos == 0; });
  };
  const auto group = [](char id) { return topics::GroupId::parse(std::string(32, id)); };
  session.hear_signals(group('a'), true);
  EXPECT_TRUE(link.subscribed.empty());
  connect();
  EXPECT_TRUE(hears('a'));
  session.hear_signals(group('b'), true);
  EXPECT_TRUE(hears('b'));
  session.hear_signals(group('a'), false);
  EXPECT_FALSE(hears('a'));
  session.hear_signals(group('c'), false);
  EXPECT_FALSE(std::any_of(link.subscribed.begin(), link.subscribed.end(),
                           [](const auto& f) { return f.text == "cv1/demo/g/+/signal/+"; }));
}

TEST_F(BrokerSessionTest, BeginsAgainWhenThePluginDoesNotAnswerTheFullFeed) {
  connect();
  pass(BrokerSession::kPatienceMs);
  EXPECT_EQ(session.phase(), Phase::feeding);
  pass(100);
  EXPECT_EQ(session.phase(), Phase::down);
  EXPECT_EQ(fed, 0);
  pass(5000);
  EXPECT_EQ(session.phase(), Phase::connecting);
  EXPECT_EQ(link.connection(), 2u);
}

TEST_F(BrokerSessionTest, BeginsAgainWhenTheFullFeedIsRefusedOrLeavesThePluginUnready) {
  connect();
  answer({link.last_feed(), "ops[0].op: expected begin", kEpoch, false, {}, {}});
  EXPECT_EQ(session.phase(), Phase::down);
  pass(1000);
  connect();
  answer({link.last_feed(), "", kEpoch, false, {}, {}});
  EXPECT_EQ(session.phase(), Phase::down);
  EXPECT_EQ(fed, 0);
}

TEST_F(BrokerSessionTest, BeginsAgainWhenTheMarkerDoesNotComeBack) {
  connect();
  answer_feed();
  for (int i = 0; i < 30; ++i) {  // a long backlog is progress
    pass(1000);
    session.message(link.message("cv1/demo/u/anna/phone/req", "{}"));
  }
  EXPECT_EQ(session.phase(), Phase::draining);
  pass(BrokerSession::kPatienceMs + 100);
  EXPECT_EQ(session.phase(), Phase::down);
}

TEST_F(BrokerSessionTest, ARefusedOrLostChangeIsNotConfirmedAndIsSentAgain) {
  run();
  outbox.push({1, core::FeedChange{{messages::FeedAdd{std::string(32, 'a'), {"anna"}}}}});
  outbox.push({2, core::Publish{"cv1/demo/u/anna/in", "chat-start"}});
  session.pump();
  answer({link.last_feed(), "ops[0].group: expected a live one", kEpoch, true, {}, {}});
  EXPECT_EQ(session.phase(), Phase::down);
  pass(1000);
  session.link_up({link.connection(), true}, now);
  answer_feed();
  session.pump();
  pass(BrokerSession::kPatienceMs + 100);  // no answer
  EXPECT_EQ(session.phase(), Phase::down);
  EXPECT_EQ(confirmed, 0);
  EXPECT_TRUE(link.payloads("cv1/demo/u/anna/in").empty());
  pass(1000);
  session.link_up({link.connection(), true}, now);
  answer_feed();
  session.pump();
  answer_feed();
  session.pump();
  EXPECT_EQ(confirmed, 1);
  EXPECT_EQ(link.payloads("cv1/demo/u/anna/in").size(), 1u);
}

TEST_F(BrokerSessionTest, AStampAheadOfThePluginsEpochDoesNotHold) {
  const auto holds = [&](std::uint64_t epoch) { return session.stamp_holds({"demo", epoch, 1, now}); };
  connect();
  EXPECT_TRUE(holds(kEpoch + 1)) << "not told yet";
  answer_feed();
  EXPECT_TRUE(holds(kEpoch - 1)) << "held by the broker since before";
  EXPECT_TRUE(holds(kEpoch));
  EXPECT_FALSE(holds(kEpoch + 1));
}

TEST_F(BrokerSessionTest, LeavesOutAMessageThatTheBrokerWouldCutItFor) {
  run();
  const std::string topic = "cv1/demo/u/anna/phone/res";
  const std::size_t room = BrokerSession::kMaxMessageBytes - topic.size() - 3;
  outbox.push({1, core::Publish{topic, std::string(room + 1, 'x'), 1, false, true, "abc"}});
  outbox.push({2, core::Publish{topic, std::string(room, 'x'), 1, false, true, "abc"}});
  session.pump();
  ASSERT_EQ(link.payloads(topic).size(), 1u);
  EXPECT_EQ(link.payloads(topic)[0].size(), room);
  EXPECT_EQ(session.too_large(), 1u);
  EXPECT_EQ(problems.size(), 1u);
  EXPECT_EQ(outbox.take_finished(), std::vector<std::uint64_t>{1}) << "or it would be sent for ever";
}

TEST_F(BrokerSessionTest, AnswersToAnEarlierConnectionMeanNothing) {
  connect();
  const std::uint64_t before = link.last_feed();
  session.link_down({link.connection(), "gone"});
  pass(1000);
  session.link_up({link.connection(), true}, now);
  answer({before, "ops[0].op: expected begin", kEpoch, false, {}, {}});
  answer({before, "", kEpoch, true, {}, {}});
  EXPECT_EQ(session.phase(), Phase::feeding);
  EXPECT_EQ(fed, 0);
}

TEST_F(BrokerSessionTest, AHeldUpThreadIsNotTakenForASilentPlugin) {
  connect();
  now += 60'000;
  session.tick(now);
  EXPECT_EQ(session.phase(), Phase::feeding);
  answer_feed();
  EXPECT_EQ(fed, 1);
}

TEST_F(BrokerSessionTest, TriesLessOftenWhenEachConnectionFailsTheSameWay) {
  for (int i = 0; i < 10; ++i) {
    while (session.phase() == Phase::down) pass(100);
    session.link_up({link.connection(), true}, now);
    answer({link.last_feed(), "ops[0].op: expected begin", kEpoch, false, {}, {}});
  }
  const auto before = link.connection();
  pass(4900);
  EXPECT_EQ(link.connection(), before);
  pass(300);
  EXPECT_EQ(link.connection(), before + 1);
}

}  // namespace
}  // namespace convoke::egress
