#include "backend/core/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/core/feed.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using test::CoreWorld;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using topics::PlanId;
using topics::UserId;

const UserId kAnna = UserId::parse("anna"), kBen = UserId::parse("ben"), kCleo = UserId::parse("cleo");

struct Blocks : CoreWorld {
  void blocks(const std::string& by, const std::string& user, bool undo = false) {
    const auto answer = request(by, messages::BlockRequest{user, undo});
    ASSERT_TRUE(std::holds_alternative<messages::EmptyAnswer>(answer.result));
  }
  /// A chat of these users, whatever their presence.
  void chat_of(const std::vector<std::string>& users, const std::string& more = "") {
    std::string list;
    for (const std::string& user : users) list += (list.empty() ? "\"" : "\", \"") + user;
    plan("[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [" + list + "\"] }]" +
         more + " }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
    start();
  }
  void start() {
    step([](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.at(PlanId::parse("p")), "staff eve", "", ctx);
    });
  }
  void end() {
    step([&](Engine& e, Context& ctx) { end_group(e.state(), group(), "staff", ctx); });
  }
  std::vector<std::string> members() {
    std::vector<std::string> users;
    for (const auto& [user, member] : group().members) users.push_back(user.str());
    return users;
  }
  std::vector<messages::FeedOp> fed() const {
    std::vector<messages::FeedOp> ops;
    for (const auto& out : fx.out)
      if (auto* feed = std::get_if<FeedChange>(&out))
        ops.insert(ops.end(), feed->ops.begin(), feed->ops.end());
    return ops;
  }
  /// Whom the user's phones hide after all that they were told.
  std::set<std::string> hidden(const std::string& user) const {
    std::set<std::string> users;
    for (const auto& message : inbox(user)) {
      const auto* told = std::get_if<messages::Hidden>(&message);
      if (told && told->all) users.clear();
      if (told) users.insert(told->users.begin(), told->users.end());
    }
    return users;
  }
  /// More than one page of them, anna and ben among them.
  static std::vector<std::string> crowd() {
    std::vector<std::string> users = {"anna", "ben"};
    for (int i = 0; i < 199; ++i) users.push_back("u" + std::to_string(i));
    return users;
  }
};

TEST(Blocks, AreFedToThePluginOnceForEachPair) {
  Blocks w;
  w.blocks("anna", "ben");
  ASSERT_THAT(w.fed(), SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<messages::FeedBlock>(w.fed()[0]));
  w.blocks("anna", "ben");
  EXPECT_THAT(w.fed(), IsEmpty());
  w.blocks("ben", "anna");
  EXPECT_THAT(w.fed(), IsEmpty()) << "they are a pair already";
  EXPECT_THAT(full_feed(w.engine.state()), SizeIs(3)) << "begin, block, ready";
  w.blocks("anna", "ben", true);
  EXPECT_THAT(w.fed(), IsEmpty()) << "ben's block of anna stands";
  w.blocks("ben", "anna", true);
  ASSERT_THAT(w.fed(), SizeIs(1));
  EXPECT_TRUE(std::holds_alternative<messages::FeedUnblock>(w.fed()[0]));
  EXPECT_THAT(full_feed(w.engine.state()), SizeIs(2));
}

TEST(Blocks, ThoseOfOneStepGoToThePluginTogetherAndBeforeTheAnswers) {
  Blocks w;
  w.step([](Engine& e, Context& ctx) {
    for (int i = 0; i < 70; ++i)
      e.request({kAnna, topics::DeviceId::parse("phone"), ""},
                {"r" + std::to_string(i), messages::BlockRequest{"u" + std::to_string(i), i == 3}}, ctx);
  });
  EXPECT_THAT(w.fed(), SizeIs(69));
  std::size_t changes = 0;
  for (const auto& out : w.fx.out)
    if (const auto* feed = std::get_if<FeedChange>(&out)) {
      EXPECT_LE(feed->ops.size(), 64U) << "what one message holds";
      ++changes;
    }
  EXPECT_EQ(changes, 2U);
  EXPECT_TRUE(std::holds_alternative<FeedChange>(w.fx.out.front()));
}

