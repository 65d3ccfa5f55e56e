#include "backend/egress/outbox.h"

#include <gtest/gtest.h>

namespace convoke::egress {
namespace {

core::Outgoing publish(const std::string& topic) { return core::Publish{topic, "x"}; }
core::Outgoing feed() { return core::FeedChange{{messages::FeedRetire{"0123456789abcdef0123456789abcdef"}}}; }

std::string topic_of(const Outbox::Next& next) { return std::get<core::Publish>(*next.message).topic; }

TEST(Outbox, GivesMessagesInOrderAndForgetsWhatIsDone) {
  Outbox box;
  box.set_connected(true);
  box.push({1, publish("a")});
  box.push({2, publish("b")});
  auto a = *box.next(), b = *box.next();
  EXPECT_EQ(topic_of(a), "a");
  EXPECT_EQ(topic_of(b), "b");
  EXPECT_FALSE(box.next());
  box.done(b.number);
  box.done(a.number);
  EXPECT_EQ(box.size(), 0u);
  EXPECT_EQ(box.take_finished(), (std::vector<std::uint64_t>{2, 1}));
  EXPECT_TRUE(box.take_finished().empty());
}

TEST(Outbox, AFeedChangeIsABarrierBothWays) {
  Outbox box;
  box.set_connected(true);
  box.push({1, publish("before")});
  box.push({2, feed()});
  box.push({3, feed()});
  box.push({4, publish("after")});
  auto before = *box.next();
  EXPECT_FALSE(box.next()) << "the feed waits for what is before it";
  box.done(before.number);
  auto first = *box.next(), second = *box.next();
  EXPECT_FALSE(box.next()) << "what comes after waits for the feed";
  box.done(first.number);
  EXPECT_FALSE(box.next());
  box.done(second.number);
  EXPECT_EQ(topic_of(*box.next()), "after");
}

TEST(Outbox, SendsAgainWhatWasNotTakenWhenTheConnectionBroke) {
  Outbox box;
  box.set_connected(true);
  box.push({1, publish("taken")});
  box.push({2, publish("lost")});
  box.push({0, publish("answer")});
  const auto taken = box.next()->number, lost = box.next()->number;
  box.done(taken);
  box.restart();
  EXPECT_EQ(box.size(), 1u) << "what is not durable is dropped";
  EXPECT_FALSE(box.next()) << "no connection";
  box.set_connected(true);
  box.done(lost);  // a late word from the old connection means nothing
  EXPECT_EQ(topic_of(*box.next()), "lost");
}

TEST(Outbox, KeepsOnlyDurableMessagesWithoutAConnection) {
  Outbox box;
  box.push({0, publish("answer")});
  box.push({1, publish("start")});
  EXPECT_EQ(box.size(), 1u);
}

}  // namespace
}  // namespace convoke::egress
