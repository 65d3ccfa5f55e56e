#include "topics/messages/request.h"

#include <gtest/gtest.h>

#include "tests/unit/messages/kinds.h"

namespace convoke::messages {
namespace {

using testing::kGroup;
using testing::kOtherGroup;
using testing::quoted;

template <class Op>
Op decoded(const std::string& payload) {
  const auto request = decode_request(payload);
  EXPECT_TRUE(request) << request.error().to_string();
  return request ? std::get<Op>(request->op) : Op{};
}

std::string held_list(std::size_t size) {
  std::string list = "[";
  for (std::size_t i = 0; i < size; ++i) list += (i ? ",{\"group\":\"" : "{\"group\":\"") + kGroup + "\"}";
  return list + "]";
}

TEST(Request, ReadsWhatIsHeld) {
  const auto resume =
      decoded<ResumeRequest>(R"({"id":"1","op":"resume","groups":[{"group":")" + kGroup +
                             R"(","version":7},{"group":")" + kOtherGroup + R"(","ended":true}]})");
  ASSERT_EQ(resume.groups.size(), 2u);
  EXPECT_EQ(resume.groups[0].group, kGroup);
  EXPECT_EQ(resume.groups[0].version, 7u);
  EXPECT_FALSE(resume.groups[0].ended);
  EXPECT_EQ(resume.groups[1].version, 0u);
  EXPECT_TRUE(resume.groups[1].ended);
  EXPECT_TRUE(decoded<ResumeRequest>(R"({"id":"1","op":"resume","groups":[]})").groups.empty());
}

TEST(Request, FillsInWhatMayBeLeftOut) {
  const auto history = decoded<HistoryRequest>(R"({"id":"5","op":"history","group":")" + kGroup + "\"}");
  EXPECT_EQ(history.epoch, 0u);
  EXPECT_EQ(history.n, 0u);
  EXPECT_EQ(history.limit, kMaxHistory);
  for (const char* rest : {"\"}", "\",\"after\":\"\"}"}) {
    EXPECT_EQ(decoded<AvailableRequest>(R"({"id":"4","op":"available","group":")" + kGroup + rest).after, "");
  }
  EXPECT_EQ(decoded<AvailableRequest>(testing::kind("request").full[3]).after, "mia");
}

TEST(Request, TakesItsBounds) {
  EXPECT_TRUE(decode_request(R"({"id":"1","op":"hold","groups":)" + held_list(kMaxHeldGroups) + "}"));
  EXPECT_EQ(decode_request(R"({"id":"1","op":"hold","groups":)" + held_list(kMaxHeldGroups + 1) + "}")
                .error()
                .to_string(),
            "groups: expected a list of 0 to 256 elements");
}

TEST(Request, RefusesBadResumes) {
  testing::expect_refusals("request", 0,
                           {{"id", "", "an identifier"},
                            {"id", "\"\"", "an identifier"},
                            {"id", "1", "an identifier"},
                            {"id", quoted(std::string(65, '1')), "an identifier"},
                            {"op", "", "an identifier"},
                            {"op", "\"delete\"", "one of resume, hold, page, available, history, leave"},
                            {"groups", "", "a list"},
                            {"groups", "null", "a list"},
                            {"groups[0]", "\"x\"", "an object"},
                            {"groups[0].group", "", "a group"},
                            {"groups[0].group", "\"../x\"", "a group"},
                            {"groups[0].version", "-1", "an integer"},
                            {"groups[0].ended", "\"yes\"", "true or false"}});
}

TEST(Request, RefusesBadPagesAndLists) {
  testing::expect_refusals(
      "request", 2,
      {{"group", "", "a group"}, {"page", "", "an integer"}, {"page", "4294967296", "an integer"}});
  testing::expect_refusals(
      "request", 3, {{"group", "", "a group"}, {"after", "\"a b\"", "a user"}, {"after", "0", "a user"}});
  testing::expect_refusals("request", 4,
                           {{"group", "", "a group"},
                            {"epoch", "1.5", "an integer"},
                            {"n", "null", "an integer"},
                            {"limit", "0", "an integer from 1 to 100"},
                            {"limit", "101", "an integer from 1 to 100"}});
  testing::expect_refusals("request", 5, {{"group", "", "a group"}, {"group", "[]", "a group"}});
}

TEST(Request, RefusesBadBlocks) {
  testing::expect_refusals("request", 9, {{"user", "", "a user"}, {"user", "\"a/b\"", "a user"}});
  EXPECT_TRUE(decoded<BlockRequest>(testing::kind("request").full[10]).undo);
}

TEST(Request, GivesTheIdOfARequestThatIsRefused) {
  EXPECT_EQ(request_id(R"({"id":"r-1","op":"nonsense"})"), "r-1");
  EXPECT_EQ(request_id(R"({"op":"leave"})"), "");
  EXPECT_EQ(request_id(R"({"id":"not an id"})"), "");
  EXPECT_EQ(request_id("not json"), "");
}

}  // namespace
}  // namespace convoke::messages
