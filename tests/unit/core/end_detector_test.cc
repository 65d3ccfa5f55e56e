#include "backend/core/end_detector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using messages::PresenceState;
using test::CoreWorld;
using topics::UserId;

constexpr TimeMs kMinute = 60'000;

/// A plan for anna, ben and cleo, started by hand.
struct Chat : CoreWorld {
  explicit Chat(const std::string& ends,
                const std::string& audience = "any = [{ users = [\"anna\", \"ben\", \"cleo\"] }]") {
    area("hall", 50, 10, 100);
    for (const char* user : {"anna", "ben", "cleo", "host"}) available(user);
    plan("[[plan]]\nid = \"p\"\naudience = { " + audience + " }\n" + ends +
         "[[plan.end]]\non = \"duration\"\nafter = \"24h\"\n");
  }
  void start() {
    step([](Engine& e, Context& ctx) {
      start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
    });
  }
  void say(std::uint64_t n, TimeMs sent) {
    step([&](Engine& e, Context& ctx) {
      e.chat(group().id, UserId::parse("anna"), {"m" + std::to_string(n), "text", "hi", {}},
             {"demo", 1, n, sent}, ctx);
    });
  }
  std::string end_reason() const {
    const auto ends = events<EndEvent>();
    return ends.empty() ? "" : ends[0].reason;
  }
};

constexpr const char* kGone = "[[plan.end]]\non = \"unavailable\"\nuser = \"host\"\ngrace = \"1m\"\n";

TEST(EndDetector, R13_R30_EndsWhenTheUserWasGoneForTheGraceTime) {
  Chat w(kGone);
  w.start();
  w.pass(kMinute);
  w.presence("host", PresenceState::offline, 2);
  w.pass(kMinute - 1);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(1);
  EXPECT_EQ(w.live_groups(), 0u);
  EXPECT_EQ(w.end_reason(), "unavailable");
}

TEST(EndDetector, R13_ABlipDoesNotEnd) {
  Chat w(kGone);
  w.start();
  for (std::uint64_t n = 2; n < 20; n += 2) {
    w.presence("host", PresenceState::offline, n);
    w.pass(kMinute - 1);
    w.presence("host", PresenceState::available, n + 1);
  }
  w.pass(10 * kMinute);
  EXPECT_EQ(w.live_groups(), 1u);
}

TEST(EndDetector, R13_BusyAfterAwayIsOneAbsence) {
  Chat w(kGone);
  w.start();
  w.presence("host", PresenceState::away, 2);
  w.pass(kMinute / 2);
  w.presence("host", PresenceState::busy, 3);
  w.pass(kMinute / 2);
  EXPECT_EQ(w.live_groups(), 0u);
}

TEST(EndDetector, R13_WhoWasNotThereCannotGo) {
  Chat w(kGone);
  w.presence("host", PresenceState::offline, 2);
  w.pass(1);
  w.start();
  w.pass(10 * kMinute);
  EXPECT_EQ(w.live_groups(), 1u);
  w.presence("host", PresenceState::available, 3);
  w.presence("host", PresenceState::offline, 4);
  w.pass(kMinute);
  EXPECT_EQ(w.live_groups(), 0u) << "but once they have been there they can";
}

constexpr const char* kIdle = "[[plan.end]]\non = \"idle\"\nafter = \"10m\"\n";

TEST(EndDetector, R16_R33_EndsAfterSilenceSinceTheLastMessage) {
  Chat w(kIdle);
  w.start();
  w.pass(9 * kMinute);
  w.say(1, w.now);
  w.pass(9 * kMinute);
  w.say(2, w.now);
  w.pass(10 * kMinute - 1);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(1);
  EXPECT_EQ(w.end_reason(), "idle");
}

TEST(EndDetector, R16_CountsFromTheOpeningIfNobodyWrites) {
  Chat w(kIdle);
  w.start();
  w.pass(10 * kMinute - 1);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(1);
  EXPECT_EQ(w.end_reason(), "idle");
}

TEST(EndDetector, R16_AMessageCountsFromWhenItWasSentButNotFromTheFuture) {
  Chat w(kIdle);
  w.start();
  w.pass(5 * kMinute);
  w.say(1, w.now - 4 * kMinute);
  w.say(2, w.now + 3600 * 1000);
  w.pass(10 * kMinute);
  EXPECT_EQ(w.end_reason(), "idle");
}

TEST(EndDetector, R16_AnExtensionByStaffCountsSilenceAnew) {
  Chat w(kIdle);
  w.start();
  w.pass(9 * kMinute);
  w.step([&](Engine& e, Context& ctx) {
    EXPECT_TRUE(extend_group(e.state(), w.group(), w.now + 60 * kMinute, ctx));
  });
  w.pass(10 * kMinute - 1);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(1);
  EXPECT_EQ(w.live_groups(), 0u);
}

TEST(EndDetector, EndsWhenTheLastOneLeavesTheArea) {
  Chat w("[[plan.end]]\non = \"empty\"\narea = \"hall\"\n");
  w.start();
  w.pass(kMinute);
  EXPECT_EQ(w.live_groups(), 1u) << "nobody has been there yet";
  for (const char* user : {"anna", "ben"}) w.at(user, 50, 10);
  w.at("anna", 51, 10);
  EXPECT_EQ(w.live_groups(), 1u);
  w.at("ben", 51, 10);
  EXPECT_EQ(w.end_reason(), "area-empty");
}

