#include "backend/core/erasure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/core/blocks.h"
#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using test::CoreWorld;
using testing::IsEmpty;
using topics::PlanId;
using topics::UserId;

const UserId kAnna = UserId::parse("anna");

struct Erasure : CoreWorld {
  Erasure() {
    area("hall", 50, 10, 100);
    plan(
        "[[plan]]\nid = \"p\"\naudience = { presence = \"any\", follow = \"1m\", any = [{ area = \"hall\" "
        "}], none "
        "= [{ attribute = \"mentor\", equals = \"anna\" }] }\n"
        "registration = { self = true }\n"
        "[[plan.start]]\non = \"enter\"\narea = \"hall\"\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
    for (const char* user : {"anna", "ben", "cleo"}) {
      available(user);
      at(user, 50, 10);
    }
  }
  void erase() {
    step([](Engine& e, Context& ctx) { e.erase_user(kAnna, ctx); });
  }
  /// All that the records would say, as far as they could name her.
  bool is_named() const {
    const State& s = engine.state();
    for (const auto& [id, user] : s.users)
      if (id == kAnna || user.blocked.contains(kAnna)) return true;
    for (const auto& [id, plan] : s.plans)
      if (plan.registrations.contains(kAnna)) return true;
    for (const auto& [id, g] : s.groups) {
      if (g.members.contains(kAnna) || g.invited.contains(kAnna) || g.standings.contains(kAnna) ||
          g.banned.contains(kAnna) || g.kept_out.contains(kAnna) || g.gone.contains(kAnna))
        return true;
      for (const auto& asked : g.selected.asked)
        if (asked.condition.find("anna") != std::string::npos) return true;
      for (const auto& text : g.reasons)
        if (text.find("anna") != std::string::npos) return true;
    }
    return s.blocked_pairs.contains(kAnna) || engine.tracker().last("anna").has_value() ||
           s.occupancy(topics::AreaId::parse("hall")) > 2;  // ben and cleo
  }
};

TEST(Erasure, LeavesTheUserInNoRecord) {
  Erasure w;
  w.request("anna", messages::RegisterRequest{"p", false});
  w.request("anna", messages::BlockRequest{"ben", false});
  w.request("cleo", messages::BlockRequest{"anna", false});
  EXPECT_TRUE(w.is_named());
  EXPECT_EQ(w.group().reasons.at(0), "enter: anna entered hall");
  w.erase();
  EXPECT_FALSE(w.is_named());
  EXPECT_EQ(w.group().members.size(), 2u);
  EXPECT_EQ(std::get<messages::ChatEnd>(w.inbox("anna").back()).reason, "erased");
  EXPECT_TRUE(w.fx.erased.contains(kAnna));
  EXPECT_TRUE(w.fx.revoked.contains(kAnna));
  EXPECT_THAT(w.published("cv1/demo/u/anna/phone/presence"), testing::ElementsAre(""));
}

TEST(Erasure, OthersSeeThemGoneAtOnce) {
  Erasure w;
  w.pass(2000);
  const std::string topic = "cv1/demo/g/" + w.group().id.str() + "/changes";
  const std::size_t before = w.published(topic).size();
  w.erase();
  ASSERT_EQ(w.published(topic).size(), before + 1);
  EXPECT_EQ(messages::decode_roster_changes(w.published(topic).back())->gone,
            std::vector<std::string>{"anna"});
}

TEST(Erasure, GoesThroughEndedGroupsToo) {
  Erasure w;
  w.step([&](Engine& e, Context& ctx) { end_group(e.state(), w.group(), "staff", ctx); });
  EXPECT_TRUE(w.is_named()) << "not confirmed";
  w.erase();
  EXPECT_FALSE(w.is_named());
}

TEST(Erasure, WhatWasOnItsWayIsNoNewsOfThem) {
  Erasure w;
  w.erase();
  w.at("anna", 50, 10);
  w.presence("anna", messages::PresenceState::available, 2);
  w.presence("anna", messages::PresenceState::offline, 2);
  EXPECT_EQ(w.engine.state().user(kAnna), nullptr);
  EXPECT_EQ(w.published("cv1/demo/u/anna/phone/presence").back(), "") << "the will is cleared again";
  w.pass(1000);
  w.presence("anna", messages::PresenceState::available, static_cast<std::uint64_t>(w.now));
  EXPECT_NE(w.engine.state().user(kAnna), nullptr) << "somebody new";
  EXPECT_THAT(w.engine.state().user(kAnna)->areas, IsEmpty());
}

TEST(Erasure, TheTerminalsAnswerComesBeforeItsEnd) {
  Erasure w;
  const auto answer = w.request("anna", messages::EraseRequest{});
  EXPECT_TRUE(std::holds_alternative<messages::EmptyAnswer>(answer.result));
  EXPECT_FALSE(w.is_named());
}

TEST(Erasure, TellsWhetherATextNamesSomebody) {
  for (const char* text : {"anna", "enter: anna entered", "event:/gate#anna-5", "x_anna."})
    EXPECT_TRUE(mentions(text, kAnna)) << text;
  for (const char* text : {"", "joanna", "anna2", "ann"}) EXPECT_FALSE(mentions(text, kAnna)) << text;
}

}  // namespace
}  // namespace convoke::core
