// That the checks find what they are for, and forgive nothing for longer than its cause lasts.
#include <gmock/gmock.h>

#include <string>

#include "tests/simulation/checks.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/said.h"
#include "tests/simulation/violation.h"

namespace convoke::simulation {
namespace {

const std::string kGroup = "00000000000000000000000000000001", kTopic = "cv1/demo/g/" + kGroup;

template <class F>
std::string violation(F f) {
  try {
    f();
  } catch (const Violation& found) {
    return found.what();
  }
  return "none";
}

class SaidTest : public testing::Test {
 protected:
  SaidTest() {
    publish(3, messages::PresenceState::available);
    publish(4, messages::PresenceState::busy);
  }
  void publish(std::uint64_t version, messages::PresenceState presence) {
    said.note(kTopic + "/buddies/0",
              encode(messages::RosterPage{kGroup, version, 0, {{"anna", "Anna", presence, {}, {}}}}));
    messages::RosterHead head;
    head.group = kGroup;
    head.plan = "p";
    head.version = version;
    head.pages = head.members = 1;
    said.note(kTopic + "/head", encode(head));
  }
  /// What the phone of ben shows of anna at that version, the list settled.
  std::string shown(std::uint64_t version, std::vector<sdk::Buddy> buddies, bool hidden = false) {
    sdk::Group held;
    held.id = kGroup;
    held.version = version;
    held.settled = true;
    held.members = held.pages = held.pages_held = 1;
    return violation([&] {
      said.check("ben", held, buddies,
                 hidden ? std::set<std::string, std::less<>>{"anna"} : std::set<std::string, std::less<>>{});
    });
  }
  static sdk::Buddy anna(sdk::Presence presence) { return {"anna", "Anna", presence, {}, {}}; }

  Said said;
};

TEST_F(SaidTest, TakesEachVersionAsItWasPublished) {
  EXPECT_EQ(shown(3, {anna(sdk::Presence::available)}), "none");
  EXPECT_EQ(shown(4, {anna(sdk::Presence::busy)}), "none");
  EXPECT_EQ(shown(4, {}, true), "none");
}
TEST_F(SaidTest, SeesAnEntryOfAnotherVersionAndOneTooFewOrTooMany) {
  EXPECT_THAT(shown(3, {anna(sdk::Presence::busy)}), testing::HasSubstr("something else of anna"));
  EXPECT_THAT(shown(3, {}), testing::HasSubstr("something else of anna"));
  EXPECT_THAT(shown(3, {anna(sdk::Presence::available), {"carl", "", {}, {}, {}}}),
              testing::HasSubstr("something else of carl"));
}
TEST_F(SaidTest, SeesAVersionThatWasNeverPublishedAndOneThatGoesBack) {
  EXPECT_THAT(shown(5, {anna(sdk::Presence::busy)}), testing::HasSubstr("never said"));
  EXPECT_EQ(shown(4, {anna(sdk::Presence::busy)}), "none");
  EXPECT_THAT(shown(3, {anna(sdk::Presence::available)}), testing::HasSubstr("had version 4"));
}
TEST_F(SaidTest, SeesAVersionThatShowsTwoLists) {
  EXPECT_THAT(violation([&] { publish(4, messages::PresenceState::away); }), testing::HasSubstr("two lists"));
}

TEST(StepChecks, ForgiveAnErasureNoLongerThanItsCause) {
  StepChecks checks;
  checks.erased("anna", 100);
  EXPECT_TRUE(checks.was_erased_since("anna", 100));
  EXPECT_FALSE(checks.was_erased_since("anna", 101));
  EXPECT_TRUE(checks.is_placeless("anna"));
  core::Effects fx;
  fx.positions.insert(topics::UserId::parse("anna"));
  checks.released(core::State{}, fx, 200);
  EXPECT_FALSE(checks.is_placeless("anna")) << "a position has come in";
}
TEST(StepChecks, ForgiveABlockNoLongerThanItHolds) {
  const auto anna = topics::UserId::parse("anna"), ben = topics::UserId::parse("ben");
  StepChecks checks;
  core::State state;
  state.blocked_pairs[anna] = {ben};
  checks.released(state, {}, 100);
  state.blocked_pairs.clear();
  checks.released(state, {}, 200);
  checks.released(state, {}, 300);
  EXPECT_TRUE(checks.were_apart_since("ben", "anna", 200));
  EXPECT_FALSE(checks.were_apart_since("anna", "ben", 201));
}

TEST(StepChecks, ForgiveOnlyTheChangeThatWasLostAndWhoseSenderCouldNotSayItAgain) {
  const std::string group(32, '0'), topic = "cv1/demo/g/" + group + "/chat/anna";
  const sdk::Stamp lost{"demo", 7, 3, 100}, another{"demo", 7, 4, 110};
  StepChecks checks;
  checks.killed("anna", 99);
  checks.lost(topic, messages::Stamp{"demo", 7, 3, 100});
  EXPECT_FALSE(checks.was_cut_short(group, "anna", lost)) << "her app was killed before";
  checks.killed("anna", 100);
  EXPECT_TRUE(checks.was_cut_short(group, "anna", lost));
  EXPECT_FALSE(checks.was_cut_short(group, "anna", another)) << "this one was not lost";
  EXPECT_FALSE(checks.was_cut_short(group, "ben", lost));
}
TEST(StepChecks, ForgiveAChangeThatWasLostToWhoWasOutOfTheGroupSince) {
  const std::string group(32, '0');
  const auto id = topics::GroupId::parse(group);
  const auto anna = topics::UserId::parse("anna");
  StepChecks checks;
  core::State out, in;
  in.groups[id].reasons = {"staff eve"};
  in.groups[id].members[anna].why = "listed";
  core::Effects fx;
  fx.members.insert({id, anna});
  checks.released(out, fx, 50);
  checks.released(in, fx, 100);
  for (const std::uint64_t n : {1, 2})
    checks.lost("cv1/demo/g/" + group + "/chat/anna", messages::Stamp{"demo", 7, n, 0});
  EXPECT_TRUE(checks.was_cut_short(group, "anna", {"demo", 7, 1, 100}));
  EXPECT_FALSE(checks.was_cut_short(group, "anna", {"demo", 7, 2, 101})) << "she was in again";
}

TEST(Ledger, KnowsAgainWhatIsAskedAfterSomethingElseMeddled) {
  Ledger<std::string, int> ledger;
  const auto known = [&] {
    std::string text;
    ledger.for_each_known([&](const std::string& key, int value) { text += key + std::to_string(value); });
    return text;
  };
  ledger.asked("a", 1);
  ledger.acknowledged("a", 7);
  EXPECT_EQ(known(), "a7");
  ledger.asked("a", 2);
  ledger.meddled("a", 3);
  ledger.acknowledged("a", 8);
  EXPECT_EQ(known(), "") << "it was asked before";
  ledger.asked("a", 4);
  ledger.acknowledged("a", 9);
  EXPECT_EQ(known(), "a9");
  ledger.asks("b", 4);
  ledger.died(5);
  ledger.told("b", 1);
  EXPECT_EQ(known(), "a9b1") << "nobody else was at it";
}

}  // namespace
}  // namespace convoke::simulation
