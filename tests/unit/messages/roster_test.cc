#include "topics/messages/roster.h"

#include <gtest/gtest.h>

#include "tests/unit/messages/kinds.h"
#include "topics/messages/limits.h"

namespace convoke::messages {
namespace {

using testing::kGroup;
using testing::quoted;

const std::string kTooLongName = quoted(std::string(kMaxNameBytes + 1, 'x'));

TEST(RosterHead, ReadsEveryMember) {
  const auto head = decode_roster_head(
      R"({"group":")" + kGroup +
      R"(","plan":"hall-a","name":"Hall A","state":"ending","started":1,"ends":2,"version":7,"pages":1,"members":42,"available":40})");
  ASSERT_TRUE(head) << head.error().to_string();
  EXPECT_EQ(head->group, kGroup);
  EXPECT_EQ(head->plan, "hall-a");
  EXPECT_EQ(head->name, "Hall A");
  EXPECT_EQ(head->state, GroupState::ending);
  EXPECT_EQ(head->started_ms, 1);
  EXPECT_EQ(head->ends_ms, 2);
  EXPECT_EQ(head->version, 7u);
  EXPECT_EQ(head->pages, 1u);
  EXPECT_EQ(head->members, 42u);
  EXPECT_EQ(head->available, 40u);
}

TEST(RosterHead, LeavesOutAnEndThatIsNotSet) {
  RosterHead head{.group = kGroup, .plan = "p", .name = "", .ends_ms = {}};
  const std::string payload = encode(head);
  EXPECT_EQ(payload.find("ends"), std::string::npos);
  EXPECT_EQ(decode_roster_head(payload)->ends_ms, std::nullopt);
}

TEST(GroupState, HasAWordForEachState) {
  for (const auto state : {GroupState::scheduled, GroupState::gathering, GroupState::open, GroupState::ending,
                           GroupState::retired}) {
    EXPECT_EQ(parse_group_state(to_string(state)), state);
  }
  EXPECT_EQ(parse_group_state("closed"), std::nullopt);
}

TEST(RosterHead, RefusesBadMembers) {
  testing::expect_refusals(
      "roster-head", 0,
      {{"group", "", "32 lower-case hexadecimal digits"},
       {"group", "\"hall-a\"", "32 lower-case hexadecimal digits"},
       {"group", quoted("0123456789ABCDEF0123456789ABCDEF"), "32 lower-case hexadecimal digits"},
       {"group", quoted(kGroup + "0"), "32 lower-case hexadecimal digits"},
       {"group", "7", "32 lower-case hexadecimal digits"},
       {"plan", "", "an identifier"},
       {"plan", "\"\"", "an identifier"},
       {"plan", "\"hall a\"", "an identifier"},
       {"plan", "\"a/b\"", "an identifier"},
       {"plan", "\"a@b\"", "an identifier"},
       {"plan", quoted(std::string(65, 'a')), "an identifier"},
       {"name", "", "text of 0 to 128 bytes"},
       {"name", kTooLongName, "text of 0 to 128 bytes"},
       {"name", R"("two\nlines")", "without control characters"},
       {"name", "null", "text of 0 to 128 bytes"},
       {"state", "", "one of scheduled, gathering, open, ending, retired"},
       {"state", "\"closed\"", "one of scheduled, gathering, open, ending, retired"},
       {"started", "", "a time in Unix milliseconds"},
       {"ends", "-1", "a time in Unix milliseconds"},
       {"ends", "null", "a time in Unix milliseconds"},
       {"version", "", "an integer from 0 to 9007199254740991"},
       {"version", "9007199254740992", "an integer from 0 to 9007199254740991"},
       {"pages", "", "an integer from 0 to 4294967295"},
       {"pages", "4294967296", "an integer from 0 to 4294967295"},
       {"members", "-1", "an integer from 0 to 4294967295"},
       {"members", "", "an integer"},
       {"available", "0.5", "an integer from 0 to 4294967295"},
       {"available", "", "an integer"}});
}

