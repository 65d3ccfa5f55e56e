#include "backend/core/organizer.h"

#include <gtest/gtest.h>

#include "backend/core/delivery.h"
#include "backend/core/feed.h"
#include "backend/core/members.h"
#include "tests/support/core_world.h"

namespace convoke::core {
namespace {

using messages::PresenceState;
using test::CoreWorld;
using topics::PlanId;
using topics::UserId;

constexpr const char* kHallPlan = R"(
[[plan]]
id = "hall"
name = "The hall"
[plan.audience]
any = [{ area = "hall" }]
[[plan.start]]
on = "occupancy"
area = "hall"
reaches = 3
[[plan.end]]
on = "duration"
after = "10m"
)";

/// A hall of 100 m around 50°N 10°E, its plan, and three people outside of it.
class Organizer : public testing::Test {
 protected:
  Organizer() {
    w.area("hall", 50, 10, 100);
    w.plan(kHallPlan);
    for (const char* user : {"anna", "ben", "cleo"}) w.available(user);
  }
  void all_in() {
    for (const char* user : {"anna", "ben", "cleo"}) w.at(user, 50, 10);
  }
  StartOutcome staff_start(const std::string& key = "") {
    StartOutcome outcome;
    w.step([&](Engine& e, Context& ctx) {
      outcome = start_group(e.state(), e.state().plans.at(PlanId::parse("hall")), "staff eve", key, ctx);
    });
    return outcome;
  }
  CoreWorld w;
};

TEST_F(Organizer, R1_R8_StartsWhenTheAreaFillsWithThoseInIt) {
  w.at("anna", 50, 10);
  w.at("ben", 50, 10);
  EXPECT_EQ(w.live_groups(), 0u);
  w.at("cleo", 50, 10);
  ASSERT_EQ(w.live_groups(), 1u);
  EXPECT_EQ(w.group().members.size(), 3u);
  EXPECT_EQ(w.group().reasons, std::vector<std::string>{"occupancy: hall reached 3"});
  EXPECT_EQ(w.group().members.at(UserId::parse("anna")).why, "in hall");
}

TEST_F(Organizer, R3_MakesOneBuddyListForAllAndSendsItWithTheStart) {
  all_in();
  const std::string group = w.group().id.str();
  const auto pages = w.published("cv1/demo/g/" + group + "/buddies/0");
  ASSERT_EQ(pages.size(), 1u);
  const auto page = *messages::decode_roster_page(pages[0]);
  std::vector<std::string> users;
  for (const auto& b : page.buddies) users.push_back(b.user);
  EXPECT_EQ(users, (std::vector<std::string>{"anna", "ben", "cleo"}));
  for (const char* user : {"anna", "ben", "cleo"}) {
    const auto inbox = w.inbox(user);
    ASSERT_EQ(inbox.size(), 1u) << user;
    const auto& start = std::get<messages::ChatStart>(inbox[0]);
    EXPECT_EQ(start.head.group, group);
    EXPECT_EQ(start.head.members, 3u);
    EXPECT_EQ(start.head.version, page.version);
  }
}

TEST_F(Organizer, FeedsMembershipBeforeAnythingThatNeedsIt) {
  all_in();
  bool fed = false;
  for (const auto& out : w.fx.out) {
    if (std::holds_alternative<FeedChange>(out)) fed = true;
    const auto* p = std::get_if<Publish>(&out);
    if (p && p->topic.find("/area/") == std::string::npos) {
      EXPECT_TRUE(fed) << p->topic;
    }
  }
  EXPECT_TRUE(fed);
}

TEST_F(Organizer, R26_LeavesOutThoseWhoAreNotAvailable) {
  w.presence("ben", PresenceState::busy, 2);
  all_in();
  EXPECT_EQ(w.group().members.size(), 2u);
  EXPECT_FALSE(w.group().members.contains(UserId::parse("ben")));
}

TEST_F(Organizer, R2_R3_R11_EndsAfterItsDurationAndDeletesTheList) {
  all_in();
  const GroupId id = w.group().id;
  w.pass(10 * 60'000 - 1);
  EXPECT_EQ(w.live_groups(), 1u);
  w.pass(1);
  EXPECT_EQ(w.live_groups(), 0u);
  for (const char* user : {"anna", "ben", "cleo"}) {
    const auto end = std::get<messages::ChatEnd>(w.inbox(user).back());
    EXPECT_EQ(end.group, id.str());
    EXPECT_EQ(end.reason, "duration");
  }
  const auto heads = w.published("cv1/demo/g/" + id.str() + "/head");
  ASSERT_GE(heads.size(), 3u);
  EXPECT_EQ(messages::decode_roster_head(heads[heads.size() - 2])->state, GroupState::retired);
  EXPECT_EQ(heads.back(), "");  // cleared
  EXPECT_EQ(w.published("cv1/demo/g/" + id.str() + "/buddies/0").back(), "");
  EXPECT_TRUE(std::holds_alternative<FeedChange>(w.fx.out.back())) << "membership is taken away last";
}

TEST_F(Organizer, IsEndingUntilTheBrokerConfirmsThenRetired) {
  all_in();
  const GroupId id = w.group().id;
  w.step([&](Engine& e, Context& ctx) { end_group(e.state(), *e.state().group(id), "staff", ctx); });
  EXPECT_EQ(w.engine.state().group(id)->state, GroupState::ending);
  w.step([&](Engine& e, Context& ctx) { e.feed_confirmed(id, ctx); });
  EXPECT_EQ(w.engine.state().group(id)->state, GroupState::retired);
  EXPECT_EQ(w.events<RetiredEvent>().size(), 1u);
}

TEST_F(Organizer, R15_EndsAtASetTimeIfThatComesFirst) {
  w.plan(std::string(kHallPlan) + "[[plan.end]]\non = \"set-time\"\nat = 2026-01-01T00:05:00Z\n");
  all_in();
  w.pass(5 * 60'000);
  EXPECT_EQ(w.live_groups(), 0u);
  EXPECT_EQ(w.events<EndEvent>().at(0).reason, "set-time");
}

TEST_F(Organizer, R11_MembersWithAShorterDurationLeaveEarlierAndTheListCarriesTheirEnd) {
  w.step([](Engine& e, Context& ctx) { e.put_profile(UserId::parse("ben"), "Ben", {}, 120'000, ctx); });
  all_in();
  const auto page =
      *messages::decode_roster_page(w.published("cv1/demo/g/" + w.group().id.str() + "/buddies/0").at(0));
  EXPECT_EQ(page.buddies.at(1).ends_ms, w.now + 120'000);
  EXPECT_FALSE(page.buddies.at(0).ends_ms);
  w.pass(120'000);
  EXPECT_EQ(w.group().members.size(), 2u);
  EXPECT_EQ(std::get<messages::ChatEnd>(w.inbox("ben").back()).reason, "duration");
}

TEST_F(Organizer, R11_AMemberWhoComesLaterHasTheirWholeDuration) {
  w.step([](Engine& e, Context& ctx) { e.put_profile(UserId::parse("dora"), "Dora", {}, 120'000, ctx); });
  all_in();
  w.pass(5 * 60'000);
  w.step([&](Engine& e, Context& ctx) {
    add_member(e.state(), w.group(), UserId::parse("dora"), "added by staff eve", ctx);
  });
  EXPECT_EQ(w.group().members.at(UserId::parse("dora")).ends_ms, w.now + 120'000);
  w.pass(120'000 - 1);
  EXPECT_EQ(w.group().members.size(), 4u);
  w.pass(1);
  EXPECT_EQ(w.group().members.size(), 3u);
}

TEST_F(Organizer, R11_ExtendingGivesMembersTheirOwnEndsAnew) {
  w.step([](Engine& e, Context& ctx) { e.put_profile(UserId::parse("ben"), "Ben", {}, 15 * 60'000, ctx); });
  all_in();
  EXPECT_FALSE(w.group().members.at(UserId::parse("ben")).ends_ms) << "the group ends first";
  w.step([&](Engine& e, Context& ctx) { extend_group(e.state(), w.group(), w.now + 20 * 60'000, ctx); });
  EXPECT_EQ(w.group().members.at(UserId::parse("ben")).ends_ms, w.now + 15 * 60'000);
  w.pass(1000);
  const auto changes = w.published("cv1/demo/g/" + w.group().id.str() + "/changes");
  EXPECT_EQ(messages::decode_roster_changes(changes.at(0))->put.at(0).ends_ms,
            CoreWorld::kStart + 15 * 60'000);
  w.pass(15 * 60'000);
  EXPECT_EQ(w.group().members.size(), 2u);
}

TEST_F(Organizer, StaffButtonStartsTheSameKeyOnlyOnce) {
  w.at("anna", 50, 10);
  EXPECT_EQ(staff_start("press-1").result, StartResult::started);
  const auto again = staff_start("press-1");
  EXPECT_EQ(again.result, StartResult::same_key);
  EXPECT_EQ(again.group, w.group().id);
  w.step([&](Engine& e, Context& ctx) { end_group(e.state(), w.group(), "staff", ctx); });
  EXPECT_EQ(staff_start("press-1").result, StartResult::same_key)
      << "the same press never starts a second chat";
  EXPECT_EQ(staff_start("press-2").result, StartResult::started);
}

TEST_F(Organizer, APressThatMetALivingGroupStartsNoOtherAfterIt) {
  all_in();
  EXPECT_EQ(staff_start("press-1").result, StartResult::already_live);
  const GroupId id = w.group().id;
  EXPECT_EQ(staff_start("press-1").result, StartResult::same_key);
  w.step([&](Engine& e, Context& ctx) { end_group(e.state(), w.group(), "staff", ctx); });
  const auto again = staff_start("press-1");
  EXPECT_EQ(again.result, StartResult::same_key);
  EXPECT_EQ(again.group, id);
}

TEST_F(Organizer, SaysSoWhenNobodyQualifies) {
  EXPECT_EQ(staff_start().result, StartResult::no_members);
  EXPECT_EQ(w.events<NoMembersEvent>().size(), 1u);
  EXPECT_EQ(w.live_groups(), 0u);
}

TEST_F(Organizer, DoesNotStartWhatWouldBeOverAtOnce) {
  w.plan(std::string(kHallPlan) + "[[plan.end]]\non = \"set-time\"\nat = 2026-01-01T00:00:00Z\n");
  all_in();
  EXPECT_EQ(staff_start("press-1").result, StartResult::over);
  EXPECT_TRUE(w.engine.state().groups.empty());
  w.plan(kHallPlan);
  EXPECT_EQ(w.live_groups(), 1u) << "the full area still starts it";
}

TEST_F(Organizer, StartsNothingWithoutAFreshId) {
  w.plan(std::string(kHallPlan) + "[[plan.start]]\non = \"schedule\"\nat = 2026-01-01T00:01:00Z\n");
  const auto ids = std::exchange(w.ids, {});
  all_in();
  EXPECT_EQ(staff_start().result, StartResult::put_off);
  w.pass(60'000);
  EXPECT_EQ(w.live_groups(), 0u);
  w.ids = ids;
  w.pass(1000);
  EXPECT_EQ(w.live_groups(), 1u) << "the set time is put off, not lost";
}

TEST_F(Organizer, RecordsFurtherReasonsWhileTheGroupLives) {
  all_in();
  EXPECT_EQ(staff_start().result, StartResult::already_live);
  EXPECT_EQ(w.group().reasons, (std::vector<std::string>{"occupancy: hall reached 3", "staff eve"}));
}

TEST_F(Organizer, AddsAndRemovesMembersByHand) {
  all_in();
  Group& g = w.group();
  w.step([&](Engine& e, Context& ctx) {
    add_member(e.state(), g, UserId::parse("dora"), "added by staff eve", ctx);
  });
  EXPECT_EQ(g.members.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<messages::ChatStart>(w.inbox("dora").at(0)));
  w.pass(1000);
  w.step(
      [&](Engine& e, Context& ctx) { remove_member(e.state(), g, UserId::parse("anna"), "removed", ctx); });
  EXPECT_EQ(std::get<messages::ChatEnd>(w.inbox("anna").back()).reason, "removed");
  w.pass(1000);
  const auto changes = w.published("cv1/demo/g/" + g.id.str() + "/changes");
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(messages::decode_roster_changes(changes[0])->put.at(0).user, "dora");
  EXPECT_EQ(messages::decode_roster_changes(changes[1])->gone, std::vector<std::string>{"anna"});
}

TEST_F(Organizer, AMemberAddedAgainIsToldOfANewerListAndOldConfirmationsCountForNothing) {
  all_in();
  const GroupId id = w.group().id;
  const UserId anna = UserId::parse("anna");
  w.hold("anna", id, 1);
  w.step([&](Engine& e, Context& ctx) { remove_member(e.state(), w.group(), anna, "removed", ctx); });
  w.step([&](Engine& e, Context& ctx) { add_member(e.state(), w.group(), anna, "added by staff eve", ctx); });
  const auto inbox = w.inbox("anna");
  ASSERT_EQ(inbox.size(), 3u);
  EXPECT_EQ(std::get<messages::ChatEnd>(inbox[1]).reason, "removed");
  EXPECT_EQ(std::get<messages::ChatStart>(inbox[2]).head.version, 2u) << "she held 1 when she was removed";

  w.hold("anna", id, 0, true);
  w.hold("anna", id, 1);
  ASSERT_TRUE(w.group().members.contains(anna));
  EXPECT_EQ(w.group().members.at(anna).held_version, 0u);
  w.pass(10'000);
  EXPECT_EQ(w.inbox("anna").size(), 4u) << "the start is repeated until she holds the newer list";
  w.hold("anna", id, 3);
  EXPECT_EQ(w.group().members.at(anna).held_version, 3u);
  const auto changes = w.published("cv1/demo/g/" + id.str() + "/changes");
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_EQ(messages::decode_roster_changes(changes[0])->gone, std::vector<std::string>{"anna"});
  EXPECT_EQ(messages::decode_roster_changes(changes[1])->put.at(0).user, "anna");
}

TEST_F(Organizer, EndsWithItsLastMember) {
  w.at("anna", 50, 10);
  staff_start();
  const GroupId id = w.group().id;
  w.step([&](Engine& e, Context& ctx) {
    remove_member(e.state(), *e.state().group(id), UserId::parse("anna"), "left", ctx);
  });
  EXPECT_EQ(w.live_groups(), 0u);
}

TEST_F(Organizer, ExtendingMovesTheEndAndTellsThePhones) {
  all_in();
  w.step([&](Engine& e, Context& ctx) { extend_group(e.state(), w.group(), w.now + 20 * 60'000, ctx); });
  w.pass(10 * 60'000);
  EXPECT_EQ(w.live_groups(), 1u);
  const auto changes = w.published("cv1/demo/g/" + w.group().id.str() + "/changes");
  EXPECT_EQ(messages::decode_roster_changes(changes.at(0))->ends_ms, CoreWorld::kStart + 20 * 60'000);
  w.pass(10 * 60'000);
  EXPECT_EQ(w.live_groups(), 0u);
}

TEST_F(Organizer, DoesNotExtendBeyondWhatTheFormatsCanWrite) {
  all_in();
  w.step([&](Engine& e, Context& ctx) {
    EXPECT_FALSE(extend_group(e.state(), w.group(), kMaxTimeMs + 1, ctx));
    EXPECT_TRUE(extend_group(e.state(), w.group(), kMaxTimeMs, ctx));
  });
  EXPECT_EQ(w.group().ends_ms, kMaxTimeMs);
}

TEST_F(Organizer, RepeatsTheStartUntilThePhoneHoldsTheList) {
  all_in();
  const GroupId id = w.group().id;
  w.hold("anna", id, 1);
  w.hold("ben", id, 1);
  EXPECT_EQ(holding(w.group()), 2u);
  w.pass(10'000);
  EXPECT_EQ(w.inbox("anna").size(), 1u);
  EXPECT_EQ(w.inbox("cleo").size(), 2u);
  w.hold("cleo", id, 1);
  w.pass(9 * 60'000);
  EXPECT_EQ(w.inbox("cleo").size(), 2u);
}

TEST_F(Organizer, RepeatsTheEndUntilThePhoneConfirmsIt) {
  all_in();
  const GroupId id = w.group().id;
  w.pass(10 * 60'000);
  w.hold("anna", id, 0, true);
  w.hold("ben", id, 0, true);
  const auto before = w.inbox("cleo").size();
  w.pass(10'000);
  EXPECT_EQ(w.inbox("cleo").size(), before + 1);
  w.hold("cleo", id, 0, true);
  EXPECT_TRUE(w.engine.state().group(id)->members.empty());
}

TEST_F(Organizer, ALargeRosterIsCutIntoPagesThatFit) {
  w.plan(R"([[plan]]
id = "crowd"
audience = { all = [{ attribute = "ticket" }], presence = "any" }
[[plan.end]]
on = "duration"
after = "1h"
)");
  for (int i = 0; i < 1000; ++i)
    w.step([&](Engine& e, Context& ctx) {
      e.put_profile(UserId::parse("user" + std::to_string(i)), "Name \"" + std::to_string(i),
                    {{"ticket", "vip"}}, {}, ctx);
    });
  w.step([&](Engine& e, Context& ctx) {
    start_group(e.state(), e.state().plans.at(PlanId::parse("crowd")), "staff eve", "", ctx);
  });
  const Group& g = w.group();
  EXPECT_EQ(g.members.size(), 1000u);
  std::set<std::string> users;
  for (std::uint32_t p = 0; p < g.pages.size(); ++p) {
    const std::string payload =
        w.published("cv1/demo/g/" + g.id.str() + "/buddies/" + std::to_string(p)).at(0);
    EXPECT_LE(payload.size(), messages::kPageBytes);
    const auto page = *messages::decode_roster_page(payload);
    for (const auto& b : page.buddies) users.insert(b.user);
  }
  EXPECT_EQ(users.size(), 1000u);
  w.available("user7");
  w.pass(1000);
  const std::string change = w.published("cv1/demo/g/" + g.id.str() + "/changes").at(0);
  EXPECT_LE(change.size(), 300u);
  EXPECT_TRUE(messages::decode_roster_changes(change)->put.empty());
  EXPECT_EQ(messages::decode_roster_changes(change)->pages_changed.size(), 1u);
}

TEST_F(Organizer, PresenceChangesAreSentAtMostOnceASecond) {
  all_in();
  for (std::uint64_t n = 2; n < 42; ++n) {
    w.presence("anna", n % 2 ? PresenceState::available : PresenceState::away, n);
    w.pass(50);
  }
  w.pass(2000);
  const auto changes = w.published("cv1/demo/g/" + w.group().id.str() + "/changes");
  EXPECT_GE(changes.size(), 2u);
  EXPECT_LE(changes.size(), 4u);
  std::uint64_t version = 1;
  for (const auto& payload : changes) {
    const auto c = *messages::decode_roster_changes(payload);
    EXPECT_EQ(c.from, version);
    version = c.version;
  }
  EXPECT_EQ(version, w.group().version);
}

TEST_F(Organizer, AFullFeedNamesTheMembersOfLiveGroupsOnly) {
  all_in();
  auto ops = full_feed(w.engine.state());
  ASSERT_EQ(ops.size(), 3u);
  EXPECT_EQ(std::get<messages::FeedAdd>(ops[1]).users, (std::vector<std::string>{"anna", "ben", "cleo"}));
  w.pass(10 * 60'000);
  EXPECT_EQ(full_feed(w.engine.state()).size(), 2u);
}

TEST(OrganizerWhy, KeepsWhyWhoWasInAndWhyNotAnyMore) {
  CoreWorld w;
  w.plan(
      "[[plan]]\nid = \"p\"\naudience = { any = [{ users = [\"anna\", \"ben\"] }] }\n[[plan.end]]\non = "
      "\"duration\"\nafter = \"1h\"\n");
  w.available("anna");
  w.available("ben");
  w.step([](Engine& e, Context& ctx) {
    start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  const auto group = w.group().id;
  const auto started = w.now;
  w.pass(60'000);
  w.request("ben", messages::LeaveRequest{group.str()});
  EXPECT_EQ(w.fx.past.at({group, UserId::parse("ben")}).reason, "left");
  std::map<std::pair<GroupId, UserId>, PastMember> ended;
  const auto keep = [&] { ended.insert(w.fx.past.begin(), w.fx.past.end()); };
  while (w.live_groups() > 0) {
    w.pass(60'000);
    keep();
  }
  const PastMember& anna = ended.at({group, UserId::parse("anna")});
  EXPECT_EQ(anna.why, "listed");
  EXPECT_EQ(anna.joined_ms, started);
  EXPECT_EQ(anna.left_ms, started + 3'600'000);
  EXPECT_EQ(anna.reason, "duration");
}

}  // namespace
}  // namespace convoke::core
