#include "topics/messages/chat.h"

#include <gtest/gtest.h>

#include "tests/unit/messages/kinds.h"
#include "topics/messages/limits.h"

namespace convoke::messages {
namespace {

using testing::quoted;

TEST(ChatMessage, IsWrittenAsDocumented) {
  EXPECT_EQ(encode(ChatMessage{.id = "3f2a", .type = "text", .text = "See you at the bar", .reply_to = {}}),
            R"({"id":"3f2a","type":"text","text":"See you at the bar"})");
}

TEST(ChatMessage, KeepsTheTextToTheByte) {
  const std::string text = "\"quoted\" \\ back\nnew\ttab /slash é 漢 👍🏽 \xe2\x80\xa8";
  const auto message =
      decode_chat_message(encode(ChatMessage{.id = "1", .type = "text", .text = text, .reply_to = "0"}));
  ASSERT_TRUE(message) << message.error().to_string();
  EXPECT_EQ(message->text, text);
  EXPECT_EQ(message->reply_to, "0");
}

TEST(ChatMessage, ChangesOnlyWhatItNamesAndWhatItsSenderWrote) {
  const auto edit = decode_chat_message(R"({"id":"2","type":"edit","text":"new","of":"1","author":"ben"})");
  ASSERT_TRUE(edit);
  EXPECT_EQ(edit->of, "1");
  EXPECT_FALSE(edit->author) << "a member's word about others' messages is passed over";
  for (const char* type : {"edit", "delete"}) {
    const auto bad = decode_chat_message(std::string(R"({"id":"2","text":"x","type":")") + type + "\"}");
    ASSERT_TRUE(bad.has_error());
    EXPECT_EQ(bad.error().field, "of");
  }
  EXPECT_EQ(decode_notice(R"({"from":"eve","id":"cv-1","type":"delete","text":"x","of":"1","author":"ben"})")
                ->message.author,
            "ben");
}

TEST(ChatMessage, PassesUnknownTypesOn) {
  const auto message = decode_chat_message(R"({"id":"1","type":"sticker.2","text":"wave"})");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, "sticker.2");
}

TEST(ChatMessage, HoldsAtMost4096BytesOfText) {
  ChatMessage message{.id = "1", .type = "text", .text = std::string(kMaxTextBytes, '"'), .reply_to = {}};
  EXPECT_TRUE(decode_chat_message(encode(message)));
  message.text += 'x';
  EXPECT_EQ(decode_chat_message(encode(message)).error().field, "text");
}

TEST(ChatMessage, RefusesBadMembers) {
  testing::expect_refusals("chat-message", 0,
                           {{"id", "", "an identifier"},
                            {"id", "\"\"", "an identifier"},
                            {"id", "\"a b\"", "an identifier"},
                            {"id", "\"a+b\"", "an identifier"},
                            {"id", quoted(std::string(65, 'a')), "an identifier"},
                            {"id", "1", "an identifier"},
                            {"type", "", "an identifier"},
                            {"type", "\"\"", "an identifier"},
                            {"id", "\"cv-1\"", "does not begin with cv-"},
                            {"type", "\"announcement\"", "the server's"},
                            {"type", "\"system\"", "the server's"},
                            {"text", "", "text of 1 to 4096 bytes"},
                            {"text", "\"\"", "text of 1 to 4096 bytes"},
                            {"text", quoted(std::string(4097, 'x')), "text of 1 to 4096 bytes"},
                            {"text", R"("a\u0000b")", "without control characters"},
                            {"text", R"("a\r\nb")", "other than line feed and tabulator"},
                            {"text", "\"\\u001b[31m\"", "without control characters"},
                            {"text", "[]", "text"},
                            {"reply_to", "\"\"", "an identifier"},
                            {"reply_to", "null", "an identifier"}});
}

TEST(Notice, CarriesWhatNoMemberMaySay) {
  const auto notice =
      decode_notice(R"({"from":"eve","id":"cv-1","type":"announcement","text":"The bar closes at ten"})");
  ASSERT_TRUE(notice) << notice.error().to_string();
  EXPECT_EQ(notice->from, "eve");
  EXPECT_EQ(notice->message.id, "cv-1");
  EXPECT_EQ(notice->message.type, kAnnouncement);
  testing::expect_refusals("notice", 0, {{"from", "", "a user"}, {"id", "", "an identifier"}});
}

TEST(ArchivedMessage, CarriesSenderAndStamp) {
  const auto archived = decode_archived_message(
      R"({"from":"anna","id":"m","type":"text","text":"x","stamp":{"site":"demo","epoch":1,"n":7,"t":1767225600000}})");
  ASSERT_TRUE(archived) << archived.error().to_string();
  EXPECT_EQ(archived->from, "anna");
  EXPECT_EQ(archived->message.id, "m");
  EXPECT_EQ(archived->stamp, (Stamp{.site = "demo", .epoch = 1, .n = 7, .time_ms = 1767225600000}));
}

TEST(ArchivedMessage, RefusesBadMembers) {
  testing::expect_refusals("archived-message", 0,
                           {{"from", "", "a user"},
                            {"from", "\"a b\"", "a user"},
                            {"text", "", "text"},
                            {"stamp", "", "an object"},
                            {"stamp", "7", "an object"},
                            {"stamp.site", "", "an identifier"},
                            {"stamp.site", "\"a@b\"", "an identifier"},
                            {"stamp.epoch", "", "an integer"},
                            {"stamp.n", "", "an integer from 1"},
                            {"stamp.n", "0", "an integer from 1"},
                            {"stamp.t", "", "a time"}});
}

TEST(ArchivedUpTo, NamesWhatIsMissing) {
  EXPECT_EQ(encode(ArchivedUpTo{1767225600000, 41, {{17, 18}}}),
            R"({"epoch":1767225600000,"upto":41,"missing":[[17,18]]})");
  EXPECT_EQ(encode(ArchivedUpTo{5, 41, {}}), R"({"epoch":5,"upto":41})");
  const auto ack = decode_archived_up_to(R"({"epoch":5,"upto":41,"missing":[[1,1],[17,41]]})");
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->upto, 41u);
  EXPECT_EQ(ack->missing, (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 1}, {17, 41}}));
}

