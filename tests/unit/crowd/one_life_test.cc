#include "ops/crowd/one_life.h"

#include <gmock/gmock.h>

namespace convoke::crowd {
namespace {

using Step = OneLife::Step;
using testing::HasSubstr;

const std::string kGroup(32, 'a');
const std::vector<std::string> kMembers = {"p1", "p2", "p3"};

sdk::Group group() {
  sdk::Group g;
  g.id = kGroup;
  g.plan = "hall";
  g.members = 3;
  return g;
}

std::vector<sdk::Buddy> roster() {
  std::vector<sdk::Buddy> all;
  for (const std::string& user : kMembers) all.push_back({user, "", sdk::Presence::available, {}});
  return all;
}

sdk::Message message(const std::string& from, const std::string& id) {
  sdk::Message m;
  m.group = kGroup;
  m.from = from;
  m.id = id;
  return m;
}

LateProbe refused() { return {.error = "", .publish_code = 0x87, .subscribe_refused = true, .delivered = 0}; }

/// Four phones, of which three become members.
OneLife until(Step step) {
  OneLife life(4);
  if (step > Step::connect)
    for (const char* user : {"p1", "p2", "p3", "p4"}) life.connected(user, 1);
  if (step > Step::start)
    for (const std::string& user : kMembers) life.started(user, group(), 2);
  if (step > Step::start)
    for (const std::string& user : kMembers)
      if (step > Step::list || user == "p1") life.list(user, kGroup, 1, roster(), 3);
  if (step > Step::message) {
    life.sent("p1", "m1");
    life.received("p2", message("p1", "m1"), 4);
    life.received("p3", message("p1", "m1"), 4);
  }
  if (step > Step::end)
    for (const std::string& user : kMembers) life.ended(user, kGroup, true, 5);
  if (step > Step::close) life.probed(refused(), 6);
  EXPECT_EQ(life.step(), step) << life.missing();
  return life;
}

TEST(OneLife, IsDoneWhenEveryStepWasSeenOnEveryMembersPhone) {
  const OneLife life = until(Step::done);
  EXPECT_EQ(life.failure(), "");
  EXPECT_THAT(life.to_json(), HasSubstr("{\"ok\":true,\"phones\":4"));
  EXPECT_THAT(life.to_json(), HasSubstr("\"members\":3"));
  EXPECT_THAT(life.to_json(), HasSubstr("\"start_ms\":3"));
  EXPECT_THAT(life.to_json(), HasSubstr("\"message_received_by\":2"));
  EXPECT_THAT(life.to_json(), HasSubstr("\"deleted\":3"));
  EXPECT_THAT(life.to_json(), HasSubstr("\"closed_ms\":6"));
}

TEST(OneLife, NamesThePhonesThatMissTheList) {
  OneLife life = until(Step::list);
  life.list("p2", kGroup, 1, roster(), 3);
  EXPECT_EQ(life.missing(), "list: 1 of 3 member phones miss it: p3");
}

TEST(OneLife, FailsOnTwoListsOfOneVersion) {
  OneLife life = until(Step::list);
  std::vector<sdk::Buddy> other = roster();
  other.pop_back();
  life.list("p2", kGroup, 1, other, 3);
  EXPECT_THAT(life.failure(), HasSubstr("version 1"));
}

TEST(OneLife, WantsEveryMemberOnTheNewestVersion) {
  OneLife life = until(Step::list);
  life.list("p1", kGroup, 2, roster(), 3);
  life.list("p2", kGroup, 1, roster(), 3);
  life.list("p3", kGroup, 2, roster(), 3);
  EXPECT_EQ(life.step(), Step::list);
  life.list("p2", kGroup, 2, roster(), 3);
  EXPECT_EQ(life.step(), Step::message);
}

TEST(OneLife, WantsToHearOfEveryOtherSite) {
  OneLife life(1, 2);
  life.connected("p1", 1);
  life.started("p1", group(), 2);
  std::vector<sdk::Buddy> list = {{"p1", "", sdk::Presence::available, {}},
                                  {"p1@arena", "", sdk::Presence::available, {}}};
  life.list("p1", kGroup, 1, list, 3);
  EXPECT_EQ(life.missing(), "list: 1 of 2 other sites are in it");
  life.received("p1", message("p1@arena", "1"), 3);
  list.push_back({"p1@club", "", sdk::Presence::available, {}});
  life.list("p1", kGroup, 2, list, 3);
  EXPECT_EQ(life.step(), Step::message) << life.missing();
  life.sent("p1", "m1");
  EXPECT_EQ(life.missing(), "message: nobody of site club was heard");
  life.received("p1", message("p1@club", "1"), 4);
  EXPECT_EQ(life.step(), Step::end) << life.missing();
}

TEST(OneLife, CountsOnlyTheMessageItAskedFor) {
  OneLife life = until(Step::message);
  EXPECT_EQ(life.wants_message(), "p1");
  life.received("p2", message("p1", "m1"), 4);  // quicker than the news of its sending
  life.sent("p1", "m1");
  EXPECT_FALSE(life.wants_message());
  life.received("p3", message("p2", "m1"), 4);
  life.received("p3", message("p1", "other"), 4);
  EXPECT_EQ(life.missing(), "message: 1 of 3 member phones miss it: p3");
  life.received("p3", message("p1", "m1"), 4);
  EXPECT_EQ(life.step(), Step::end);
}

TEST(OneLife, WantsAReaderForTheMessage) {
  OneLife life(1);
  life.connected("p1", 1);
  life.started("p1", group(), 2);
  life.list("p1", kGroup, 1, {{"p1", "", sdk::Presence::available, {}}}, 3);
  EXPECT_EQ(life.step(), Step::message);
  EXPECT_FALSE(life.wants_message());
  EXPECT_THAT(life.missing(), HasSubstr("one member only"));
}

TEST(OneLife, TakesNobodyElseForTheMemberThatHasNotReceived) {
  OneLife life = until(Step::message);
  life.sent("p1", "m1");
  life.received("p2", message("p1", "m1"), 4);
  life.received("p1", message("p1", "m1"), 4);  // the sender's own
  EXPECT_EQ(life.missing(), "message: 1 of 3 member phones miss it: p3");
}

TEST(OneLife, FailsIfTheChatEndsTooEarly) {
  OneLife life = until(Step::message);
  life.ended("p2", kGroup, true, 5);
  EXPECT_THAT(life.failure(), HasSubstr("the chat ended during step message"));
}

TEST(OneLife, FailsIfAListSurvivesTheEnd) {
  OneLife life = until(Step::end);
  life.ended("p2", kGroup, false, 5);
  EXPECT_THAT(life.failure(), HasSubstr("p2 still holds the list"));
}

TEST(OneLife, IsNotDoneWhileALateComerIsLetIn) {
  OneLife life = until(Step::close);
  EXPECT_EQ(life.wants_probe(), "p1");
  life.probed({.error = "", .publish_code = 0, .subscribe_refused = true, .delivered = 0}, 6);
  life.probed({.error = "", .publish_code = 0x87, .subscribe_refused = false, .delivered = 0}, 6);
  life.probed({.error = "", .publish_code = 0x87, .subscribe_refused = true, .delivered = 1}, 6);
  life.probed(
      {.error = "cannot reach the broker", .publish_code = 0x87, .subscribe_refused = true, .delivered = 0},
      6);
  EXPECT_EQ(life.step(), Step::close);
  life.probed(refused(), 7);
  EXPECT_EQ(life.step(), Step::done);
}

TEST(OneLife, FollowsOnlyTheFirstGroup) {
  OneLife life = until(Step::list);
  sdk::Group other = group();
  other.id = std::string(32, 'b');
  life.started("p4", other, 3);
  life.ended("p4", other.id, true, 3);
  EXPECT_EQ(life.group(), kGroup);
  EXPECT_EQ(life.failure(), "");
}

TEST(OneLife, SaysWhatIsMissingWhenTimeIsOver) {
  const OneLife life(4);
  EXPECT_EQ(life.missing(), "connect: 0 of 4 phones are connected");
  EXPECT_THAT(life.to_json("time is over"),
              HasSubstr("{\"ok\":false,\"step\":\"connect\",\"error\":\"time is over\""));
}

}  // namespace
}  // namespace convoke::crowd
