#include "backend/core/organizer.h"

#include <algorithm>

#include "backend/core/announce.h"
#include "backend/core/blocks.h"
#include "backend/core/delivery.h"
#include "backend/core/distant_triggers.h"
#include "backend/core/end_detector.h"
#include "backend/core/feed.h"
#include "backend/core/follow.h"
#include "backend/core/gathering.h"
#include "backend/core/invitations.h"
#include "backend/core/members.h"
#include "backend/core/met.h"
#include "backend/core/questions.h"
#include "backend/core/roster.h"
#include "backend/core/shared_groups.h"
#include "backend/core/sites.h"
#include "backend/core/triggers.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr std::size_t kMaxReasons = 32;
constexpr std::size_t kMaxKeys = 256;

std::vector<UserId> members_of(const Group& group) {
  std::vector<UserId> users;
  for (const auto& [user, member] : group.members) users.push_back(user);
  return users;
}

void cancel_timers(State& state, const Group& group) {
  for (TimerKind kind :
       {TimerKind::group_open, TimerKind::group_end, TimerKind::group_watch, TimerKind::group_warn,
        TimerKind::roster_flush, TimerKind::holding_event, TimerKind::notice_repeat, TimerKind::home_places})
    state.timers.cancel({kind, group.id.str()});
  for (const auto& [user, member] : group.members) {
    if (member.ends_ms) state.timers.cancel({TimerKind::member_end, group.id.str() + "/" + user.str()});
    if (member.leaves_ms) state.timers.cancel({TimerKind::member_leave, group.id.str() + "/" + user.str()});
  }
}

/// From now on the same key gives this group, for ever; of many the oldest is forgotten.
void keep_key(State& state, Group& group, const std::string& key) {
  if (key.empty()) return;
  state.start_keys[{group.plan, key}] = group.id;
  group.start_keys.push_back(key);
  if (group.start_keys.size() <= kMaxKeys) return;
  state.start_keys.erase({group.plan, group.start_keys.front()});
  group.start_keys.erase(group.start_keys.begin());
}

/// An id is never used again.
void drop_used_ids(const State& state, Context& ctx) {
  const auto used = [&](const GroupId& id) {
    return state.groups.contains(id) || state.tombstones.contains(id);
  };
  while (!ctx.fresh_ids.empty() && used(ctx.fresh_ids.front())) ctx.fresh_ids.pop_front();
}

Group& new_group(State& state, PlanRecord& record, const std::string& reason, const std::string& key,
                 Context& ctx) {
  const GroupId id = ctx.fresh_ids.front();
  ctx.fresh_ids.pop_front();
  Group& group = state.groups[id];
  group.id = id;
  group.plan = record.plan.id;
  group.name = record.plan.name;
  group.started_ms = group.watched_from_ms = ctx.now;
  group.reasons = {reason};
  keep_key(state, group, key);
  record.live = id;
  ctx.fx.groups.insert(id);
  return group;
}

/// When a chat opens whose start event is now.
TimeMs opens_at(const StartTiming& timing, TimeMs now) {
  if (const auto* delayed = std::get_if<Delayed>(&timing)) return now + delayed->by_ms;
  if (const auto* set = std::get_if<SetTime>(&timing)) return std::max(now, set->at_ms);
  return now;
}

/// Whether a set-time end of the plan has passed.
bool over(const Plan& plan, TimeMs opens_ms) {
  const auto end = known_end(plan, opens_ms).at_ms;
  return end && *end <= opens_ms;
}

/// From now on the plan has no group that lives.
void release_plan(State& state, const Group& group, Context& ctx) {
  const auto plan = state.plans.find(group.plan);
  if (plan == state.plans.end() || plan->second.live != group.id) return;
  plan->second.live.reset();
  if (plan->second.running) {
    plan->second.running.reset();
    state.plan_index.put(plan->second);
    ask_levels(state, plan->second, ctx);
  }
  ctx.fx.plans.insert(group.plan);
  plan_chat_ended(state, plan->second, ctx);
}

/// A mirror without members of ours ends when its home says so.
void arm_end(State& state, const Group& group) {
  const bool waits = group.home && std::all_of(group.members.begin(), group.members.end(),
                                               [](const auto& member) { return is_remote(member.first); });
  if (group.ends_ms && !waits) state.timers.set({TimerKind::group_end, group.id.str()}, *group.ends_ms);
}

/// Says until when its details are kept; before its plan is released.
void note_end(State& state, Group& group, const std::string& reason, Context& ctx) {
  group.ended_ms = ctx.now;
  group.end_reason = reason;
  group.keep_until_ms = ctx.now + state.plan_of(group).keep_ms;
}

void arm_forgetting(State& state, const Group& group) {
  state.timers.set({TimerKind::group_forget, group.id.str()}, group.keep_until_ms);
}

