// Whatever the core has accepted, a server that starts again must be able to read.

#include "backend/store/records.h"

#include <gtest/gtest.h>

#include <random>

#include "backend/core/announce.h"
#include "backend/core/blocks.h"
#include "backend/core/members.h"
#include "backend/core/moderation.h"
#include "backend/core/organizer.h"
#include "backend/core/registrations.h"
#include "backend/store/journal.h"
#include "tests/support/core_world.h"
#include "topics/messages/json_reader.h"

namespace convoke::store {
namespace {

using core::Context;
using core::Engine;
using test::CoreWorld;
using topics::PlanId;
using topics::UserId;

/// A core whose every step is kept, and that can be compared with what a restarted server would have.
class Kept {
 public:
  CoreWorld w;

  Kept() { journal_.load(w.engine, w.now); }

  template <class F>
  void step(F f) {
    w.step(f);
    keep();
  }
  void keep() {
    journal_.add(w.engine, w.fx);
    journal_.add_positions(w.engine);
    ASSERT_FALSE(journal_.commit());
  }

  /// Another core, as a restarted server would have it.
  std::unique_ptr<CoreWorld> restarted() {
    auto again = std::make_unique<CoreWorld>();
    again->now = w.now;
    Journal(*store_).load(again->engine, w.now);
    again->engine.loaded(w.now);
    return again;
  }

  void expect_that_a_restart_has_it_all() {
    CoreWorld restarted;
    Journal again(*store_);
    ASSERT_NO_THROW(again.load(restarted.engine, w.now));
    const core::State &was = w.engine.state(), &is = restarted.engine.state();
    ASSERT_EQ(is.users.size(), was.users.size());
    ASSERT_EQ(is.plans.size(), was.plans.size());
    ASSERT_EQ(is.groups.size(), was.groups.size());
    EXPECT_EQ(is.tombstones, was.tombstones);
    for (const auto& [id, user] : was.users) EXPECT_EQ(encode_user(is.users.at(id)), encode_user(user));
    for (const auto& [id, plan] : was.plans) {
      EXPECT_EQ(encode_plan(is.plans.at(id)), encode_plan(plan));
      ASSERT_EQ(is.plans.at(id).registrations.size(), plan.registrations.size());
      for (const auto& [user, all] : plan.registrations)
        EXPECT_EQ(encode_registrations(is.plans.at(id).registrations.at(user)), encode_registrations(all));
      ASSERT_EQ(is.plans.at(id).waiting.size(), plan.waiting.size());
      for (const auto& [key, acts] : plan.waiting)
        EXPECT_EQ(encode_waiting(is.plans.at(id).waiting.at(key)), encode_waiting(acts));
    }
    ASSERT_EQ(is.identities.size(), was.identities.size());
    for (const auto& [key, identity] : was.identities)
      EXPECT_EQ(encode_identity(is.identities.at(key)), encode_identity(identity));
    ASSERT_EQ(is.acts.size(), was.acts.size());
    for (const auto& [key, act] : was.acts) EXPECT_EQ(encode_act(is.acts.at(key)), encode_act(act));
    ASSERT_EQ(is.hints.size(), was.hints.size());
    for (const auto& [hook, hints] : was.hints) {
      ASSERT_EQ(is.hints.at(hook).size(), hints.size());
      for (const auto& [about, hint] : hints)
        EXPECT_EQ(encode_hint(is.hints.at(hook).at(about)), encode_hint(hint));
    }
    for (const auto& [id, user] : was.users) EXPECT_EQ(is.users.at(id).identities, user.identities);
    for (const auto& [id, group] : was.groups) {
      EXPECT_EQ(encode_group(is.groups.at(id)), encode_group(group));
      ASSERT_EQ(is.groups.at(id).members.size(), group.members.size());
      for (const auto& [user, member] : group.members)
        EXPECT_EQ(encode_member(is.groups.at(id).members.at(user)), encode_member(member));
      ASSERT_EQ(is.groups.at(id).invited.size(), group.invited.size());
      for (const auto& [user, invitation] : group.invited)
        EXPECT_EQ(encode_invitation(is.groups.at(id).invited.at(user)), encode_invitation(invitation));
    }
    restarted.engine.loaded(w.now);
    EXPECT_EQ(restarted.engine.state().blocked_pairs, was.blocked_pairs);
    expect_same_timers(is, was);
  }