TEST(Blocks, AreInForceBeforeTheyAreAnswered) {
  Blocks w;
  w.chat_of(Blocks::crowd());
  w.blocks("anna", "ben");
  EXPECT_TRUE(std::holds_alternative<FeedChange>(w.fx.out.front()));
  EXPECT_TRUE(std::get<Publish>(w.fx.out.back()).topic.ends_with("/res"));
}

TEST(Blocks, TellTheBlockedOneNothingButWhomNotToShowInASharedChat) {
  Blocks w;
  w.blocks("anna", "ben");
  EXPECT_THAT(w.inbox("ben"), IsEmpty());
  const auto of = [&](const char* user) {
    return std::get<messages::BlockedAnswer>(w.request(user, messages::BlockedRequest{}).result).users;
  };
  EXPECT_THAT(of("anna"), ElementsAre("ben"));
  EXPECT_THAT(of("ben"), IsEmpty());
  w.chat_of(Blocks::crowd());
  EXPECT_THAT(w.hidden("ben"), ElementsAre("anna"));
  EXPECT_THAT(w.hidden("anna"), ElementsAre("ben"));
  EXPECT_THAT(w.hidden("u7"), IsEmpty());
  w.blocks("anna", "ben", true);
  EXPECT_THAT(w.hidden("ben"), IsEmpty());
  EXPECT_THAT(w.hidden("anna"), IsEmpty());
}

TEST(Blocks, AreToldAgainAfterEachConnect) {
  Blocks w;
  w.chat_of(Blocks::crowd());
  w.blocks("anna", "ben");
  const std::size_t told = w.inbox("ben").size();
  const auto answer = w.request("ben", messages::ResumeRequest{});
  EXPECT_TRUE(std::get<messages::ResumeAnswer>(answer.result).hidden);
  EXPECT_EQ(w.inbox("ben").size(), told + 1);
  EXPECT_THAT(w.hidden("ben"), ElementsAre("anna"));
  const auto other = w.request("u7", messages::ResumeRequest{});
  EXPECT_FALSE(std::get<messages::ResumeAnswer>(other.result).hidden);
}

TEST(Blocks, OnlyOneOfAPairIsInASmallChatAndTheLotIsFair) {
  Blocks w;
  w.blocks("anna", "ben");
  w.chat_of({"anna", "ben", "cleo"});
  std::map<std::string, int> chosen;
  const Plan& plan = w.engine.state().plans.at(PlanId::parse("p")).plan;
  for (int i = 0; i < 200; ++i) {
    const auto all = select_audience(w.engine.state(), plan, w.now, std::to_string(i));
    ASSERT_THAT(all, SizeIs(2));
    for (const Chosen& c : all) ++chosen[c.user.str()];
    const auto again = select_audience(w.engine.state(), plan, w.now, std::to_string(i));
    EXPECT_EQ(again[0].user, all[0].user);
  }
  EXPECT_EQ(chosen["cleo"], 200);
  EXPECT_GT(chosen["anna"], 70) << "who blocks is not left out for it";
  EXPECT_GT(chosen["ben"], 70) << "nor who is blocked";
}

TEST(Blocks, WhoIsKeptApartWhenTheChatOpensIsPassedOverForThat) {
  Blocks w;
  w.blocks("anna", "ben");
  w.chat_of({"anna", "ben", "cleo"});
  ASSERT_THAT(w.fx.past, SizeIs(1));
  const auto& [key, was] = *w.fx.past.begin();
  EXPECT_FALSE(w.group().members.contains(key.second));
  EXPECT_EQ(was.reason, kKeptApart);
}

TEST(Blocks, ASmallChatIsFilledUpToItsMaximumAllTheSame) {
  Blocks w;
  w.blocks("anna", "ben");
  w.chat_of({"anna", "ben", "cleo"}, ", max = 2");
  EXPECT_THAT(w.members(), SizeIs(2));
}

TEST(Blocks, APairMayMeetInAChatOfMoreThanOnePage) {
  Blocks w;
  w.blocks("anna", "ben");
  w.chat_of(Blocks::crowd());
  EXPECT_TRUE(w.group().members.contains(kAnna));
  EXPECT_TRUE(w.group().members.contains(kBen));
  w.end();
  w.chat_of(Blocks::crowd(), ", max = 200");
  EXPECT_FALSE(w.group().members.contains(kAnna) && w.group().members.contains(kBen));
}