TEST(ArchivedUpTo, RefusesRangesThatAreNone) {
  std::string ranges = "[[1,1]";
  for (int i = 0; i < 64; ++i) ranges += ",[1,1]";
  testing::expect_refusals("archived-up-to", 0,
                           {{"epoch", "", "an integer"},
                            {"upto", "", "an integer"},
                            {"missing", "5", "a list of 0 to 64 elements"},
                            {"missing", ranges + "]", "a list of 0 to 64 elements"},
                            {"missing[0]", "[1]", "a list of 2 to 2 elements"},
                            {"missing[0]", "[1,2,3]", "a list of 2 to 2 elements"},
                            {"missing[1][0]", "0", "an integer from 1 to 41"},
                            {"missing[1][0]", "42", "an integer from 1 to 41"},
                            {"missing[1][1]", "16", "an integer from 17 to 41"},
                            {"missing[1][1]", "9007199254740991", "an integer from 17 to 41"}});
}

TEST(Signal, ReadsEveryType) {
  EXPECT_EQ(encode(Signal{}), R"({"type":"typing"})");
  EXPECT_EQ(encode(Signal{Signal::Type::read, 1, 41}), R"({"type":"read","epoch":1,"n":41})");
  const auto delivered = decode_signal(R"({"type":"delivered","epoch":1,"n":41})");
  ASSERT_TRUE(delivered);
  EXPECT_EQ(delivered->type, Signal::Type::delivered);
  EXPECT_EQ(delivered->epoch, 1u);
  EXPECT_EQ(delivered->n, 41u);
}

TEST(Signal, RefusesBadMembers) {
  testing::expect_refusals("signal", 1,
                           {{"type", "", "one of typing, delivered, read"},
                            {"type", "\"seen\"", "one of typing, delivered, read"},
                            {"epoch", "", "an integer"},
                            {"n", "", "an integer"},
                            {"n", "-1", "an integer"}});
}

}  // namespace
}  // namespace convoke::messages
