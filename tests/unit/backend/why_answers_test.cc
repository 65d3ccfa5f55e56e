#include "backend/app/why_answers.h"

#include <gtest/gtest.h>

#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::app {
namespace {

/// A core whose records go to a store after every step, as they do in the server.
struct Kept : test::CoreWorld {
  std::unique_ptr<store::Store> store = store::make_memory_store();
  store::Journal journal{*store};

  template <class F>
  void keep(F f) {
    f();
    journal.add(engine, fx);
    ASSERT_FALSE(journal.commit());
  }
  void start() {
    plan(R"([[plan]]
id = "p"
audience = { any = [{ users = ["anna", "ben", "cleo"] }] }
[[plan.end]]
on = "duration"
after = "1h"
)");
    available("anna");
    available("ben");
    keep([&] {
      step([](auto& e, auto& ctx) {
        core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
      });
    });
    id = group().id;
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
  EXPECT_TRUE(has(w.why("zoe"), R"("standing":"none","qualifies":false,"findings":[{"part":"any")"));
  w.now += 1000;
  w.keep([&] { w.request("ben", messages::LeaveRequest{w.id.str()}); });
  EXPECT_TRUE(has(
      w.why("ben"),
      R"("standing":"left","why":"listed","joined_ms":1767225600000,"left_ms":1767225601000,"ended":"left")"))
      << w.why("ben");
}

TEST(GroupWhy, GoesOnAfterTheEndAndAfterThePhonesHaveConfirmedIt) {
  Kept w;
  w.start();
  w.keep([&] {
    w.step([&](auto& e, auto& ctx) { core::end_group(e.state(), *e.state().group(w.id), "staff", ctx); });
  });
  for (const char* user : {"anna", "ben"}) w.keep([&] { w.hold(user, w.id, 0, true); });
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

TEST(GroupWhy, KnowsNoOtherGroups) {
  Kept w;
  w.id = core::GroupId::parse(std::string(32, 'f'));
  EXPECT_TRUE(has(w.why(), "not-found"));
}

}  // namespace
}  // namespace convoke::app
