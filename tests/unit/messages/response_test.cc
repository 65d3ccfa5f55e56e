#include <gtest/gtest.h>

#include "tests/unit/messages/kinds.h"
#include "topics/messages/request.h"

namespace convoke::messages {
namespace {

using testing::kGroup;

TEST(Response, IsWrittenAsDocumented) {
  EXPECT_EQ(encode(Response{"2", EmptyAnswer{}}), R"({"id":"2","ok":true,"op":"empty","result":{}})");
  EXPECT_EQ(encode(Response{"1", ResumeAnswer{}}),
            R"({"id":"1","ok":true,"op":"resume","result":{"starts":[],"ends":[]}})");
  EXPECT_EQ(encode(Response{"1", RequestError{"not-member", "…", 1000}}),
            R"({"id":"1","ok":false,"error":{"code":"not-member","detail":"…"},"retry_after_ms":1000})");
  EXPECT_EQ(encode(Response{"", RequestError{"bad-request", "", {}}}),
            R"({"id":"","ok":false,"error":{"code":"bad-request","detail":""}})");
}

TEST(Response, ReadsEveryKindOfAnswer) {
  const auto& full = testing::kind("response").full;
  const auto result = [&](std::size_t i) { return decode_response(full[i])->result; };
  EXPECT_EQ(std::get<ResumeAnswer>(result(0)).starts.at(0).head.group, kGroup);
  EXPECT_EQ(std::get<ResumeAnswer>(result(0)).ends.at(0).reason, "duration");
  EXPECT_TRUE(std::holds_alternative<EmptyAnswer>(result(1)));
  EXPECT_EQ(std::get<RosterPage>(result(2)).page, 3u);
  EXPECT_EQ(std::get<AvailableAnswer>(result(3)).buddies.at(0).user, "anna");
  EXPECT_TRUE(std::get<AvailableAnswer>(result(3)).more);
  EXPECT_EQ(std::get<HistoryAnswer>(result(4)).messages.at(0).from, "anna");
  EXPECT_TRUE(std::get<HistoryAnswer>(result(4)).more);
  EXPECT_EQ(std::get<HistoryAnswer>(result(4)).after->second, 7u);
  EXPECT_EQ(std::get<RequestError>(result(5)).code, "rate-limited");
  EXPECT_EQ(std::get<RequestError>(result(5)).retry_after_ms, 1000);
}

TEST(Response, TakesARefusalOfARequestWithoutId) {
  const auto response =
      decode_response(encode(Response{"", RequestError{"bad-request", "id: expected …", {}}}));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->id, "");
  EXPECT_FALSE(std::get<RequestError>(response->result).retry_after_ms);
}

TEST(Response, RefusesBadAnswers) {
  testing::expect_refusals("response", 0,
                           {{"id", "", "an identifier"},
                            {"id", "\"a b\"", "an identifier"},
                            {"ok", "", "true or false"},
                            {"ok", "1", "true or false"},
                            {"op", "", "an identifier"},
                            {"op", "\"hold\"", "one of resume, empty, page, available, history"},
                            {"result", "", "an object"},
                            {"result.starts", "", "a list of 0 to 256 elements"},
                            {"result.starts[0].type", "\"chat-end\"", "\"chat-start\""},
                            {"result.starts[0].head.group", "1", "a group"},
                            {"result.ends", "{}", "a list of 0 to 256 elements"},
                            {"result.ends[0].type", "", "\"chat-end\""},
                            {"result.ends[0].delete", "", "true"}});
  testing::expect_refusals("response", 1, {{"result", "", "an object"}, {"result", "[]", "an object"}});
  testing::expect_refusals("response", 2,
                           {{"result", "[]", "an object"}, {"result.buddies[0].u", "\"\"", "a user"}});
  testing::expect_refusals("response", 3,
                           {{"result.buddies", "", "a list"}, {"result.more", "", "true or false"}});
  testing::expect_refusals("response", 4,
                           {{"result.messages", "", "a list of 0 to 100 elements"},
                            {"result.messages[0].stamp.n", "0", "an integer from 1"},
                            {"result.more", "null", "true or false"}});
}

TEST(Response, RefusesBadErrors) {
  testing::expect_refusals("response", 5,
                           {{"error", "", "an object"},
                            {"error.code", "", "an identifier"},
                            {"error.detail", "", "text of 0 to 4096 bytes"},
                            {"error.detail", "7", "text of 0 to 4096 bytes"},
                            {"retry_after_ms", "-1", "an integer"},
                            {"retry_after_ms", "\"1s\"", "an integer"}});
}

}  // namespace
}  // namespace convoke::messages
