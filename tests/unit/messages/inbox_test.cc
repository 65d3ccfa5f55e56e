#include "topics/messages/inbox.h"

#include <gtest/gtest.h>

#include "tests/unit/messages/kinds.h"

namespace convoke::messages {
namespace {

using testing::kGroup;

TEST(Inbox, R3_R18_ChatEndCarriesTheBuddyListDelete) {
  const std::string payload =
      encode(InboxMessage{ChatEnd{.group = kGroup, .plan = "hall-a", .reason = "duration", .ended_ms = 5}});
  EXPECT_EQ(payload, R"({"type":"chat-end","group":")" + kGroup +
                         R"(","plan":"hall-a","reason":"duration","ended":5,"delete":true})");
  const auto message = decode_inbox(payload);
  ASSERT_TRUE(message) << message.error().to_string();
  const auto* end = std::get_if<ChatEnd>(&*message);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->group, kGroup);
  EXPECT_EQ(end->plan, "hall-a");
  EXPECT_EQ(end->reason, "duration");
  EXPECT_EQ(end->ended_ms, 5);
}

TEST(Inbox, ChatEndOfAnUnknownGroupHasNoPlan) {
  const InboxMessage end = ChatEnd{.group = kGroup, .plan = "", .reason = "unknown-group", .ended_ms = 5};
  const auto again = decode_inbox(encode(end));
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(std::get<ChatEnd>(*again).plan, "");
}

TEST(Inbox, ChatStartCarriesTheHeader) {
  const auto message = decode_inbox(testing::kind("inbox").full[0]);
  ASSERT_TRUE(message);
  const auto* start = std::get_if<ChatStart>(&*message);
  ASSERT_NE(start, nullptr);
  EXPECT_EQ(start->head.group, kGroup);
  EXPECT_EQ(start->head.version, 7u);
}

TEST(Inbox, ReportPositionIsItsTypeAlone) {
  EXPECT_EQ(encode(InboxMessage{ReportPosition{}}), R"({"type":"report-position"})");
  EXPECT_TRUE(std::holds_alternative<ReportPosition>(*decode_inbox(R"({"type":"report-position"})")));
}

TEST(Inbox, TypesOfLaterVersionsAreNoError) {
  const auto message = decode_inbox(R"({"type":"announcement","text":"hello"})");
  ASSERT_TRUE(message) << message.error().to_string();
  EXPECT_EQ(std::get<OtherInboxMessage>(*message).type, "announcement");
}

TEST(Inbox, HiddenNamesUsersAndSaysWhetherTheyAreAll) {
  const auto hidden = std::get<Hidden>(*decode_inbox(R"({"type":"hidden","users":["ben","cleo"]})"));
  EXPECT_EQ(hidden.users, (std::vector<std::string>{"ben", "cleo"}));
  EXPECT_FALSE(hidden.all);
  EXPECT_EQ(encode(InboxMessage{Hidden{{}, true}}), R"({"type":"hidden","users":[],"all":true})");
  testing::expect_refusals(
      "inbox", 4, {{"users", "", "a list"}, {"users[0]", "\"a b\"", "a user"}, {"all", "1", "true"}});
}

TEST(Inbox, RefusesBadStarts) {
  testing::expect_refusals("inbox", 0,
                           {{"type", "", "an identifier"},
                            {"type", "1", "an identifier"},
                            {"head", "", "an object"},
                            {"head", "[]", "an object"},
                            {"head.group", "\"x\"", "a group"},
                            {"head.state", "\"x\"", "one of scheduled"}});
}

TEST(Inbox, RefusesBadEnds) {
  testing::expect_refusals("inbox", 1,
                           {{"group", "", "a group"},
                            {"plan", "\"\"", "an identifier"},
                            {"reason", "", "an identifier"},
                            {"reason", "\"set time\"", "an identifier"},
                            {"ended", "", "a time"},
                            {"ended", "-1", "a time"},
                            {"delete", "", "true"},
                            {"delete", "false", "true"},
                            {"delete", "1", "true"}});
}

TEST(Inbox, RetryAfterSaysHowLongAndWhere) {
  const auto retry = std::get<RetryAfter>(*decode_inbox(encode(InboxMessage{RetryAfter{kGroup, 4200}})));
  EXPECT_EQ(retry.group, kGroup);
  EXPECT_EQ(retry.retry_after_ms, 4200);
  testing::expect_refusals(
      "inbox", 5, {{"group", "\"x\"", "a group"}, {"retry_after_ms", "0", "an integer from 1 to 86400000"}});
}

}  // namespace
}  // namespace convoke::messages