TEST(RosterPage, IsWrittenAsDocumented) {
  const RosterPage page{
      .group = kGroup,
      .version = 7,
      .page = 0,
      .buddies = {{.user = "anna", .name = "Anna", .presence = PresenceState::available, .ends_ms = {}},
                  {.user = "ben@other", .name = "", .presence = PresenceState::busy, .ends_ms = 5}}};
  const std::string payload = encode(page);
  EXPECT_EQ(payload, R"({"group":")" + kGroup +
                         R"(","version":7,"page":0,"buddies":[{"u":"anna","n":"Anna","p":"available"},)"
                         R"({"u":"ben@other","p":"busy","e":5}]})");
  const auto again = decode_roster_page(payload);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->buddies, page.buddies);
}

TEST(RosterPage, HoldsAtMost200Buddies) {
  RosterPage page{.group = kGroup, .buddies = {}};
  EXPECT_TRUE(decode_roster_page(encode(page)));  // the last member of a page has left
  page.buddies.assign(kPageBuddies, Buddy{.user = "u", .name = "", .ends_ms = {}});
  EXPECT_TRUE(decode_roster_page(encode(page)));
  page.buddies.push_back(page.buddies[0]);
  EXPECT_EQ(decode_roster_page(encode(page)).error().to_string(),
            "buddies: expected a list of 0 to 200 elements");
}

TEST(RosterPage, RefusesBadMembers) {
  testing::expect_refusals("roster-page", 0,
                           {{"group", "", "a group"},
                            {"version", "", "an integer"},
                            {"page", "", "an integer"},
                            {"page", "-1", "an integer"},
                            {"buddies", "", "a list"},
                            {"buddies", "\"anna\"", "a list"},
                            {"buddies[0]", "\"anna\"", "an object"},
                            {"buddies[0].u", "", "a user"},
                            {"buddies[0].u", "\"a@b@c\"", "a user"},
                            {"buddies[0].u", "\"anna bella\"", "a user"},
                            {"buddies[0].u", "\"@site\"", "a user"},
                            {"buddies[0].n", kTooLongName, "text of 0 to 128 bytes"},
                            {"buddies[0].n", "\"\\u0007\"", "without control characters"},
                            {"buddies[0].p", "", "one of available"},
                            {"buddies[0].p", "\"dnd\"", "one of available"},
                            {"buddies[0].e", "\"soon\"", "a time"}});
}

TEST(RosterChanges, LeavesOutWhatIsEmpty) {
  const RosterChanges changes{.group = kGroup,
                              .from = 6,
                              .version = 7,
                              .members = 9000,
                              .available = 8123,
                              .ends_ms = {},
                              .put = {},
                              .gone = {},
                              .pages_changed = {0, 17},
                              .all = false};
  const std::string payload = encode(changes);
  EXPECT_EQ(payload, R"({"group":")" + kGroup +
                         R"(","from":6,"version":7,"members":9000,"available":8123,"pages":[0,17]})");
  const auto again = decode_roster_changes(payload);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->put.empty());
  EXPECT_TRUE(again->gone.empty());
  EXPECT_EQ(again->pages_changed, (std::vector<std::uint32_t>{0, 17}));
  EXPECT_FALSE(again->all);
  EXPECT_FALSE(again->ends_ms);
}

TEST(RosterChanges, RefusesBadMembers) {
  std::string pages = "[0";
  for (int i = 0; i < 32; ++i) pages += ",1";
  testing::expect_refusals("roster-changes", 0,
                           {{"group", "", "a group"},
                            {"from", "", "an integer"},
                            {"version", "1.5", "an integer"},
                            {"members", "", "an integer"},
                            {"available", "", "an integer"},
                            {"ends", "true", "a time"},
                            {"put", "{}", "a list of 0 to 200 elements"},
                            {"put[0].u", "5", "a user"},
                            {"gone", "null", "a list of 0 to 200 elements"},
                            {"gone[0]", "\"\"", "a user"},
                            {"pages", pages + "]", "a list of 0 to 32 elements"},
                            {"pages[1]", "-1", "an integer"},
                            {"all", "1", "true or false"},
                            {"all", "\"true\"", "true or false"}});
}

}  // namespace
}  // namespace convoke::messages
