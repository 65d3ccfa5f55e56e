#include "backend/app/why_answers.h"

#include <gtest/gtest.h>

#include "backend/core/organizer.h"
#include "backend/core/registrations.h"
#include "tests/support/core_world.h"

namespace convoke::app {
namespace {

/// A core whose records go to a store after every step, as they do in the server.
struct Kept : test::CoreWorld {
  std::unique_ptr<store::Store> store = store::make_memory_store();
  store::Journal journal{*store};

  Kept() {
    after_step = [this] {
      journal.add(engine, fx);
      ASSERT_FALSE(journal.commit());
    };
  }
  void start(const std::string& audience = R"(any = [{ users = ["anna", "ben", "cleo"] }])",
             const std::string& timing = "") {
    plan("[[plan]]\nid = \"p\"\naudience = { " + audience + " }\n" + timing +
         "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
    available("anna");
    available("ben");
    step([](auto& e, auto& ctx) {
      core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
    });
    id = engine.state().groups.begin()->first;
  }
  void end() {
    step([&](auto& e, auto& ctx) { core::end_group(e.state(), *e.state().group(id), "staff", ctx); });
  }
  /// As after a restart of the server: what the records say.
  std::string why_after_restart(const std::string& user) {
    core::Engine fresh(topics::SiteId::parse("demo"), geo::Rule::plain());
    store::Journal again{*store};
    again.load(fresh, now);
    fresh.loaded(now);
    return group_why(fresh.state(), again, {id, topics::UserId::parse(user), ""}, now).body;
  }
  void restart() {
    engine = core::Engine(topics::SiteId::parse("demo"), geo::Rule::plain());
    journal.load(engine, now);
    engine.loaded(now);
  }
  std::string why(const std::string& user = "", const std::string& after = "") {
    ShowGroupWhy asked{id, {}, after};
    if (!user.empty()) asked.user = topics::UserId::parse(user);
    return group_why(engine.state(), journal, asked, now).body;
  }
  core::GroupId id;
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(GroupWhy, SaysOfEachUserWhyInAndWhyNot) {
  Kept w;
  w.start();
  EXPECT_TRUE(has(w.why("anna"), R"("standing":"member","why":"listed","joined_ms":1767225600000)"))
      << w.why("anna");
  EXPECT_TRUE(has(w.why("cleo"), R"("standing":"passed-over","t":1767225600000,"ended":"not-available")"));
  EXPECT_TRUE(has(w.why("zoe"), R"("standing":"none","ended":"not known to this server)"));
  EXPECT_TRUE(has(w.why("zoe"), R"("qualifies":false,"findings":[{"part":"any")"));
  w.now += 1000;
  w.request("ben", messages::LeaveRequest{w.id.str()});
  EXPECT_TRUE(has(
      w.why("ben"),
      R"("standing":"left","why":"listed","joined_ms":1767225600000,"left_ms":1767225601000,"ended":"left")"))
      << w.why("ben");
}

TEST(GroupWhy, GoesOnAfterTheEndAndAfterThePhonesHaveConfirmedIt) {
  Kept w;
  w.start();
  w.end();
  for (const char* user : {"anna", "ben"}) w.hold(user, w.id, 0, true);
  ASSERT_TRUE(w.engine.state().group(w.id)->members.empty());
  const std::string all = w.why();
  EXPECT_TRUE(
      has(all, R"("reasons":["staff eve"],"ended_ms":1767225600000,"end_reason":"staff","more":false)"))
      << all;
  EXPECT_TRUE(has(all, R"({"user":"anna","standing":"left","why":"listed")"));
  EXPECT_TRUE(has(all, R"({"user":"ben","standing":"left")") &&
              has(all, R"({"user":"cleo","standing":"passed-over")"));
  EXPECT_FALSE(has(w.why("", "anna"), "anna"));
  EXPECT_TRUE(has(w.why("", "anna"), "ben"));
}

TEST(GroupWhy, SaysOfWhoMetNothingAllThatWasAsked) {
  Kept w;
  w.available("zoe");
  w.now += 1000;
  w.start(
      R"(any = [{ registered = "mail" }, { area = "hall", within = "5m" }, { users = ["anna"] }], none = [{ attribute = "crew" }])");
  // Another audience from now on does not change what was asked.
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"zoe\"] }] }\n[[plan.end]]\non = "
      "\"duration\"\nafter = \"1h\"\n");
  w.end();
  for (const std::string& why : {w.why("zoe"), w.why_after_restart("zoe")})
    EXPECT_TRUE(has(
        why, R"("standing":"none","ended":"met none of: registered by mail; in hall within 300 s; listed",)"
             R"("t":1767225601000,"asked":[{"part":"any",)"
             R"("condition":"registered by mail"})"))
        << why;
}

TEST(GroupWhy, SaysWhichMustAllBeMetAndThatTheAudienceWasFollowed) {
  Kept w;
  w.available("zoe");
  w.now += 1000;
  w.step([](auto& e, auto& ctx) {
    e.put_profile(topics::UserId::parse("anna"), "", {{"ticket", "1"}}, {}, ctx);
  });
  w.start(R"(all = [{ users = ["anna", "ben"] }, { attribute = "ticket" }], follow = "1m")");
  w.end();
  const std::string why = w.why_after_restart("zoe");
  EXPECT_TRUE(has(why, R"("ended":"did not meet: listed, when it opened; later did not meet all of: listed; )"
                       R"(has ticket, or was not available")"))
      << why;
}

TEST(GroupWhy, SaysWhatEachOfThoseInTheAreaDidNotMeetThen) {
  Kept w;
  w.area("hall", 50, 10, 100);
  const auto has_got = [&](const std::string& user, std::map<std::string, std::string> what) {
    w.step([&](auto& e, auto& ctx) { e.put_profile(topics::UserId::parse(user), "", what, {}, ctx); });
  };
  for (const char* user : {"anna", "ben", "cleo", "dora"}) w.at(user, 50, 10);
  w.available("cleo");
  w.available("emil");
  has_got("anna", {{"ticket", "1"}});
  has_got("cleo", {{"ticket", "1"}, {"crew", "1"}});
  w.start(R"(all = [{ area = "hall" }, { attribute = "ticket" }], none = [{ attribute = "crew" }])");
  // What comes later does not change what they did not meet then.
  has_got("ben", {{"ticket", "1"}});
  w.end();
  const std::string ticket = R"({"part":"all","condition":"has ticket"})";
  const auto unmet = [](const std::string& what) { return R"("ended":"not-met","unmet":[)" + what + "]"; };
  for (const bool again : {false, true}) {
    const auto why = [&](const char* user) { return again ? w.why_after_restart(user) : w.why(user); };
    EXPECT_TRUE(has(why("ben"), unmet(ticket))) << why("ben");
    EXPECT_TRUE(has(why("cleo"), unmet(R"({"part":"none","condition":"has crew"})"))) << why("cleo");
    EXPECT_TRUE(has(why("dora"), unmet(ticket + R"(,{"part":"presence","condition":"available"})")))
        << why("dora");
    EXPECT_TRUE(has(why("emil"), R"("standing":"none","ended":"did not meet: in hall")")) << why("emil");
  }
  EXPECT_TRUE(has(w.why(), R"("user":"dora","standing":"passed-over")")) << w.why();
}

TEST(GroupWhy, SaysThatNoneOfSeveralWasMetAndWhoMetOneOfThemIsNotAmongThem) {
  Kept w;
  w.area("hall", 50, 10, 100);
  w.at("ben", 50, 10);
  w.start(R"(any = [{ registered = "mail" }, { users = ["anna", "ben"] }, { area = "hall" }])");
  w.step([&](auto& e, auto& ctx) {
    core::put_registration(e.state(), e.state().plans.begin()->second, topics::UserId::parse("cleo"),
                           {"self", "", ctx.now}, ctx);
    e.presence(topics::UserId::parse("cleo"), topics::DeviceId::parse("phone"),
               {messages::PresenceState::available, 1}, ctx);
  });
  w.end();
  w.step([](auto& e, auto& ctx) {
    core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  w.id = std::prev(w.engine.state().groups.end())->first;
  EXPECT_TRUE(has(w.why("cleo"),
                  R"("ended":"not-met","unmet":[{"part":"any","condition":"registered by mail"},)"
                  R"({"part":"any","condition":"listed"},{"part":"any","condition":"in hall"}])"))
      << w.why("cleo");
  EXPECT_TRUE(has(w.why("ben"), R"("standing":"member","why":"listed")")) << w.why("ben");
  EXPECT_FALSE(has(w.why(), R"("ended":"not-met","unmet":[]))"));
}

TEST(GroupWhy, OfMoreThanTwoThousandWhoDidNotMeetWhatWasAskedSomeAreKept) {
  Kept w;
  for (int i = 0; i < 2100; ++i) w.presence("user" + std::to_string(i), messages::PresenceState::available);
  w.step([](auto& e, auto& ctx) {
    e.put_profile(topics::UserId::parse("anna"), "", {{"ticket", "1"}}, {}, ctx);
  });
  w.now += 1000;
  w.start(R"(all = [{ attribute = "ticket" }])");
  w.end();
  EXPECT_TRUE(has(w.why_after_restart("user1000"), R"("ended":"not-met","unmet":[{"part":"all")"));
  EXPECT_TRUE(has(w.why_after_restart("user999"), R"("standing":"none","ended":"did not meet: has ticket")"))
      << w.why_after_restart("user999");
}

TEST(GroupWhy, SaysThatSomebodyCameToTheServerLaterOrWasErasedSince) {
  Kept w;
  w.available("zoe");
  w.now += 1000;
  w.start(R"(any = [{ users = ["anna", "zoe"] }], follow = "1m")");
  EXPECT_TRUE(has(w.why("zoe"), R"("standing":"member")"));
  w.now += 1000;
  w.step([](auto& e, auto& ctx) { e.erase_user(topics::UserId::parse("zoe"), ctx); });
  w.end();
  EXPECT_FALSE(w.engine.state().user(topics::UserId::parse("zoe")));
  w.now += 1000;
  w.presence("yuri", messages::PresenceState::available);
  const std::string why = w.why_after_restart("yuri");
  EXPECT_TRUE(has(why,
                  R"("ended":"not known when it was decided: first heard of 2026-01-01T00:00:03.000Z, or )"
                  R"(erased since; after that met none of: listed, or was not available, neither when it )"
                  R"(opened nor later")"))
      << why;
}

TEST(GroupWhy, DoesNotClaimMoreThanItKeeps) {
  Kept w;
  for (int i = 0; i < 1500; ++i) w.presence("user" + std::to_string(i), messages::PresenceState::away);
  w.now += 1000;
  w.start(R"(max = 1)");
  w.end();
  const std::string why = w.why_after_restart("user999");
  EXPECT_TRUE(has(why, R"("ended":"was passed over: of many who qualify only some are kept")")) << why;
  EXPECT_FALSE(has(why, "met none of"));
}

TEST(GroupWhy, OfAnEarlierServersGroupItKnowsNothing) {
  Kept w;
  w.available("zoe");
  w.start();
  w.engine.state().group(w.id)->selected = {};
  w.end();
  EXPECT_TRUE(has(w.why_after_restart("zoe"), R"("standing":"none","ended":"opened by an earlier server)"));
}

TEST(GroupWhy, BeforeItOpensNobodyHasBeenChosen) {
  Kept w;
  w.available("zoe");
  w.start(R"(any = [{ users = ["anna"] }])", "[plan.start_timing]\ndelay = \"5m\"\n");
  EXPECT_TRUE(has(w.why("zoe"), R"("standing":"none","ended":"nobody has been chosen yet")")) << w.why("zoe");
}

TEST(GroupWhy, WhoWasInvitedAndDidNotComeIsPassedOver) {
  Kept w;
  w.start(R"(any = [{ users = ["anna", "cleo", "dora"] }])",
          "[plan.start_timing]\nwhen_available = \"5m\"\n");
  EXPECT_TRUE(has(w.why("cleo"), R"("standing":"invited","why":"listed")")) << w.why("cleo");
  w.pass(5 * 60'000);
  EXPECT_TRUE(has(w.why("cleo"), R"("standing":"passed-over","t":1767225900000,"ended":"not-available")"))
      << w.why("cleo");
}

TEST(GroupWhy, AGroupThatNobodyCameToSaysWhy) {
  Kept w;
  w.start(R"(any = [{ users = ["cleo", "dora"] }])", "[plan.start_timing]\ndelay = \"5m\"\n");
  w.pass(5 * 60'000);
  EXPECT_TRUE(has(w.why("cleo"), R"("end_reason":"no-members","user":"cleo","standing":"passed-over")"))
      << w.why("cleo");
}

TEST(GroupWhy, WhoFoundAFollowingChatFullIsPassedOver) {
  Kept w;
  w.start(R"(max = 2, follow = "1m", any = [{ users = ["anna", "ben", "cleo"] }])");
  w.now += 1000;
  w.available("cleo");
  for (const std::string& why : {w.why("cleo"), w.why_after_restart("cleo")})
    EXPECT_TRUE(has(why, R"("standing":"passed-over","t":1767225601000,"ended":"full")")) << why;
}

TEST(GroupWhy, WhoFoundAChatFullComesInAfterARestartToo) {
  Kept w;
  w.start(R"(max = 2, follow = "1m", any = [{ users = ["anna", "ben", "cleo"] }])");
  w.available("cleo");
  w.restart();
  w.request("ben", messages::LeaveRequest{w.id.str()});
  EXPECT_TRUE(has(w.why("cleo"), R"("standing":"member","why":"listed")")) << w.why("cleo");
}

TEST(GroupWhy, KnowsNoOtherGroups) {
  Kept w;
  w.id = core::GroupId::parse(std::string(32, 'f'));
  EXPECT_TRUE(has(w.why(), "not-found"));
}

}  // namespace
}  // namespace convoke::app
