#include "backend/core/organizer.h"

#include <algorithm>

#include "backend/core/announce.h"
#include "backend/core/audience.h"
#include "backend/core/moderation.h"
#include "backend/core/roster.h"
#include "backend/core/triggers.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr TimeMs kFirstResendMs = 10'000;
constexpr int kMaxResends = 6;  // 10 s, 20 s, … about ten minutes; after that the phone's resume tells it
constexpr std::size_t kMaxReasons = 32;
constexpr std::size_t kMaxKeys = 256;
constexpr TimeMs kHoldingEventMs = 300;
constexpr std::size_t kFeedUsersBytes = 16'000;  // user names in one feed operation
constexpr std::size_t kFeedUsers = 500;

/// When a chat that starts now ends, and why; no time if the plan has no end.
struct FirstEnd {
  std::optional<TimeMs> at_ms;
  const char* kind = "";
};
FirstEnd first_end(const Plan& plan, TimeMs now) {
  FirstEnd first;
  for (const End& end : plan.ends) {
    const auto* after = std::get_if<AfterDuration>(&end);
    const TimeMs at = after ? now + after->duration_ms : std::get<AtTime>(end).at_ms;
    if (!first.at_ms || at < *first.at_ms) first = {at, after ? "duration" : "set-time"};
  }
  return first;
}

/// Gives the member an ending time of their own, with its timer, where the user's longest chat is over before
/// the group is; it counts from when they came.
void set_member_end(State& state, const Group& group, const UserId& user, Member& member) {
  const User* u = state.user(user);
  const TimerKey timer{TimerKind::member_end, group.id.str() + "/" + user.str()};
  member.ends_ms.reset();
  state.timers.cancel(timer);
  if (!u || !u->chat_duration_ms) return;
  const TimeMs joined = member.joined_ms ? member.joined_ms : group.started_ms;
  const TimeMs at = joined + *u->chat_duration_ms;
  if (group.ends_ms && at >= *group.ends_ms) return;
  member.ends_ms = at;
  state.timers.set(timer, at);
}

/// Adds the member to the records, not to anything published.
void enroll(State& state, Group& group, const UserId& id, const std::string& why, Context& ctx) {
  User& user = state.users[id];
  if (user.id.empty()) {
    user.id = id;
    ctx.fx.users.insert(id);
  }
  user.groups.insert(group.id);
  Member& member = group.members[id];
  member.why = why;
  member.joined_ms = ctx.now;
  set_member_end(state, group, id, member);
  if (user.presence == PresenceState::available) ++group.available;
  roster_place(state, group, id);
  ctx.fx.members.insert({group.id, id});
}

/// The members as feed operations of bounded size.
std::vector<messages::FeedOp> feed_adds(const Group& group) {
  std::vector<messages::FeedOp> ops;
  messages::FeedAdd add{group.id.str(), {}};
  std::size_t bytes = 0;
  for (const auto& [user, member] : group.members) {
    add.users.push_back(user.str());
    bytes += user.str().size() + 3;
    if (bytes < kFeedUsersBytes && add.users.size() < kFeedUsers) continue;
    ops.emplace_back(std::exchange(add, {group.id.str(), {}}));
    bytes = 0;
  }
  if (!add.users.empty()) ops.emplace_back(std::move(add));
  return ops;
}

void tell_start(const State& state, const Group& group, const UserId& user, bool durable, Context& ctx) {
  ctx.publish({topics::inbox_topic(state.site, user),
               encode(messages::InboxMessage(chat_start(state, group))), 1, false, durable});
}

void tell_end(const State& state, const Group& group, const UserId& user, const std::string& reason,
              bool durable, Context& ctx) {
  const TimeMs at = group.ended_ms ? group.ended_ms : ctx.now;
  ctx.publish({topics::inbox_topic(state.site, user),
               encode(messages::InboxMessage(chat_end(group, reason, at))), 1, false, durable});
}