TEST(Blocks, StaffCannotAddWhoIsKeptApartFromAMember) {
  Blocks w;
  w.chat_of({"anna", "cleo"});
  w.blocks("ben", "anna");
  EXPECT_EQ(kept_apart_from(w.engine.state(), w.group(), kBen), kAnna);
  w.step([&](Engine& e, Context& ctx) { add_member(e.state(), w.group(), kBen, "added by staff", ctx); });
  EXPECT_THAT(w.members(), ElementsAre("anna", "cleo"));
  w.blocks("ben", "anna", true);
  w.step([&](Engine& e, Context& ctx) { add_member(e.state(), w.group(), kBen, "added by staff", ctx); });
  EXPECT_THAT(w.members(), ElementsAre("anna", "ben", "cleo"));
}

TEST(Blocks, WhoIsKeptApartJoinsAFollowingChatWhenTheOtherGoes) {
  Blocks w;
  w.blocks("ben", "anna");
  w.chat_of({"anna", "ben", "cleo"}, ", follow = \"1m\"");
  ASSERT_THAT(w.members(), SizeIs(2));
  const std::string in = w.group().members.contains(kAnna) ? "anna" : "ben";
  const std::string out = in == "anna" ? "ben" : "anna";
  w.available(out);
  EXPECT_FALSE(w.group().members.contains(UserId::parse(out)));
  w.request(in, messages::LeaveRequest{w.group().id.str()});
  EXPECT_TRUE(w.group().members.contains(UserId::parse(out)));
}

TEST(Blocks, WhoIsInvitedBeforeTheBlockIsPassedOverWhenTheirTurnComes) {
  Blocks w;
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\", \"ben\", \"cleo\"] }] }\n"
      "start_timing = { when_available = \"30m\" }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  w.available("anna");
  w.start();
  w.blocks("anna", "ben");
  w.available("ben");
  w.available("cleo");
  EXPECT_THAT(w.members(), ElementsAre("anna", "cleo"));
}

TEST(Blocks, ThoseWhoShareASmallChatAlreadyStayAndAreHidden) {
  Blocks w;
  w.chat_of({"anna", "ben", "cleo"});
  w.blocks("anna", "ben");
  EXPECT_THAT(w.members(), SizeIs(3));
  EXPECT_THAT(w.hidden("ben"), ElementsAre("anna"));
  EXPECT_THAT(w.hidden("anna"), ElementsAre("ben"));
}

TEST(Blocks, TheListsThatTheServerAnswersLeaveThemOut) {
  Blocks w;
  w.chat_of({"anna", "ben", "cleo"});
  w.blocks("anna", "ben");
  for (const char* user : {"anna", "ben", "cleo"}) w.available(user);
  const std::string group = w.group().id.str();
  const auto available = w.request("ben", messages::AvailableRequest{group, ""});
  std::vector<std::string> users;
  for (const auto& b : std::get<messages::AvailableAnswer>(available.result).buddies) users.push_back(b.user);
  EXPECT_THAT(users, ElementsAre("ben", "cleo"));
  w.step([&](Engine& e, Context& ctx) {
    e.request({kBen, topics::DeviceId::parse("phone"), ""}, {"r1", messages::HistoryRequest{group}}, ctx);
  });
  EXPECT_THAT(w.fx.history.at(0).without, ElementsAre(kAnna));
}

TEST(Blocks, AreLimitedAndNotOfOneself) {
  Blocks w;
  for (int i = 0; i < 200; ++i) w.blocks("anna", "u" + std::to_string(i));
  const auto code = [&](const char* user) {
    return std::get<messages::RequestError>(w.request("anna", messages::BlockRequest{user, false}).result)
        .code;
  };
  EXPECT_EQ(code("ben"), "too-many");
  EXPECT_EQ(code("anna"), "bad-request");
}

TEST(Blocks, WhoIsBlockedByManyHearsOfAllOfThem) {
  Blocks w;
  std::vector<std::string> users = Blocks::crowd();
  for (int i = 199; i < 260; ++i) users.push_back("u" + std::to_string(i));
  for (int i = 0; i < 250; ++i) w.blocks("u" + std::to_string(i), "ben");
  w.chat_of(users);
  EXPECT_THAT(w.hidden("ben"), SizeIs(250));
}

}  // namespace
}  // namespace convoke::core