/// Of an ended group: nobody waits until members of other sites have heard of it.
void let_strangers_go(State& state, Group& group, Context& ctx) {
  group.sites.clear();
  for (const auto& [key, relayed] : group.relayed) ctx.fx.relayed.insert({group.id, key});
  group.relayed.clear();
  for (const UserId& user : members_of(group)) {
    if (!is_remote(user)) continue;
    group.members.erase(user);
    ctx.fx.members.insert({group.id, user});
    forget_stranger(state, user, ctx);
  }
}

/// Ends a group of which no phone has heard.
void dismiss(State& state, Group& group, const std::string& reason, Context& ctx) {
  cancel_timers(state, group);
  withdraw_invitations(state, group, ctx);
  drop_kept(state, group, ctx);
  forget_met(state, group, ctx);
  group.state = GroupState::retired;
  note_end(state, group, reason, ctx);
  arm_forgetting(state, group);
  release_plan(state, group, ctx);
  ctx.fx.groups.insert(group.id);
  ctx.event(EndEvent{group.id, group.plan, reason});
  ctx.event(RetiredEvent{group.id});
}

}  // namespace

void wait_to_open(State& state, Group& group, GroupState as, TimeMs until, Context& ctx) {
  group.state = as;
  group.opens_ms = until;
  state.timers.set({TimerKind::group_open, group.id.str()}, until);
  ctx.fx.groups.insert(group.id);
}

void open_group(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  const Plan& plan = state.plan_of(group);
  state.timers.cancel({TimerKind::group_open, group.id.str()});
  group.started_ms = group.watched_from_ms = group.warned_up_to_ms = ctx.now;
  const KnownEnd end = known_end(plan, ctx.now);
  if (end.at_ms) group.ends_ms = closes_at(plan.end_timing, *end.at_ms);
  group.end_kind = end.kind;
  if (end.at_ms && std::holds_alternative<Spread>(plan.end_timing)) group.spread_from_ms = end.at_ms;
  group.rules = plan.chat.rules;
  open_with(state, group, chosen, ctx);
}

void open_with(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  group.state = GroupState::open;
  for (const Chosen& c : chosen) enroll(state, group, c.user, c.why, ctx);
  group.version = 1;
  ctx.fx.groups.insert(group.id);
  feed_opened(group, ctx);
  roster_publish_all(state, group, ctx, true);
  const std::vector<UserId> members = members_of(group);
  tell_newly_hidden(state, group, members, ctx);
  tell_start(state, group, members, ctx);
  arm_group_timers(state, group, ctx.now);
  share_joined(state, group, members, ctx);
  ctx.event(StartEvent{group.plan, group.id, group.name, group.reasons, group.members.size()});
}

StartOutcome start_group(State& state, PlanRecord& record, const std::string& reason, const std::string& key,
                         Context& ctx) {
  if (!key.empty())
    if (auto it = state.start_keys.find({record.plan.id, key}); it != state.start_keys.end())
      return {StartResult::same_key, it->second};
  if (record.live) {
    Group& live = *state.group(*record.live);
    if (live.reasons.size() < kMaxReasons) live.reasons.push_back(reason);
    keep_key(state, live, key);
    ctx.fx.groups.insert(live.id);
    return {StartResult::already_live, live.id};
  }
  const TimeMs opens_ms = opens_at(record.plan.start_timing, ctx.now);
  if (over(record.plan, opens_ms)) return {StartResult::over, {}};
  drop_used_ids(state, ctx);
  if (ctx.fresh_ids.empty()) return {StartResult::put_off, {}};
  const bool now = opens_ms == ctx.now;
  Passed passed;
  std::vector<Chosen> chosen;
  if (now) chosen = choose(state, record.plan, ctx.fresh_ids.front(), ctx.now, passed);
  if (now && chosen.empty() && sites_asked(record.plan).empty()) {
    ctx.event(NoMembersEvent{record.plan.id, reason});
    return {};
  }
  Group& group = new_group(state, record, reason, key, ctx);
  if (now) keep_selection(state, group, passed, ctx);
  if (now)
    gather(state, group, chosen, ctx);
  else
    wait_to_open(state, group, GroupState::scheduled, opens_ms, ctx);
  if (group.state == GroupState::open) return {StartResult::started, group.id};
  ctx.event(ScheduledEvent{group.plan, group.id, group.opens_ms, group.reasons});
  return {StartResult::scheduled, group.id};
}

void tell_all_reasons(const State& state, Effects& fx) {
  const auto tell = [&](auto& event) {
    if (const Group* group = state.group(event.group)) event.reasons = group->reasons;
  };
  for (Event& event : fx.events) {
    if (auto* start = std::get_if<StartEvent>(&event.body)) tell(*start);
    if (auto* later = std::get_if<ScheduledEvent>(&event.body)) tell(*later);
  }
}