 private:
  /// Those that follow from the records; the others repeat or report something.
  static void expect_same_timers(const core::State& is, const core::State& was) {
    using core::TimerKind;
    const auto expect = [&](TimerKind kind, const std::string& id) {
      EXPECT_EQ(is.timers.due({kind, id}), was.timers.due({kind, id})) << static_cast<int>(kind) << " " << id;
    };
    for (const auto& [id, plan] : was.plans)
      for (const TimerKind kind : {TimerKind::plan_schedule, TimerKind::plan_again}) expect(kind, id.str());
    for (const auto& [id, group] : was.groups) {
      for (const TimerKind kind : {TimerKind::group_open, TimerKind::group_end, TimerKind::group_forget})
        expect(kind, id.str());
      // That of an invitation which was withdrawn fires for nothing.
      const core::TimerKey invitations{TimerKind::invitations, id.str()};
      if (const auto due = is.timers.due(invitations)) {
        ASSERT_TRUE(was.timers.due(invitations)) << id.str();
        EXPECT_LE(was.timers.due(invitations), due) << id.str();
      }
      // A message puts this one off only when it fires.
      const core::TimerKey watch{TimerKind::group_watch, id.str()};
      EXPECT_EQ(is.timers.due(watch).has_value(), was.timers.due(watch).has_value()) << id.str();
      EXPECT_GE(is.timers.due(watch), was.timers.due(watch)) << id.str();
      for (const auto& [user, member] : group.members)
        for (const TimerKind kind : {TimerKind::member_end, TimerKind::member_leave})
          expect(kind, id.str() + "/" + user.str());
    }
  }