void cancel_timers(State& state, const Group& group) {
  for (TimerKind kind :
       {TimerKind::group_end, TimerKind::roster_flush, TimerKind::holding_event, TimerKind::notice_repeat})
    state.timers.cancel({kind, group.id.str()});
  for (const auto& [user, member] : group.members)
    if (member.ends_ms) state.timers.cancel({TimerKind::member_end, group.id.str() + "/" + user.str()});
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

Group& new_group(State& state, PlanRecord& record, const std::string& reason, const std::string& key,
                 Context& ctx) {
  const GroupId id = ctx.fresh_ids.front();
  ctx.fresh_ids.pop_front();
  Group& group = state.groups[id];
  group.id = id;
  group.plan = record.plan.id;
  group.name = record.plan.name;
  group.started_ms = ctx.now;
  group.reasons = {reason};
  keep_key(state, group, key);
  record.live = id;
  const FirstEnd end = first_end(record.plan, ctx.now);
  group.ends_ms = end.at_ms;
  group.end_kind = end.kind;
  return group;
}

}  // namespace

messages::ChatStart chat_start(const State& state, const Group& group) { return {roster_head(state, group)}; }

messages::ChatEnd chat_end(const Group& group, const std::string& reason, TimeMs at) {
  return {group.id.str(), group.plan.str(), reason, at};
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
  if (const auto ends = first_end(record.plan, ctx.now).at_ms; ends && *ends <= ctx.now)
    return {StartResult::over, {}};
  if (ctx.fresh_ids.empty()) return {StartResult::put_off, {}};
  const std::vector<Chosen> chosen = select_audience(state, record.plan.audience);
  if (chosen.empty()) {
    ctx.event(NoMembersEvent{record.plan.id, reason});
    return {};
  }
  Group& group = new_group(state, record, reason, key, ctx);
  for (const Chosen& c : chosen) enroll(state, group, c.user, c.why, ctx);
  group.version = 1;
  ctx.fx.groups.insert(group.id);
  for (auto& op : feed_adds(group)) ctx.fx.out.emplace_back(FeedChange{{std::move(op)}});
  roster_publish_all(state, group, ctx, true);
  for (const Chosen& c : chosen) tell_start(state, group, c.user, true, ctx);
  arm_group_timers(state, group, ctx.now);
  ctx.event(StartEvent{group.plan, group.id, group.name, group.reasons, group.members.size()});
  return {StartResult::started, group.id};
}

void end_group(State& state, Group& group, const std::string& reason, Context& ctx) {
  cancel_timers(state, group);
  group.state = GroupState::ending;
  group.ended_ms = ctx.now;
  group.end_reason = reason;
  ++group.version;
  messages::RosterHead tombstone = roster_head(state, group);
  tombstone.state = GroupState::retired;
  ctx.publish({topics::head_topic(state.site, group.id), encode(tombstone)});
  for (const auto& [user, member] : group.members) tell_end(state, group, user, reason, true, ctx);
  roster_clear(state, group, ctx);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedRetire{group.id.str()}}, group.id});
  for (const auto& [user, member] : group.members)
    if (User* u = state.user(user)) u->groups.erase(group.id);
  if (auto plan = state.plans.find(group.plan); plan != state.plans.end() && plan->second.live == group.id) {
    plan->second.live.reset();
    plan_chat_ended(state, plan->second, ctx);
  }
  group.pages.clear();
  group.touched.clear();
  group.gone.clear();
  group.unsent = false;
  group.message_keys.clear();
  group.unarchived.clear();
  group.resends = 0;
  state.timers.set({TimerKind::resend, group.id.str()}, ctx.now + kFirstResendMs);
  ctx.fx.groups.insert(group.id);
  ctx.event(EndEvent{group.id, group.plan, reason});
}

void group_retired(State& state, const GroupId& id, Context& ctx) {
  Group* group = state.group(id);
  if (!group || group->state != GroupState::ending) return;
  group->state = GroupState::retired;
  ctx.fx.groups.insert(id);
  ctx.event(RetiredEvent{id});
}

bool extend_group(State& state, Group& group, TimeMs ends_ms, Context& ctx) {
  if (ends_ms > kMaxTimeMs) return false;
  group.ends_ms = ends_ms;
  group.end_kind = "staff";
  state.timers.set({TimerKind::group_end, group.id.str()}, ends_ms);
  roster_touch_head(state, group, ctx);
  for (auto& [user, member] : group.members) {
    const auto before = member.ends_ms;
    set_member_end(state, group, user, member);
    if (member.ends_ms == before) continue;
    ctx.fx.members.insert({group.id, user});
    roster_touch(state, group, user, ctx);
  }
  return true;
}