void open_due(State& state, Group& group, Context& ctx) {
  if (open_with_candidates(state, group, ctx)) return;
  if (group.state == GroupState::gathering) return dismiss(state, group, "no-members", ctx);
  if (group.state != GroupState::scheduled) return;
  if (over(state.plan_of(group), ctx.now)) return dismiss(state, group, "set-time", ctx);
  Passed passed;
  const std::vector<Chosen> chosen = choose(state, state.plan_of(group), group.id, ctx.now, passed);
  keep_selection(state, group, passed, ctx);
  if (chosen.empty() && sites_asked(state.plan_of(group)).empty())
    return dismiss(state, group, "no-members", ctx);
  gather(state, group, chosen, ctx);
}

void end_group(State& state, Group& group, const std::string& reason, Context& ctx) {
  if (group.state != GroupState::open) return dismiss(state, group, reason, ctx);
  cancel_timers(state, group);
  withdraw_invitations(state, group, ctx);
  group.state = GroupState::ending;
  note_end(state, group, reason, ctx);
  ++group.version;
  // The inbox first: it says why. The tombstone is for whom that does not reach.
  tell_end(state, group, members_of(group), reason, ctx);
  messages::RosterHead tombstone = roster_head(state, group);
  tombstone.state = GroupState::retired;
  ctx.publish({topics::head_topic(state.site, group.id), encode(tombstone)});
  share_end(state, group, reason, ctx);
  drop_kept(state, group, ctx);
  forget_met(state, group, ctx);
  roster_clear(state, group, ctx);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedRetire{group.id.str()}}, group.id});
  for (const auto& [user, member] : group.members) {
    if (User* u = state.user(user)) u->groups.erase(group.id);
    note_membership(state, group, user);
    ctx.fx.past[{group.id, user}] = past_member(group, member, reason, ctx.now);
  }
  let_strangers_go(state, group, ctx);
  release_plan(state, group, ctx);
  group.pages.clear();
  group.touched.clear();
  group.gone.clear();
  group.unsent = false;
  group.message_keys.clear();
  group.stays.clear();
  group.turned_away.clear();
  group.unarchived.clear();
  group.resends = 0;
  arm_resend(state, group, ctx.now);
  ctx.fx.groups.insert(group.id);
  ctx.event(EndEvent{group.id, group.plan, reason});
}

void group_retired(State& state, const GroupId& id, Context& ctx) {
  Group* group = state.group(id);
  if (!group || group->state != GroupState::ending) return;
  group->state = GroupState::retired;
  arm_forgetting(state, *group);
  ctx.fx.groups.insert(id);
  ctx.event(RetiredEvent{id});
}

void forget_due(State& state, Group& group, Context& ctx) {
  constexpr std::size_t kMaxAtOnce = 100;
  if (group.state != GroupState::retired) return;
  if (ctx.fx.forgotten.size() >= kMaxAtOnce)
    return state.timers.set({TimerKind::group_forget, group.id.str()}, ctx.now + 1);
  const GroupId id = group.id;
  state.timers.cancel({TimerKind::resend, id.str()});
  for (const std::string& key : group.start_keys) state.start_keys.erase({group.plan, key});
  state.groups.erase(id);
  state.tombstones.insert(id);
  ctx.fx.groups.insert(id);
  ctx.fx.forgotten.insert(id);
}

void set_end(State& state, Group& group, TimeMs ends_ms, const std::string& kind, Context& ctx) {
  group.ends_ms = ends_ms;
  group.end_kind = kind;
  arm_end(state, group);
  roster_touch_head(state, group, ctx);
  share_head(state, group, ctx);
  for (auto& [user, member] : group.members) {
    const auto before = member.ends_ms;
    renew_member_end(state, group, user, member);
    if (member.ends_ms == before) continue;
    ctx.fx.members.insert({group.id, user});
    roster_touch(state, group, user, ctx);
  }
  watch_ends(state, group);
  arm_warning(state, group);
}

bool extend_group(State& state, Group& group, TimeMs ends_ms, Context& ctx) {
  if (ends_ms > kMaxTimeMs) return false;
  group.watched_from_ms = group.warned_up_to_ms = ctx.now;
  group.spread_from_ms.reset();
  set_end(state, group, ends_ms, "staff", ctx);
  return true;
}

void arm_group_timers(State& state, const Group& group, TimeMs now) {
  arm_invitations(state, group);
  if (group.state == GroupState::scheduled || group.state == GroupState::gathering)
    return state.timers.set({TimerKind::group_open, group.id.str()}, group.opens_ms);
  if (group.state == GroupState::retired) arm_forgetting(state, group);
  if (!group.members.empty()) arm_resend(state, group, now);
  if (group.state != GroupState::open) return;
  watch_ends(state, group);
  arm_warning(state, group);
  arm_notices(state, group, now);
  arm_end(state, group);
  for (const auto& [user, member] : group.members) {
    if (member.ends_ms)
      state.timers.set({TimerKind::member_end, group.id.str() + "/" + user.str()}, *member.ends_ms);
    if (member.leaves_ms)
      state.timers.set({TimerKind::member_leave, group.id.str() + "/" + user.str()}, *member.leaves_ms);
  }
}

}  // namespace convoke::core
