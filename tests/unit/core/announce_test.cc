#include "backend/core/announce.h"

#include <gtest/gtest.h>

#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using test::CoreWorld;
using topics::UserId;

/// Anna and Ben chat in a group of an hour, and staff and server have something to say.
class Announce : public testing::Test {
 protected:
  Announce() {
    w.plan(
        "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\", \"ben\"] }] }\n[[plan.end]]\non = "
        "\"duration\"\nafter = \"1h\"\n");
    w.available("anna");
    w.available("ben");
    w.step([](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
    });
    topic = "cv1/demo/g/" + w.group().id.str() + "/notice";
  }
  std::string say(std::string_view type, const std::string& by) {
    std::string id;
    w.step([&](Engine& e, Context& ctx) {
      id = announce(e.state(), w.group(), type, "the bar closes at ten", by, ctx);
    });
    return id;
  }
  void comes_back(const std::string& payload, std::uint64_t n) {
    w.step([&](Engine& e, Context& ctx) {
      e.notice(w.group().id, *messages::decode_notice(payload), {"demo", 1, n, w.now}, ctx);
    });
  }
  CoreWorld w;
  std::string topic;
};

TEST_F(Announce, GoesOutWithAnIdOfItsOwnAndStaysInTheRecord) {
  EXPECT_EQ(say(messages::kAnnouncement, "eve"), "cv-1");
  EXPECT_TRUE(w.fx.groups.contains(w.group().id));
  EXPECT_EQ(say(messages::kSystem, "demo"), "cv-2");
  const auto out = w.published(topic);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0], R"({"from":"eve","id":"cv-1","type":"announcement","text":"the bar closes at ten"})");
  EXPECT_EQ(messages::decode_notice(out[1])->message.type, "system");
  EXPECT_TRUE(std::get<Publish>(w.fx.out.at(0)).durable);
  EXPECT_EQ(w.group().unarchived.size(), 2u);
}

TEST_F(Announce, IsArchivedOnceWhenItComesBack) {
  say(messages::kAnnouncement, "eve");
  comes_back(w.published(topic)[0], 4);
  ASSERT_EQ(w.fx.archive.size(), 1u);
  EXPECT_EQ(w.fx.archive[0].message.from, "eve");
  EXPECT_EQ(w.fx.archive[0].message.message.type, "announcement");
  EXPECT_EQ(w.fx.archive[0].message.stamp.n, 4u);
  EXPECT_TRUE(w.group().unarchived.empty());
  comes_back(w.published(topic)[0], 5);
  EXPECT_TRUE(w.fx.archive.empty());
  EXPECT_EQ(w.group().archive.upto, 5u);
  EXPECT_EQ(w.group().messages, 1u);
}

TEST_F(Announce, IsNotArchivedIfTheGroupNeverSaidIt) {
  comes_back(R"({"from":"eve","id":"cv-9","type":"announcement","text":"x"})", 1);
  EXPECT_TRUE(w.fx.archive.empty());
  EXPECT_EQ(w.group().archive.upto, 1u);
}

TEST_F(Announce, IsRepeatedUntilItComesBack) {
  say(messages::kAnnouncement, "eve");
  w.pass(20'000);
  EXPECT_EQ(w.published(topic).size(), 2u);
  EXPECT_EQ(w.published(topic)[0], w.published(topic)[1]);
  comes_back(w.published(topic)[0], 1);
  w.pass(600'000);
  EXPECT_EQ(w.published(topic).size(), 2u);
}

TEST_F(Announce, TellsThatStaffDeletedAMessage) {
  const UserId anna = UserId::parse("anna");
  EXPECT_FALSE(has_message(w.group(), anna, "m1"));
  w.step([&](Engine& e, Context& ctx) {
    e.chat(w.group().id, anna, {"m1", "text", "rude", {}}, {"demo", 1, 1, w.now}, ctx);
  });
  EXPECT_TRUE(has_message(w.group(), anna, "m1"));
  w.step([&](Engine& e, Context& ctx) { delete_message(e.state(), w.group(), anna, "m1", "eve", ctx); });
  EXPECT_EQ(w.published(topic).at(0),
            R"({"from":"eve","id":"cv-1","type":"delete","text":"deleted","of":"m1","author":"anna"})");
  comes_back(w.published(topic)[0], 2);
  ASSERT_EQ(w.fx.archive.size(), 1u);
  EXPECT_EQ(w.fx.archive[0].changes->n, 1u);
}

TEST_F(Announce, WaitsForTheBrokerWithABound) {
  for (std::size_t i = 0; i < kMaxUnarchived; ++i) EXPECT_NE(say(messages::kSystem, "demo"), "");
  EXPECT_EQ(say(messages::kSystem, "demo"), "");
  EXPECT_EQ(w.published(topic).size(), kMaxUnarchived);
}

TEST_F(Announce, IsForgottenWithTheGroup) {
  say(messages::kAnnouncement, "eve");
  w.step([&](Engine& e, Context& ctx) { end_group(e.state(), w.group(), "staff", ctx); });
  w.pass(600'000);
  EXPECT_EQ(w.published(topic).size(), 1u);
}

}  // namespace
}  // namespace convoke::core