TEST(EndDetector, R2_R19_ADelayedEndIsToldAtOnceAndComesInTime) {
  Chat w(std::string("end_timing = { delay = \"5m\" }\n") + kGone);
  w.start();
  w.presence("host", PresenceState::offline, 2);
  w.pass(kMinute);
  ASSERT_EQ(w.live_groups(), 1u);
  EXPECT_EQ(w.group().ends_ms, w.now + 5 * kMinute);
  w.presence("host", PresenceState::available, 3);
  w.pass(5 * kMinute - 1);
  EXPECT_EQ(w.live_groups(), 1u) << "the event has been; that they are back does not undo it";
  w.pass(1);
  EXPECT_EQ(w.end_reason(), "unavailable");
}

TEST(EndDetector, R2_ASetTimeClosesNotBefore) {
  Chat w("end_timing = { at = 2026-01-01T02:00:00Z }\n[[plan.end]]\non = \"idle\"\nafter = \"1m\"\n");
  w.start();
  w.pass(2 * 60 * kMinute - 1);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(1);
  EXPECT_EQ(w.end_reason(), "idle");
}

TEST(EndDetector, R2_R25_ASpreadEndGivesEachMemberAnEndingTimeOfTheirOwn) {
  Chat w("end_timing = { spread = \"10m\" }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  w.start();
  const TimeMs from = w.now + 60 * kMinute;
  EXPECT_EQ(w.group().ends_ms, from + 10 * kMinute);
  for (const auto& [user, member] : w.group().members) {
    ASSERT_TRUE(member.ends_ms) << user.str();
    EXPECT_GE(*member.ends_ms, from);
    EXPECT_LT(*member.ends_ms, from + 10 * kMinute);
  }
  w.pass(70 * kMinute);
  EXPECT_EQ(w.live_groups(), 0u);
  EXPECT_EQ(w.end_reason(), "duration");
}

TEST(EndDetector, R2_WhoseMomentOfASpreadEndHasPassedDoesNotComeInAgain) {
  Chat w("end_timing = { spread = \"10m\" }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
         "follow = \"1m\", any = [{ users = [\"anna\", \"ben\", \"cleo\"] }, { area = \"hall\" }]");
  w.start();
  const auto told = [&] {
    std::size_t n = 0;
    for (const char* user : {"anna", "ben", "cleo", "host"}) n += w.inbox(user).size();
    return n;
  };
  std::vector<std::pair<TimeMs, UserId>> order;
  for (const auto& [user, member] : w.group().members) order.emplace_back(member.ends_ms.value(), user);
  std::sort(order.begin(), order.end());
  w.pass(order.at(1).first - w.now);
  ASSERT_EQ(w.group().members.size(), 1u);
  const UserId& gone = order.at(0).second;
  w.group().kept_out.clear();
  const auto before = told();
  w.at(gone.str(), 50, 10);  // the plan follows, and would draw them in
  w.step([&](Engine& e, Context& ctx) {
    add_member(e.state(), w.group(), gone, "added by staff eve", ctx);
    EXPECT_TRUE(over_for(e.state(), w.group(), gone, ctx.now));
    EXPECT_FALSE(over_for(e.state(), w.group(), order.at(2).second, ctx.now));
  });
  EXPECT_EQ(w.group().members.size(), 1u);
  EXPECT_EQ(told(), before) << "nobody is told in and at once out";
}

TEST(EndDetector, ARunningGroupKeepsThePlanItBeganWith) {
  Chat w(kIdle);
  w.start();
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\"] }] }\n[[plan.end]]\non = "
      "\"duration\"\nafter = \"1m\"\n");
  w.pass(10 * kMinute - 1);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(1);
  EXPECT_EQ(w.end_reason(), "idle");
  w.start();
  w.pass(kMinute);
  EXPECT_EQ(w.events<EndEvent>().at(1).reason, "duration");
}

struct Warned : Chat {
  Warned() : Chat("warn = [\"5m\", \"1m\", \"25h\"]\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n") {
    start();
  }
  std::vector<std::string> warnings() const {
    std::vector<std::string> texts;
    for (const auto& out : all_out) {
      const auto* p = std::get_if<Publish>(&out);
      if (!p || !p->durable || !p->topic.ends_with("/notice")) continue;
      const auto notice = messages::decode_notice(p->payload);
      EXPECT_EQ(notice->message.type, messages::kSystem);
      texts.push_back(notice->message.text);
    }
    return texts;
  }
};

TEST(EndDetector, R2_WarnsTheMembersBeforeTheEnd) {
  Warned w;
  w.pass(55 * kMinute - 1);
  EXPECT_TRUE(w.warnings().empty()) << "25 h before an end in an hour is past";
  w.pass(1);
  EXPECT_EQ(w.warnings(), std::vector<std::string>{"This chat ends in 5 minutes."});
  w.pass(4 * kMinute);
  EXPECT_EQ(w.warnings().back(), "This chat ends in 1 minute.");
  w.pass(kMinute);
  EXPECT_EQ(w.live_groups(), 0u);
  EXPECT_EQ(w.warnings().size(), 2u);
}

TEST(EndDetector, WarnsAgainOfAnotherEndAndLateOfOneThatIsNear) {
  Warned w;
  w.pass(56 * kMinute);
  w.step([&](Engine& e, Context& ctx) {
    EXPECT_TRUE(extend_group(e.state(), w.group(), w.now + 30 * kMinute, ctx));
  });
  w.pass(25 * kMinute);
  EXPECT_EQ(w.warnings().size(), 2u);
  w.now += 4 * kMinute + 15'000;  // the server was down
  w.step([](auto& e, auto& ctx) { e.tick(ctx); });
  EXPECT_EQ(w.warnings().back(), "This chat ends in 45 seconds.");
}

}  // namespace
}  // namespace convoke::core
