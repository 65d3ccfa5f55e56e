#include "mobile-sdk/src/roster.h"

#include <gmock/gmock.h>

namespace convoke::sdk {
namespace {

using messages::Buddy;
using messages::PresenceState;
using messages::RosterChanges;
using messages::RosterHead;
using messages::RosterPage;
using testing::ElementsAre;
using testing::IsEmpty;

const std::string kGroup(32, 'a');

RosterHead head(std::uint64_t version, std::uint32_t pages = 1) {
  RosterHead h;
  h.group = kGroup;
  h.plan = "hall-a";
  h.version = version;
  h.pages = pages;
  return h;
}

Buddy buddy(std::string user, PresenceState presence = PresenceState::available) {
  return {std::move(user), "", presence, {}};
}

RosterPage page(std::uint64_t version, std::uint32_t number, std::vector<Buddy> buddies) {
  return {kGroup, version, number, std::move(buddies)};
}

RosterChanges change(std::uint64_t from, std::uint64_t version) {
  RosterChanges c;
  c.group = kGroup;
  c.from = from;
  c.version = version;
  return c;
}

std::vector<std::string> users(const Roster& roster) {
  std::vector<std::string> all;
  for (const Buddy& b : roster.buddies()) all.push_back(b.user);
  return all;
}

Roster loaded(std::uint64_t version, std::uint32_t pages = 1) {
  Roster roster;
  roster.reload(0);
  roster.take_resubscribe();
  roster.head(head(version, pages), 0);
  roster.page(page(version, 0, {buddy("anna"), buddy("ben")}), 0);
  roster.take_changed();
  return roster;
}

TEST(Roster, HoldsAVersionOnceHeaderAndFirstPageAreThere) {
  Roster roster;
  roster.reload(0);
  EXPECT_TRUE(roster.take_resubscribe());
  roster.page(page(3, 0, {buddy("anna")}), 0);
  EXPECT_FALSE(roster.settled());
  EXPECT_EQ(roster.version(), 0U);
  roster.head(head(4), 0);  // version 4 changed nothing on this page
  EXPECT_TRUE(roster.settled());
  EXPECT_TRUE(roster.take_changed());
  EXPECT_FALSE(roster.take_changed());
  EXPECT_EQ(roster.version(), 4U);
}

TEST(Roster, DoesNotTakeAnOlderAnswerForThePageThatItReadsAgain) {
  Roster roster = loaded(7, 2);
  roster.changes(change(10, 11), 0);  // there is a gap
  EXPECT_TRUE(roster.take_resubscribe());
  roster.answered(page(10, 0, {buddy("anna")}), 0);
  roster.head(head(12, 2), 0);
  EXPECT_FALSE(roster.settled()) << "the page may have changed with version 12";
  roster.page(page(12, 0, {buddy("anna"), buddy("carl")}), 0);
  EXPECT_TRUE(roster.settled());
  EXPECT_EQ(roster.version(), 12U);
  EXPECT_THAT(users(roster), ElementsAre("anna", "carl"));
}

TEST(Roster, WaitsForTheHeaderOfANewerPage) {
  Roster roster;
  roster.reload(0);
  roster.head(head(3), 0);
  roster.page(page(4, 0, {buddy("anna")}), 0);  // published between the two
  EXPECT_FALSE(roster.settled());
  roster.head(head(4), 0);
  EXPECT_EQ(roster.version(), 4U);
}

TEST(Roster, AppliesChangesInOrder) {
  Roster roster = loaded(1);
  RosterChanges c = change(1, 2);
  c.put = {buddy("aaron"), buddy("ben", PresenceState::busy)};
  c.gone = {"anna"};
  c.members = 2;
  roster.changes(c, 0);
  EXPECT_THAT(users(roster), ElementsAre("aaron", "ben"));
  EXPECT_EQ(roster.buddies()[1].presence, PresenceState::busy);
  EXPECT_EQ(roster.version(), 2U);
  EXPECT_TRUE(roster.take_changed());
  roster.changes(c, 0);  // delivered again
  EXPECT_FALSE(roster.take_changed());
  EXPECT_FALSE(roster.take_resubscribe());
}

TEST(Roster, ReadsAgainAfterAGap) {
  Roster roster = loaded(1);
  roster.changes(change(2, 3), 100);
  EXPECT_TRUE(roster.take_resubscribe());
  EXPECT_FALSE(roster.settled());
  EXPECT_THAT(users(roster), ElementsAre("anna", "ben"));  // still shown meanwhile
  roster.head(head(3), 200);
  roster.page(page(3, 0, {buddy("mia")}), 200);
  EXPECT_EQ(roster.version(), 3U);
  EXPECT_THAT(users(roster), ElementsAre("mia"));
  EXPECT_FALSE(roster.next_due().has_value());
}

TEST(Roster, ReadsAgainWhenAHeaderTellsOfAChangeThatNeverCame) {
  Roster roster = loaded(1);
  roster.head(head(2), 100);
  EXPECT_FALSE(roster.take_resubscribe());
  EXPECT_EQ(roster.next_due(), 100 + Roster::kGapMs);
  roster.tick(100 + Roster::kGapMs);
  EXPECT_TRUE(roster.take_resubscribe());
}

TEST(Roster, IsPatientWithAHeaderThatComesBeforeItsChange) {
  Roster roster = loaded(1);
  roster.head(head(2), 100);
  roster.changes(change(1, 2), 150);
  EXPECT_EQ(roster.version(), 2U);
  EXPECT_FALSE(roster.next_due().has_value());
}

TEST(Roster, AsksAgainAndAgainForAReplayThatDoesNotCome) {
  Roster roster;
  roster.reload(0);
  EXPECT_TRUE(roster.take_resubscribe());
  roster.tick(Roster::kReloadMs);
  EXPECT_TRUE(roster.take_resubscribe());
  roster.tick(Roster::kReloadMs + Roster::kReloadMs);
  EXPECT_FALSE(roster.take_resubscribe());  // pauses double
  roster.tick(Roster::kReloadMs + 2 * Roster::kReloadMs);
  EXPECT_TRUE(roster.take_resubscribe());
}

TEST(Roster, FetchesOnlyTheChangedPagesItHolds) {
  Roster roster = loaded(1, 40);
  RosterChanges c = change(1, 2);
  c.pages_changed = {0, 17};
  roster.changes(c, 0);
  EXPECT_THAT(roster.pages_to_ask(), ElementsAre(0U));
  roster.asked(0);
  EXPECT_THAT(roster.pages_to_ask(), IsEmpty());
  EXPECT_EQ(roster.version(), 1U);
  roster.page(page(2, 0, {buddy("mia")}), 0);
  EXPECT_EQ(roster.version(), 2U);
}

TEST(Roster, MovesOnAtOnceWhenOnlyOtherPagesChanged) {
  Roster roster = loaded(1, 40);
  RosterChanges c = change(1, 2);
  c.pages_changed = {17};
  roster.changes(c, 0);
  EXPECT_EQ(roster.version(), 2U);
}

TEST(Roster, AsksAgainForAPageThatChangedWhileItWasOnItsWay) {
  Roster roster = loaded(1, 2);
  RosterChanges c = change(1, 2);
  c.all = true;
  roster.changes(c, 0);
  roster.asked(0);
  c = change(2, 3);
  c.pages_changed = {0};
  roster.changes(c, 0);
  roster.page(page(2, 0, {buddy("mia")}), 0);
  EXPECT_FALSE(roster.settled());
  EXPECT_THAT(roster.pages_to_ask(), ElementsAre(0U));
  roster.asked(0);
  roster.page(page(3, 0, {buddy("noa")}), 0);
  EXPECT_EQ(roster.version(), 3U);
  EXPECT_THAT(users(roster), ElementsAre("noa"));
}

TEST(Roster, LoadsFurtherPagesOnDemand) {
  Roster roster = loaded(1, 2);
  EXPECT_TRUE(roster.load_more());
  EXPECT_FALSE(roster.load_more());  // under way
  EXPECT_THAT(roster.pages_to_ask(), ElementsAre(1U));
  roster.asked(1);
  roster.page(page(1, 1, {buddy("zoe")}), 0);
  EXPECT_TRUE(roster.take_changed());
  EXPECT_THAT(users(roster), ElementsAre("anna", "ben", "zoe"));
  EXPECT_FALSE(roster.load_more());
}

TEST(Roster, DropsPagesThatARosterHasLost) {
  Roster roster = loaded(1, 2);
  roster.load_more();
  roster.page(page(1, 1, {buddy("zoe")}), 0);
  RosterChanges c = change(1, 2);
  c.pages_changed = {0, 1};
  roster.changes(c, 0);
  roster.head(head(2, 1), 0);
  roster.page(page(2, 0, {buddy("anna")}), 0);
  roster.page_unknown(1, 0);
  EXPECT_TRUE(roster.settled());
  EXPECT_EQ(roster.pages_held(), 1U);
}

TEST(Roster, DoesNotApplyEntriesToARosterOfSeveralPages) {
  Roster roster = loaded(1, 2);
  RosterChanges c = change(1, 2);
  c.put = {buddy("mia")};
  roster.changes(c, 0);
  EXPECT_TRUE(roster.take_resubscribe());
}

}  // namespace
}  // namespace convoke::sdk