void add_member(State& state, Group& group, const UserId& user, const std::string& why, Context& ctx) {
  if (group.members.contains(user) || group.banned.contains(user)) return;
  // A phone takes a chat up again that was over for it only at a version that it cannot have held before.
  if (group.gone.contains(user)) roster_flush(state, group, ctx);
  enroll(state, group, user, why, ctx);
  group.members[user].since_version = group.version;
  roster_touch(state, group, user, ctx);
  ctx.fx.groups.insert(group.id);
  FeedChange fed{{messages::FeedAdd{group.id.str(), {user.str()}}}};
  if (const topics::Standing standing = standing_of(group, user); standing != topics::Standing::member)
    fed.ops.emplace_back(messages::FeedStanding{group.id.str(), standing, {user.str()}});
  ctx.fx.out.emplace_back(std::move(fed));
  tell_start(state, group, user, true, ctx);
  state.timers.set_if_unset({TimerKind::resend, group.id.str()}, ctx.now + kFirstResendMs);
}

void remove_member(State& state, Group& group, const UserId& user, const std::string& reason, Context& ctx) {
  if (!group.members.contains(user)) return;
  if (group.members.size() == 1) return end_group(state, group, reason == "duration" ? reason : "empty", ctx);
  roster_take(state, group, user, ctx);
  User* u = state.user(user);
  if (u) u->groups.erase(group.id);
  if (u && u->presence == PresenceState::available) --group.available;
  state.timers.cancel({TimerKind::member_end, group.id.str() + "/" + user.str()});
  group.members.erase(user);
  ctx.fx.members.insert({group.id, user});
  ctx.fx.groups.insert(group.id);
  tell_end(state, group, user, reason, true, ctx);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedRemove{group.id.str(), {user.str()}}}});
}

void phone_holds(State& state, const UserId& user, const GroupId& id, std::uint64_t version, bool ended,
                 Context& ctx) {
  Group* group = state.group(id);
  if (!group) return;
  auto it = group->members.find(user);
  if (it == group->members.end()) return;
  if (group->state != GroupState::open) {
    if (!ended) return;
    group->members.erase(it);
    ctx.fx.members.insert({id, user});
    return;
  }
  // What a phone says late, of a time when the user was a member before, is no news of this one.
  if (ended || version > group->version || version < it->second.since_version) return;
  if (version <= it->second.held_version) return;
  it->second.held_version = version;
  ctx.fx.members.insert({id, user});
  state.timers.set_if_unset({TimerKind::holding_event, id.str()}, ctx.now + kHoldingEventMs);
}

void resend(State& state, Group& group, Context& ctx) {
  const bool open = group.state == GroupState::open;
  bool anyone = false;
  for (const auto& [id, member] : group.members) {
    if (open && member.held_version > 0) continue;
    anyone = true;
    const User* user = state.user(id);
    if (!user || user->presence == PresenceState::offline) continue;
    if (open)
      tell_start(state, group, id, false, ctx);
    else
      tell_end(state, group, id, group.end_reason, false, ctx);
  }
  if (!anyone || ++group.resends >= kMaxResends) return;
  state.timers.set({TimerKind::resend, group.id.str()}, ctx.now + (kFirstResendMs << group.resends));
}

std::size_t holding(const Group& group) {
  return static_cast<std::size_t>(std::count_if(group.members.begin(), group.members.end(),
                                                [](const auto& m) { return m.second.held_version > 0; }));
}

std::vector<messages::FeedOp> full_feed(const State& state) {
  std::vector<messages::FeedOp> ops{messages::FeedBegin{}};
  for (const auto& [id, group] : state.groups) {
    if (group.state != GroupState::open) continue;
    for (auto& op : feed_adds(group)) ops.push_back(std::move(op));
    for (auto& op : feed_moderation(group)) ops.push_back(std::move(op));
  }
  ops.emplace_back(messages::FeedReady{});
  return ops;
}

void arm_group_timers(State& state, const Group& group, TimeMs now) {
  state.timers.set({TimerKind::resend, group.id.str()}, now + kFirstResendMs);
  if (group.state != GroupState::open) return;
  arm_notices(state, group, now);
  if (group.ends_ms) state.timers.set({TimerKind::group_end, group.id.str()}, *group.ends_ms);
  for (const auto& [user, member] : group.members)
    if (member.ends_ms)
      state.timers.set({TimerKind::member_end, group.id.str() + "/" + user.str()}, *member.ends_ms);
}

}  // namespace convoke::core
