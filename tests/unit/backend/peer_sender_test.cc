#include "backend/egress/peer_sender.h"

#include <gtest/gtest.h>

#include "tests/support/fake_link.h"
#include "topics/messages/peer.h"

namespace convoke::egress {
namespace {

using topics::SiteId;

class Sender : public testing::Test {
 protected:
  Sender() {
    auto fake = std::make_unique<test::FakeLink>();
    link = fake.get();
    sender = std::make_unique<PeerSender>(
        SiteId::parse("hall"), SiteId::parse("arena"), std::move(fake),
        PeerSender::Hooks{[] { return "token"; }, [this](const std::string& line) { log.push_back(line); }});
    numbers.epoch = 5;
    numbers.in_epoch = 3;
    numbers.in_upto = 41;
  }
  void up() {
    pump();
    sender->event(LinkUp{link->connection(), false}, now);
    pump();
  }
  void pump() { sender->pump(numbers, now); }
  void push(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i)
      sender->push(numbers.next++, encode(messages::PeerItem(messages::PeerClosed{std::string(32, 'a')})),
                   now);
  }
  std::vector<messages::PeerBatch> sent() {
    std::vector<messages::PeerBatch> batches;
    for (const std::string& payload : link->payloads("cv1/arena/peer/hall/link"))
      batches.push_back(messages::decode_peer_batch(payload).value());
    link->published.clear();
    return batches;
  }

  std::int64_t now = 1'000'000;
  core::Peer numbers;
  test::FakeLink* link = nullptr;
  std::vector<std::string> log;
  std::unique_ptr<PeerSender> sender;
};

TEST_F(Sender, R34_SaysAtOnceThatItIsThereAndWhatItHas) {
  up();
  const auto batches = sent();
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_TRUE(batches[0].items.empty());
  EXPECT_EQ(batches[0].epoch, 5u);
  EXPECT_EQ(batches[0].first, 1u);
  EXPECT_EQ(batches[0].ack_epoch, 3u);
  EXPECT_EQ(batches[0].ack_upto, 41u);
}

TEST_F(Sender, R34_WritesTheVersionThatBothSpeakAndSaysWhichItSpeaks) {
  up();
  auto batches = sent();
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].version, 1u) << "nothing is known of the other one yet";
  EXPECT_EQ(batches[0].speaks, messages::kPeerVersion);
  EXPECT_TRUE(batches[0].features.empty());
  numbers.version = 2;
  push(1);
  pump();
  batches = sent();
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].version, 2u);
  EXPECT_EQ(batches[0].features.size(), messages::kPeerFeatures.size());
}

TEST_F(Sender, R34_SignalsAreSentAtOnceOrNotAtAll) {
  numbers.version = 2;
  const std::vector<messages::PeerSignal> typing{{std::string(32, 'a'), "ann@hall"}};
  sender->signal(typing);
  up();
  for (const auto& batch : sent()) EXPECT_TRUE(batch.signals.empty()) << "it was down";
  push(1);
  sender->signal(typing);
  pump();
  const auto batches = sent();
  ASSERT_EQ(batches.size(), 2u);
  EXPECT_EQ(batches[0].signals.size(), 1u);
  EXPECT_TRUE(batches[0].items.empty());
  EXPECT_EQ(batches[1].items.size(), 1u);
  now += 5'000;
  pump();
  for (const auto& batch : sent()) EXPECT_TRUE(batch.signals.empty()) << "items are sent again, signals not";
}

TEST_F(Sender, R34_SendsInBatchesAndWithinAWindow) {
  up();
  sent();
  push(2000);
  pump();
  auto batches = sent();
  ASSERT_EQ(batches.size(), 16u) << "1024 items on their way";
  EXPECT_EQ(batches[0].items.size(), 64u);
  EXPECT_EQ(batches[1].first, 65u);
  sender->took(1024, now);
  pump();
  batches = sent();
  ASSERT_FALSE(batches.empty());
  EXPECT_EQ(batches[0].first, 1025u);
}

TEST_F(Sender, R34_SendsAgainWhatNobodyTook) {
  up();
  push(3);
  pump();
  sent();
  now += 4'999;
  pump();
  EXPECT_TRUE(sent().empty());
  now += 1;
  pump();
  const auto again = sent();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].first, 1u);
  EXPECT_EQ(again[0].items.size(), 3u);
  EXPECT_EQ(sender->lag_ms(now), 5'000);
}

TEST_F(Sender, R34_ANewConnectionBeginsWithTheFirstThatWasNotTaken) {
  up();
  push(3);
  pump();
  sender->took(1, now);
  sender->event(LinkDown{link->connection(), "cut"}, now);
  EXPECT_FALSE(sender->up());
  EXPECT_EQ(sender->last_error(), "cut");
  sent();
  now += 20'000;
  up();
  const auto batches = sent();
  ASSERT_FALSE(batches.empty());
  EXPECT_EQ(batches[0].first, 2u);
}

TEST_F(Sender, R34_ALinkOnWhichNothingIsTakenIsGivenUp) {
  up();
  push(1);
  pump();
  now += 30'001;
  pump();
  EXPECT_FALSE(sender->up());
}

TEST_F(Sender, R34_SendsAgainAlsoWhereTheClockWasPutBack) {
  up();
  push(1);
  pump();
  sent();
  now -= 3'600'000;
  pump();
  sent();
  now += 5'000;
  pump();
  const auto batches = sent();
  ASSERT_FALSE(batches.empty());
  EXPECT_EQ(batches[0].items.size(), 1u);
}

TEST_F(Sender, R34_GivesASignOfLife) {
  up();
  sent();
  now += 9'999;
  pump();
  EXPECT_TRUE(sent().empty());
  now += 1;
  pump();
  EXPECT_EQ(sent().size(), 1u);
  sender->heard();
  pump();
  EXPECT_EQ(sent().size(), 1u) << "what came is acknowledged at once";
}

TEST_F(Sender, R34_ABatchThatTheBrokerRefusesEndsTheConnection) {
  up();
  sender->event(LinkDone{link->connection(), 1, 135}, now);
  EXPECT_FALSE(sender->up());
  ASSERT_EQ(log.size(), 1u);
  EXPECT_NE(log[0].find("arena"), std::string::npos);
}

}  // namespace
}  // namespace convoke::egress
