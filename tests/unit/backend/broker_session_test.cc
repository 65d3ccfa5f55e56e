#include "backend/egress/broker_session.h"

#include <gtest/gtest.h>

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
  void answer_feed() { answer({link.last_feed(), "", kEpoch, true, {}}); }
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

}  // namespace
}  // namespace convoke::egress