  std::unique_ptr<Store> store_ = make_memory_store();
  Journal journal_{*store_};
};

TEST(Records, APlanOfManyListedUsersLoadsBack) {
  Kept kept;
  std::string users;
  for (int i = 0; i < 10'000; ++i)
    users += (i ? ",\"" : "\"") + std::string(40, 'u') + std::to_string(i) + "\"";
  kept.w.plan("[[plan]]\nid = \"p\"\naudience = { any = [{ users = [" + users +
              "] }] }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  kept.keep();
  kept.expect_that_a_restart_has_it_all();
}

TEST(Records, AMemberWithALongReasonLoadsBack) {
  Kept kept;
  std::string conditions;
  std::map<std::string, std::string> attributes;
  for (int i = 0; i < 60; ++i) {
    const std::string name = "attribute-" + std::to_string(i);
    std::string value;
    while (value.size() < 100 + static_cast<std::size_t>(i)) value += "\u00fc";
    attributes[name] = value;
    conditions += (i ? "," : "") + ("{ attribute = \"" + name) + "\", equals = \"" + value + "\" }";
  }
  kept.w.plan("[[plan]]\nid = \"p\"\naudience = { presence = \"any\", all = [" + conditions +
              "] }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  kept.keep();
  kept.step([&](Engine& e, Context& ctx) { e.put_profile(UserId::parse("anna"), "", attributes, {}, ctx); });
  kept.step([](Engine& e, Context& ctx) {
    core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  EXPECT_GT(kept.w.group().members.begin()->second.why.size(), core::kMaxWhyBytes - 2);
  kept.expect_that_a_restart_has_it_all();
}

TEST(Records, MembersWhoseLongerNamesNeedAnotherPageLoadBackThere) {
  Kept kept;
  kept.w.plan(
      "[[plan]]\nid = \"p\"\naudience = { presence = \"any\" }\n[[plan.end]]\non = \"duration\"\nafter = "
      "\"1h\"\n");
  kept.keep();
  auto name = [&](int i, const std::string& to) {
    kept.step([&](Engine& e, Context& ctx) {
      e.put_profile(UserId::parse("user" + std::to_string(i)), to, {}, {}, ctx);
    });
  };
  for (int i = 0; i < 60; ++i) name(i, "");
  kept.step([](Engine& e, Context& ctx) {
    core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  ASSERT_EQ(kept.w.group().pages.size(), 1u);
  for (int i = 0; i < 60; ++i) name(i, std::string(128, '"'));
  EXPECT_GT(kept.w.group().pages.size(), 1u);
  kept.expect_that_a_restart_has_it_all();
}

TEST(Records, WhatNoVersionHasShownIsOnThePageBeforeTheHeaderAfterARestart) {
  Kept kept;
  kept.w.plan(
      "[[plan]]\nid = \"p\"\naudience = { presence = \"any\", any = [{ users = [\"anna\", \"ben\"] }] }\n"
      "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n");
  kept.keep();
  kept.step([](Engine& e, Context& ctx) {
    core::start_group(e.state(), e.state().plans.begin()->second, "staff eve", "", ctx);
  });
  kept.step([](Engine& e, Context& ctx) { e.put_profile(UserId::parse("anna"), "Anna", {}, {}, ctx); });
  ASSERT_TRUE(kept.w.group().unsent);
  const auto again = kept.restarted();
  again->pass(0);
  const std::string topic = "cv1/demo/g/" + again->group().id.str();
  const auto head = *messages::decode_roster_head(again->published(topic + "/head").back());
  const auto page = *messages::decode_roster_page(again->published(topic + "/buddies/0").back());
  EXPECT_EQ(page.version, head.version);
  EXPECT_EQ(page.buddies.at(0).name, "Anna");
}

/// One random thing that phones, staff, the clock or the broker do, with the extremes that their formats
/// allow.
class Anything {
 public:
  Anything(Kept& kept, unsigned seed) : kept_(kept), w_(kept.w), random_(seed) {
    w_.area("hall", 50, 10, 100);
    kept_.keep();
    put_plan();
  }

  void happens() {
    switch (below(16)) {
      case 0:
        return put_plan();
      case 1:
      case 2:
        return chat();
      case 3:
        return by_staff();
      case 4:
        w_.request(user(), messages::LeaveRequest{group().str()});
        return kept_.keep();
      case 5:
        w_.hold(user(), group(), below(20), below(2));
        return kept_.keep();
      case 6:
      case 7:
        w_.presence(user(), below(3) ? messages::PresenceState::available : messages::PresenceState::offline,
                    below(2) ? messages::kMaxInteger : below(9));
        return kept_.keep();
      case 8:
        return kept_.step([&](Engine& e, Context& ctx) {
          e.put_profile(UserId::parse(user()), std::string(below(129), '"'), {{"a", "\u00e9\\"}},
                        below(2) ? std::optional<core::TimeMs>(1000 + below(600'000)) : std::nullopt, ctx);
        });
      case 9:
      case 10:
        w_.now += below(2) ? below(2000) : below(600'000);
        return kept_.step([](Engine& e, Context& ctx) { e.tick(ctx); });
      case 11:
        if (below(2)) return below(2) ? registers() : outside();
        return kept_.step([&](Engine& e, Context& ctx) { e.feed_confirmed(group(), ctx); });
      case 12:
        return kept_.step([&](Engine& e, Context& ctx) { e.broker_connected(w_.now, ctx); });
      default:
        w_.at(user(), 50, below(2) ? 10 : 11);
        return kept_.keep();
    }
  }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  std::string user() { return "user" + std::to_string(below(5)); }
  topics::GroupId group() {
    const auto& groups = w_.engine.state().groups;
    if (groups.empty()) return topics::GroupId::parse(std::string(32, 'f'));
    return std::next(groups.begin(), static_cast<std::ptrdiff_t>(below(groups.size())))->first;
  }

  void put_plan() {
    static constexpr const char* kEnds[] = {
        "on = \"duration\"\nafter = \"2m\"", "on = \"set-time\"\nat = 1970-01-01T00:00:00Z",
        "on = \"set-time\"\nat = 9999-12-31T23:59:59Z", "on = \"set-time\"\nat = 2026-01-01T00:30:00Z"};
    static constexpr const char* kMoreEnds[] = {"", "", "[[plan.end]]\non = \"idle\"\nafter = \"1m\"\n",
                                                "[[plan.end]]\non = \"unavailable\"\nuser = \"user1\"\n",
                                                "[[plan.end]]\non = \"empty\"\narea = \"hall\"\n"};
    static constexpr const char* kAudiences[] = {"", "", "follow = \"1m\", ", "max = 2, ",
                                                 "all = [{ registered = true }], "};
    static constexpr const char* kTimings[] = {"",
                                               "",
                                               "start_timing = { delay = \"1m\" }\n",
                                               "start_timing = { spread = \"3m\" }\n",
                                               "start_timing = { when_available = \"2m\" }\n",
                                               "start_timing = { at = 2026-01-01T00:20:00Z }\n",
                                               "end_timing = { spread = \"1m\" }\n",
                                               "end_timing = { delay = \"1m\" }\n"};
    w_.plan("[[plan]]\nid = \"p" + std::to_string(below(3)) + "\"\n" + kTimings[below(8)] +
            "registration = { ticket = [{ shop = \"main\" }] }\n"
            "name = \"\u00a0\\\"\"\naudience = { " +
            kAudiences[below(5)] +
            "presence = \"any\", any = [{ area = \"hall\", within = \"5m\" }, { users = "
            "[\"user1\", \"ann@other\"] }] }\n[[plan.start]]\non = \"occupancy\"\narea = \"hall\"\nreaches = "
            "2\nagain = "
            "\"1m\"\n"
            "[[plan.start]]\non = \"enter\"\narea = \"hall\"\n[[plan.start]]\non = \"available\"\nuser = "
            "\"user0\"\n"
            "[[plan.start]]\non = \"occupancy\"\narea = \"hall\"\nfalls_to = 1\n[[plan.end]]\n" +
            kEnds[below(4)] + "\n" + kMoreEnds[below(5)]);
    kept_.keep();
  }

  void registers() {
    const UserId who = UserId::parse(user());
    kept_.step([&](Engine& e, Context& ctx) {
      auto& plans = e.state().plans;
      if (plans.empty()) return;
      auto& plan = std::next(plans.begin(), static_cast<std::ptrdiff_t>(below(plans.size())))->second;
      if (below(3) == 0)
        core::take_registration(e.state(), plan, who, below(2) ? "" : "self", ctx);
      else
        core::put_registration(e.state(), plan, who,
                               {below(2) ? "self" : "staff", std::string(below(257), '"'), ctx.now}, ctx);
    });
  }

  /// A ticket bought or given back, a hint at one, a mail, or somebody who proves who they are.
  void outside() {
    const core::Identity who{"mail/" + std::to_string(below(4)), std::string(below(20), '"')};
    kept_.step([&](Engine& e, Context& ctx) {
      if (below(3) == 0) {
        e.link_identity(UserId::parse(user()), who, below(3) > 0, "operator \"crm\"", ctx);
      } else if (below(5) == 0) {
        e.unlink_identity(UserId::parse(user()), who.key, ctx);
      } else if (below(5) == 0) {
        const std::string about = "club/summer/" + std::to_string(below(4));
        const auto number = e.keep_hint("main", about, w_.now, ctx);
        if (below(2) && number) e.drop_hint("main", about, *number, ctx);
      } else {
        e.act({.source = core::kByTicket,
               .provider = "main",
               .id = "e" + std::to_string(below(200)),
               .subject = "order " + std::to_string(below(6)),
               .at_ms = ctx.now - static_cast<core::TimeMs>(below(2000)),
               .to = "main",
               .who = {who},
               .verified = true,
               .proof = std::string(below(core::kMaxProofBytes + 1), '"'),
               .withdrawn = below(4) == 0},
              ctx);
      }
    });
  }

  void chat() {
    static constexpr std::uint64_t kNumbers[] = {
        0, 1, 7, messages::kMaxInteger, messages::kMaxInteger + 1, UINT64_MAX};
    const messages::Stamp stamp{"demo", below(8) ? 5 : kNumbers[below(6)],
                                below(8) ? below(400) : kNumbers[below(6)], below(8) ? w_.now : INT64_MAX};
    const messages::ChatMessage message{"m" + std::to_string(below(500)), "text", "\n\t\u00a0", "m1"};
    kept_.step([&](Engine& e, Context& ctx) {
      if (below(9) == 0) return e.chat_unreadable(group(), stamp, ctx);
      e.chat(group(), UserId::parse(user()), message, stamp, ctx);
    });
  }

  void by_staff() {
    const auto id = group();
    kept_.step([&](Engine& e, Context& ctx) {
      auto& plans = e.state().plans;
      if (below(3) == 0 && !plans.empty()) {
        core::start_group(e.state(), plans.begin()->second, "staff eve", "key" + std::to_string(below(200)),
                          ctx);
        return;
      }
      core::Group* g = e.state().live_group(id);
      if (below(20) == 0) e.delete_plan(PlanId::parse("p0"), ctx);
      g = e.state().live_group(id);
      if (!g) return;
      const core::TimeMs times[] = {ctx.now + 60'000, core::kMaxTimeMs, core::kMaxTimeMs + 1,
                                    static_cast<core::TimeMs>(messages::kMaxInteger) + 60'000, INT64_MAX};
      switch (below(10)) {
        case 0:
          core::extend_group(e.state(), *g, times[below(5)], ctx);
          return;
        case 1:
          return core::add_member(e.state(), *g, UserId::parse(user()), "added by staff eve", ctx);
        case 2:
          return core::remove_member(e.state(), *g, UserId::parse(user()), "removed", ctx);
        case 3:
          core::announce(e.state(), *g, messages::kSystem, "\n\t\"\u00a0", "demo", ctx);
          return;
        case 4:
          core::set_standing(e.state(), *g, UserId::parse(user()), static_cast<topics::Standing>(below(3)),
                             ctx);
          return;
        case 5:
          return core::set_rules(
              e.state(), *g, {below(2) == 0, static_cast<std::uint32_t>(below(messages::kMaxSlowMs))}, ctx);
        case 6:
          core::ban(e.state(), *g, UserId::parse(user()), ctx);
          return;
        case 7:
          core::unban(*g, UserId::parse(user()), ctx);
          return;
        case 8: {
          const UserId by = UserId::parse(user()), other = UserId::parse(user());
          if (by != other && below(2) == 0) core::block(e.state(), by, other, ctx);
          core::unblock(e.state(), other, by, ctx);
          return;
        }
        default:
          if (below(4) == 0) core::end_group(e.state(), *g, "staff", ctx);
      }
    });
  }

  Kept& kept_;
  CoreWorld& w_;
  std::mt19937 random_;
};

class RecordsOf : public testing::TestWithParam<unsigned> {};

TEST_P(RecordsOf, WhateverHappensLoadsBack) {
  Kept kept;
  Anything anything(kept, GetParam());
  for (int i = 0; i < 600 && !HasFailure(); ++i) {
    anything.happens();
    if (i % 10 == 0) kept.expect_that_a_restart_has_it_all();
  }
  EXPECT_GT(kept.w.engine.state().groups.size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RecordsOf, testing::Range(1u, 9u));

}  // namespace
}  // namespace convoke::store
