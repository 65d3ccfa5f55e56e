#include "topics/messages/feed.h"

#include <gtest/gtest.h>

#include "tests/unit/messages/kinds.h"

namespace convoke::messages {
namespace {

using testing::kGroup;

std::string repeated(const std::string& element, std::size_t times) {
  std::string list = "[";
  for (std::size_t i = 0; i < times; ++i) list += (i ? "," : "") + element;
  return list + "]";
}

TEST(Feed, IsWrittenAsDocumented) {
  EXPECT_EQ(encode(Feed{7, {FeedAdd{kGroup, {"anna", "ben"}}}}),
            R"({"seq":7,"ops":[{"op":"add","group":")" + kGroup + R"(","users":["anna","ben"]}]})");
  EXPECT_EQ(encode(Feed{8, {FeedRevoke{"anna", 5}}}),
            R"({"seq":8,"ops":[{"op":"revoke","user":"anna","issued_before_ms":5}]})");
}

TEST(Feed, ReadsEveryOperation) {
  const auto feed = decode_feed(testing::kind("feed").full[0]);
  ASSERT_TRUE(feed) << feed.error().to_string();
  EXPECT_EQ(feed->seq, 7u);
  ASSERT_EQ(feed->ops.size(), 14u);
  EXPECT_TRUE(std::holds_alternative<FeedBegin>(feed->ops[0]));
  EXPECT_TRUE(std::holds_alternative<FeedReady>(feed->ops[1]));
  EXPECT_EQ(std::get<FeedAdd>(feed->ops[2]).users, (std::vector<std::string>{"anna", "ben@other"}));
  EXPECT_EQ(std::get<FeedRemove>(feed->ops[3]).users, (std::vector<std::string>{"ben"}));
  EXPECT_EQ(std::get<FeedRetire>(feed->ops[4]).group, kGroup);
  EXPECT_EQ(std::get<FeedBlock>(feed->ops[5]).b, "ben");
  EXPECT_EQ(std::get<FeedUnblock>(feed->ops[6]).a, "anna");
  EXPECT_EQ(std::get<FeedRevoke>(feed->ops[7]).issued_before_ms, 1767225600000);
  EXPECT_TRUE(std::holds_alternative<FeedCounters>(feed->ops[8]));
  EXPECT_EQ(std::get<FeedStanding>(feed->ops[9]).standing, topics::Standing::muted);
  EXPECT_EQ(std::get<FeedRules>(feed->ops[10]).rules, (topics::ChatRules{true, 10'000, 20}));
  EXPECT_EQ(std::get<FeedSignIns>(feed->ops[12]).after, 17u);
}

TEST(Feed, TakesItsBounds) {
  const std::string& full = testing::kind("feed").full[0];
  EXPECT_TRUE(decode_feed(testing::with(full, "ops", repeated(R"({"op":"begin"})", 64))));
  EXPECT_TRUE(decode_feed(testing::with(full, "ops[2].users", repeated("\"u\"", 500))));
}

TEST(Feed, RefusesBadOperations) {
  testing::expect_refusals("feed", 0,
                           {{"ops[9].standing", "\"loud\"", "one of member, muted, staff"},
                            {"ops[10].announcement_only", "1", "true or false"},
                            {"ops[10].slow_ms", "86400001", "an integer from 0 to 86400000"},
                            {"ops[10].per_minute", "10001", "an integer from 0 to 10000"},
                            {"seq", "", "an integer"},
                            {"seq", "-1", "an integer"},
                            {"ops", "", "a list of 1 to 64 elements"},
                            {"ops", "[]", "a list of 1 to 64 elements"},
                            {"ops", repeated(R"({"op":"begin"})", 65), "a list of 1 to 64 elements"},
                            {"ops[0]", "\"begin\"", "an object"},
                            {"ops[0].op", "", "an identifier"},
                            {"ops[0].op", "\"drop\"", "one of begin, ready, add"},
                            {"ops[2].group", "", "a group"},
                            {"ops[2].group", "\"#\"", "a group"},
                            {"ops[2].users", "", "a list of 1 to 500 elements"},
                            {"ops[2].users", "[]", "a list of 1 to 500 elements"},
                            {"ops[2].users", repeated("\"u\"", 501), "a list of 1 to 500 elements"},
                            {"ops[2].users[1]", "\"a b\"", "a user"},
                            {"ops[3].users[0]", "null", "a user"},
                            {"ops[4].group", "\"\"", "a group"},
                            {"ops[5].a", "", "a user"},
                            {"ops[5].b", "\"+\"", "a user"},
                            {"ops[6].b", "", "a user"},
                            {"ops[7].user", "", "a user"},
                            {"ops[7].issued_before_ms", "", "a time"},
                            {"ops[7].issued_before_ms", "1e17", "a time"}});
}

TEST(FeedResponse, IsWrittenAsDocumented) {
  EXPECT_EQ(encode(FeedResponse{.seq = 7,
                                .error = "",
                                .epoch = 5,
                                .ready = true,
                                .counters = {{"denied_publish", 3}},
                                .sign_ins = {}}),
            R"({"seq":7,"ok":true,"epoch":5,"ready":true,"counters":{"denied_publish":3}})");
  EXPECT_EQ(encode(FeedResponse{.seq = 7,
                                .error = "ops[0].users: expected …",
                                .epoch = 5,
                                .ready = false,
                                .counters = {},
                                .sign_ins = {}}),
            R"({"seq":7,"ok":false,"error":"ops[0].users: expected …","epoch":5,"ready":false})");
}

TEST(FeedResponse, ReadsErrorAndCounters) {
  const auto done = decode_feed_response(testing::kind("feed-response").full[0]);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error, "");
  EXPECT_TRUE(done->ready);
  EXPECT_EQ(done->counters, (std::vector<std::pair<std::string, std::uint64_t>>{{"denied_publish", 3}}));
  const auto failed = decode_feed_response(testing::kind("feed-response").full[1]);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error, "ops[0].users: bad");
}

TEST(FeedResponse, RefusesBadMembers) {
  testing::expect_refusals("feed-response", 0,
                           {{"seq", "", "an integer"},
                            {"ok", "", "true or false"},
                            {"epoch", "", "an integer"},
                            {"ready", "", "true or false"},
                            {"ready", "0", "true or false"},
                            {"counters", "[]", "an object of at most 256 members"}});
  testing::expect_refusals("feed-response", 1, {{"error", "", "text of 1"}, {"error", "\"\"", "text of 1"}});
  const std::string& full = testing::kind("feed-response").full[0];
  EXPECT_EQ(decode_feed_response(testing::with(full, "counters", R"({"a":1,"b":-1})")).error().field,
            "counters[1]");
  EXPECT_EQ(decode_feed_response(testing::with(full, "counters", R"({"a b":1})")).error().field,
            "counters[0]");
}

}  // namespace
}  // namespace convoke::messages
