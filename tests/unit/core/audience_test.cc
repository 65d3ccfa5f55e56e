#include "backend/core/audience.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "backend/core/explanation.h"
#include "backend/core/lots.h"
#include "backend/core/organizer.h"
#include "backend/core/registrations.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using test::CoreWorld;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using topics::PlanId;
using topics::UserId;

constexpr TimeMs kMinute = 60'000;

struct People : CoreWorld {
  People() { area("hall", 50, 10, 100); }
  void audience(const std::string& text) {
    plan("[[plan]]\nid = \"p\"\naudience = { " + text +
         " }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  }
  PlanRecord& record() { return engine.state().plans.at(PlanId::parse("p")); }
  std::vector<std::string> chosen(std::string_view seed = "seed") {
    std::vector<std::string> users;
    for (const Chosen& c : select_audience(engine.state(), record().plan, now, seed))
      users.push_back(c.user.str());
    return users;
  }
  void registers(const std::string& user, const std::string& source) {
    step([&](Engine& e, Context& ctx) {
      put_registration(e.state(), record(), UserId::parse(user), {source, "proof", ctx.now}, ctx);
    });
  }
};

TEST(Audience, R8_R24_ThoseWhoWereInAnAreaWithinSomeTime) {
  People w;
  w.audience("presence = \"any\", any = [{ area = \"hall\", within = \"10m\" }]");
  for (const char* user : {"anna", "ben", "cleo"}) w.at(user, 50, 10);
  w.at("anna", 51, 10);
  w.pass(9 * kMinute);
  w.at("ben", 51, 10);
  EXPECT_THAT(w.chosen(), ElementsAre("anna", "ben", "cleo"));
  w.pass(kMinute);
  EXPECT_THAT(w.chosen(), ElementsAre("anna", "ben", "cleo"));
  w.pass(1);
  EXPECT_THAT(w.chosen(), ElementsAre("ben", "cleo"));
  w.pass(9 * kMinute);
  EXPECT_THAT(w.chosen(), ElementsAre("cleo"));
  EXPECT_THAT(w.engine.state().user(UserId::parse("ben"))->left, IsEmpty()) << "no longer than asked for";
}

TEST(Audience, NobodysComingAndGoingIsKeptIfNoPlanAsksForIt) {
  People w;
  w.audience("any = [{ area = \"hall\" }]");
  w.at("anna", 50, 10);
  w.at("anna", 51, 10);
  EXPECT_THAT(w.engine.state().user(UserId::parse("anna"))->left, IsEmpty());
}

TEST(Audience, ThoseWhoAreRegisteredByAnyOrByOneSource) {
  People w;
  w.audience("presence = \"any\", any = [{ registered = true }]");
  w.registers("anna", "staff");
  w.registers("ben", "self");
  EXPECT_THAT(w.chosen(), ElementsAre("anna", "ben"));
  w.audience("presence = \"any\", any = [{ registered = \"self\" }]");
  EXPECT_THAT(w.chosen(), ElementsAre("ben"));
  w.step([&](Engine& e, Context& ctx) {
    EXPECT_TRUE(take_registration(e.state(), w.record(), UserId::parse("ben"), "self", ctx));
    EXPECT_FALSE(take_registration(e.state(), w.record(), UserId::parse("ben"), "self", ctx));
  });
  EXPECT_THAT(w.chosen(), IsEmpty());
}

TEST(Audience, MembersOfAnotherPlansChat) {
  People w;
  w.plan(
      "[[plan]]\nid = \"other\"\naudience = { any = [{ users = [\"anna\", \"ben\"] }] }\n[[plan.end]]\n"
      "on = \"duration\"\nafter = \"1h\"\n");
  w.audience("any = [{ member_of = \"other\" }], none = [{ users = [\"ben\"] }]");
  for (const char* user : {"anna", "ben", "cleo"}) w.available(user);
  EXPECT_THAT(w.chosen(), IsEmpty());
  w.step([](Engine& e, Context& ctx) {
    start_group(e.state(), e.state().plans.at(PlanId::parse("other")), "staff eve", "", ctx);
  });
  EXPECT_THAT(w.chosen(), ElementsAre("anna"));
}

TEST(Audience, OfTooManyALotDecidesInWhichEachHasTheSameChance) {
  People w;
  w.audience("max = 2, presence = \"any\", any = [{ users = [\"a\", \"b\", \"c\", \"d\", \"e\"] }]");
  EXPECT_EQ(w.chosen("one"), w.chosen("one")) << "the same lot gives the same choice";
  std::map<std::string, int> times;
  constexpr int kDraws = 5000;
  for (int i = 0; i < kDraws; ++i) {
    const auto users = w.chosen(std::to_string(i));
    ASSERT_THAT(users, SizeIs(2));
    for (const std::string& user : users) ++times[user];
  }
  for (const auto& [user, n] : times) EXPECT_NEAR(n, kDraws * 2 / 5, 200) << user;
}

TEST(Audience, TheLotIsTheSameThoughNotEverybodyIsAsked) {
  People w;
  constexpr int kUsers = 3000;
  std::vector<std::pair<std::uint64_t, std::string>> lots;
  for (int i = 0; i < kUsers; ++i) {
    const std::string user = "user" + std::to_string(i);
    w.available(user);
    const bool ticket = i % 3 == 0, guest = i % 7 == 0, crew = i % 5 == 0;
    std::map<std::string, std::string> has;
    if (ticket) has["ticket"] = "yes";
    if (guest) has["guest"] = "yes";
    if (crew) has["crew"] = "yes";
    w.step([&](Engine& e, Context& ctx) { e.put_profile(UserId::parse(user), "", has, {}, ctx); });
    if (i % 2 == 0) w.at(user, 50, 10);
    if ((i % 2 == 0 || guest) && ticket && !crew)
      lots.emplace_back(Lots("seed").of(UserId::parse(user)), user);
  }
  std::sort(lots.begin(), lots.end());
  for (const std::size_t max : {1U, 20U, 200U, 5000U}) {
    w.audience(
        "max = " + std::to_string(max) +
        ", any = [{ area = \"hall\" }, { attribute = \"guest\" }], all = [{ attribute = \"ticket\" }], "
        "none = [{ attribute = \"crew\" }]");
    std::set<std::string> expected;
    for (std::size_t i = 0; i < std::min(max, lots.size()); ++i) expected.insert(lots[i].second);
    EXPECT_THAT(w.chosen("seed"), testing::ElementsAreArray(expected)) << max;
    Passed passed;
    select_audience(w.engine.state(), w.record().plan, w.now, "seed", false, &passed);
    EXPECT_THAT(passed.users, SizeIs(std::min(kMaxPassedOver, lots.size() - expected.size())));
    EXPECT_EQ(passed.all, lots.size() - expected.size() <= kMaxPassedOver);
    for (const PassedOver& p : passed.users) EXPECT_FALSE(expected.contains(p.user.str()));
  }
}

TEST(Audience, ExplainsEveryConditionOfOneUser) {
  People w;
  w.audience("any = [{ area = \"hall\" }, { registered = true }], all = [{ attribute = \"ticket\" }]");
  w.registers("anna", "staff");
  const User& anna = *w.engine.state().user(UserId::parse("anna"));
  const Explanation why = explain(w.engine.state(), w.record().plan, anna, w.now);
  EXPECT_FALSE(why.qualifies);
  std::vector<std::string> lines;
  for (const Finding& f : why.findings)
    lines.push_back(std::string(f.part) + ": " + f.condition + (f.holds ? " yes" : " no"));
  EXPECT_THAT(lines, ElementsAre("any: in hall no", "any: registered yes", "all: has ticket no",
                                 "presence: available no"));
}

TEST(Audience, R26_KeepsWhoWasPassedOverWhenTheChatOpened) {
  People w;
  w.audience("max = 2, any = [{ users = [\"anna\", \"ben\", \"cleo\", \"dora\"] }]");
  for (const char* user : {"anna", "ben", "cleo"}) w.available(user);
  w.step([&](Engine& e, Context& ctx) { start_group(e.state(), w.record(), "staff eve", "", ctx); });
  ASSERT_THAT(w.fx.past, SizeIs(2));
  for (const auto& [key, was] : w.fx.past) {
    EXPECT_EQ(was.reason, key.second.str() == "dora" ? kNotAvailable : kLot);
    EXPECT_EQ(was.why, "");
    EXPECT_EQ(was.left_ms, w.now);
    EXPECT_FALSE(w.group().members.contains(key.second));
  }
}

TEST(Audience, ToldOfThoseWhoArePassedOverNoMoreThanAThousand) {
  People w;
  std::string users;
  for (int i = 0; i < 1500; ++i) users += (i ? ", \"u" : "\"u") + std::to_string(i) + "\"";
  w.audience("any = [{ users = [" + users + "] }]");
  w.available("u7");
  Passed passed;
  EXPECT_THAT(select_audience(w.engine.state(), w.record().plan, w.now, "seed", false, &passed), SizeIs(1));
  EXPECT_THAT(passed.users, SizeIs(kMaxPassedOver));
  EXPECT_FALSE(passed.all);
}

}  // namespace
}  // namespace convoke::core
