#include "backend/core/organizer.h"

#include <algorithm>

#include "backend/core/announce.h"
#include "backend/core/blocks.h"
#include "backend/core/chat_archive.h"
#include "backend/core/end_detector.h"
#include "backend/core/follow.h"
#include "backend/core/invitations.h"
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

/// Where the plan spreads the end, each member has a moment of their own in it, which their id decides.
TimeMs spread_end(const Group& group, const UserId& user) {
  constexpr std::uint64_t kParts = 1000;
  const TimeMs from = *group.spread_from_ms, over = *group.ends_ms - from;
  return from + over * static_cast<TimeMs>(message_key(group.id.str(), user.str()) % kParts) /
                    static_cast<TimeMs>(kParts);
}

/// The member's ending time, where it is not the group's: the user's longest chat, which counts from when
/// they came, or their moment of a spread end.
std::optional<TimeMs> own_end(const State& state, const Group& group, const UserId& user,
                              const Member& member) {
  std::optional<TimeMs> at;
  const User* u = state.user(user);
  if (u && u->chat_duration_ms)
    at = (member.joined_ms ? member.joined_ms : group.started_ms) + *u->chat_duration_ms;
  if (group.spread_from_ms && group.ends_ms) {
    const TimeMs spread = spread_end(group, user);
    at = std::min(spread, at.value_or(spread));
  }
  return group.ends_ms && at >= group.ends_ms ? std::nullopt : at;
}

void set_member_end(State& state, const Group& group, const UserId& user, Member& member) {
  const TimerKey timer{TimerKind::member_end, group.id.str() + "/" + user.str()};
  member.ends_ms = own_end(state, group, user, member);
  if (member.ends_ms)
    state.timers.set(timer, *member.ends_ms);
  else
    state.timers.cancel(timer);
}

/// The audience does not draw the user in again. The record has them all, so there is a limit; beyond it
/// those first in order may be drawn in.
void keep_out(Group& group, const UserId& user) {
  constexpr std::size_t kMaxKeptOut = 1000;
  group.kept_out.insert(user);
  if (group.kept_out.size() > kMaxKeptOut) group.kept_out.erase(group.kept_out.begin());
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
  begin_standing(state, group, user, ctx.now);
  roster_place(state, group, id);
  ctx.fx.members.insert({group.id, id});
}

/// Members as feed operations of bounded size.
std::vector<messages::FeedOp> feed_adds(const GroupId& group, const std::vector<UserId>& members) {
  std::vector<messages::FeedOp> ops;
  messages::FeedAdd add{group.str(), {}};
  std::size_t bytes = 0;
  for (const UserId& user : members) {
    add.users.push_back(user.str());
    bytes += user.str().size() + 3;
    if (bytes < kFeedUsersBytes && add.users.size() < kFeedUsers) continue;
    ops.emplace_back(std::exchange(add, {group.str(), {}}));
    bytes = 0;
  }
  if (!add.users.empty()) ops.emplace_back(std::move(add));
  return ops;
}

/// Who has another standing than `member` gets it in the same change.
void feed_added(const Group& group, const std::vector<UserId>& added, Context& ctx) {
  std::vector<UserId> plain;
  for (const UserId& user : added) {
    const topics::Standing standing = standing_of(group, user);
    if (standing == topics::Standing::member)
      plain.push_back(user);
    else
      ctx.fx.out.emplace_back(FeedChange{{messages::FeedAdd{group.id.str(), {user.str()}},
                                          messages::FeedStanding{group.id.str(), standing, {user.str()}}}});
  }
  for (auto& op : feed_adds(group.id, plain)) ctx.fx.out.emplace_back(FeedChange{{std::move(op)}});
}

std::vector<UserId> members_of(const Group& group) {
  std::vector<UserId> users;
  for (const auto& [user, member] : group.members) users.push_back(user);
  return users;
}

/// What a start or an end says; the same to each member, so it is made once for all.
std::string start_words(const State& state, const Group& group) {
  return encode(messages::InboxMessage(chat_start(state, group)));
}
std::string end_words(const Group& group, const std::string& reason, TimeMs now) {
  return encode(messages::InboxMessage(chat_end(group, reason, group.ended_ms ? group.ended_ms : now)));
}

void tell(const State& state, const UserId& user, const std::string& words, bool durable, Context& ctx) {
  ctx.publish({topics::inbox_topic(state.site, user), words, 1, false, durable});
}

void cancel_timers(State& state, const Group& group) {
  for (TimerKind kind :
       {TimerKind::group_open, TimerKind::group_end, TimerKind::group_watch, TimerKind::group_warn,
        TimerKind::roster_flush, TimerKind::holding_event, TimerKind::notice_repeat})
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

void wait_to_open(State& state, Group& group, GroupState as, TimeMs until, Context& ctx) {
  group.state = as;
  group.opens_ms = until;
  state.timers.set({TimerKind::group_open, group.id.str()}, until);
  ctx.fx.groups.insert(group.id);
}

/// Opens the group with its first members.
void open(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  const Plan& plan = state.plan_of(group);
  state.timers.cancel({TimerKind::group_open, group.id.str()});
  group.state = GroupState::open;
  group.started_ms = group.watched_from_ms = group.warned_up_to_ms = ctx.now;
  const KnownEnd end = known_end(plan, ctx.now);
  if (end.at_ms) group.ends_ms = closes_at(plan.end_timing, *end.at_ms);
  group.end_kind = end.kind;
  if (end.at_ms && std::holds_alternative<Spread>(plan.end_timing)) group.spread_from_ms = end.at_ms;
  group.rules = plan.chat.rules;
  for (const Chosen& c : chosen) enroll(state, group, c.user, c.why, ctx);
  group.version = 1;
  ctx.fx.groups.insert(group.id);
  for (auto& op : feed_adds(group.id, members_of(group)))
    ctx.fx.out.emplace_back(FeedChange{{std::move(op)}});
  for (auto& op : feed_moderation(group)) ctx.fx.out.emplace_back(FeedChange{{std::move(op)}});
  roster_publish_all(state, group, ctx, true);
  tell_newly_hidden(state, group, members_of(group), ctx);
  const std::string words = start_words(state, group);
  for (const Chosen& c : chosen) tell(state, c.user, words, true, ctx);
  arm_group_timers(state, group, ctx.now);
  ctx.event(StartEvent{group.plan, group.id, group.name, group.reasons, group.members.size()});
}

/// Who of the chosen comes in at once; the others are invited.
std::vector<Chosen> first_of(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  const StartTiming& timing = state.plan_of(group).start_timing;
  const auto* spread = std::get_if<Spread>(&timing);
  const auto* next = std::get_if<NextAvailable>(&timing);
  std::vector<Chosen> first;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Chosen& c = chosen[i];
    const User* user = state.user(c.user);
    const auto at =
        spread ? ctx.now + spread->over_ms * static_cast<TimeMs>(i) / static_cast<TimeMs>(chosen.size())
               : ctx.now;
    if (next && !(user && user->presence == PresenceState::available))
      invite(state, group, c.user, {c.why, {}, ctx.now + next->within_ms}, ctx);
    else if (at > ctx.now)
      invite(state, group, c.user, {c.why, at, at}, ctx);
    else
      first.push_back(c);
  }
  arm_invitations(state, group);
  return first;
}

/// The group's id, which nobody can guess, draws the lot. Who is passed over is kept for whoever asks why.
std::vector<Chosen> choose(const State& state, const Plan& plan, const GroupId& group, Context& ctx) {
  std::vector<PassedOver> passed;
  const bool any_presence = std::holds_alternative<NextAvailable>(plan.start_timing);
  std::vector<Chosen> chosen = select_audience(state, plan, ctx.now, group.str(), any_presence, &passed);
  if (chosen.empty()) return chosen;
  for (const PassedOver& p : passed) ctx.fx.past[{group, p.user}] = {"", 0, ctx.now, p.why};
  return chosen;
}

/// Opens the group if one of the chosen can come at once; else it waits for the first.
void gather(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  const std::vector<Chosen> first = first_of(state, group, chosen, ctx);
  if (!first.empty()) return open(state, group, first, ctx);
  const TimeMs within_ms = std::get<NextAvailable>(state.plan_of(group).start_timing).within_ms;
  wait_to_open(state, group, GroupState::gathering, ctx.now + within_ms, ctx);
}

/// From now on the plan has no group that lives.
void release_plan(State& state, const Group& group, Context& ctx) {
  const auto plan = state.plans.find(group.plan);
  if (plan == state.plans.end() || plan->second.live != group.id) return;
  plan->second.live.reset();
  plan->second.running.reset();
  ctx.fx.plans.insert(group.plan);
  plan_chat_ended(state, plan->second, ctx);
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

PastMember past_member(const Group& group, const Member& member, const std::string& reason, TimeMs now) {
  return {member.why, member.joined_ms ? member.joined_ms : group.started_ms, now, reason};
}

/// Ends a group of which no phone has heard.
void dismiss(State& state, Group& group, const std::string& reason, Context& ctx) {
  cancel_timers(state, group);
  withdraw_invitations(state, group, ctx);
  group.state = GroupState::retired;
  note_end(state, group, reason, ctx);
  arm_forgetting(state, group);
  release_plan(state, group, ctx);
  ctx.fx.groups.insert(group.id);
  ctx.event(EndEvent{group.id, group.plan, reason});
  ctx.event(RetiredEvent{group.id});
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
  const TimeMs opens_ms = opens_at(record.plan.start_timing, ctx.now);
  if (over(record.plan, opens_ms)) return {StartResult::over, {}};
  drop_used_ids(state, ctx);
  if (ctx.fresh_ids.empty()) return {StartResult::put_off, {}};
  const bool now = opens_ms == ctx.now;
  const std::vector<Chosen> chosen =
      now ? choose(state, record.plan, ctx.fresh_ids.front(), ctx) : std::vector<Chosen>();
  if (now && chosen.empty()) {
    ctx.event(NoMembersEvent{record.plan.id, reason});
    return {};
  }
  Group& group = new_group(state, record, reason, key, ctx);
  if (now)
    gather(state, group, chosen, ctx);
  else
    wait_to_open(state, group, GroupState::scheduled, opens_ms, ctx);
  if (group.state == GroupState::open) return {StartResult::started, group.id};
  ctx.event(ScheduledEvent{group.plan, group.id, group.opens_ms, group.reasons});
  return {StartResult::scheduled, group.id};
}

void open_due(State& state, Group& group, Context& ctx) {
  if (group.state == GroupState::gathering) return dismiss(state, group, "no-members", ctx);
  if (group.state != GroupState::scheduled) return;
  if (over(state.plan_of(group), ctx.now)) return dismiss(state, group, "set-time", ctx);
  const std::vector<Chosen> chosen = choose(state, state.plan_of(group), group.id, ctx);
  if (chosen.empty()) return dismiss(state, group, "no-members", ctx);
  gather(state, group, chosen, ctx);
}

void end_group(State& state, Group& group, const std::string& reason, Context& ctx) {
  if (group.state != GroupState::open) return dismiss(state, group, reason, ctx);
  cancel_timers(state, group);
  withdraw_invitations(state, group, ctx);
  group.state = GroupState::ending;
  note_end(state, group, reason, ctx);
  ++group.version;
  messages::RosterHead tombstone = roster_head(state, group);
  tombstone.state = GroupState::retired;
  ctx.publish({topics::head_topic(state.site, group.id), encode(tombstone)});
  const std::string words = end_words(group, reason, ctx.now);
  for (const auto& [user, member] : group.members) tell(state, user, words, true, ctx);
  roster_clear(state, group, ctx);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedRetire{group.id.str()}}, group.id});
  for (const auto& [user, member] : group.members) {
    if (User* u = state.user(user)) u->groups.erase(group.id);
    ctx.fx.past[{group.id, user}] = past_member(group, member, reason, ctx.now);
  }
  release_plan(state, group, ctx);
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
  state.timers.set({TimerKind::group_end, group.id.str()}, ends_ms);
  roster_touch_head(state, group, ctx);
  for (auto& [user, member] : group.members) {
    const auto before = member.ends_ms;
    set_member_end(state, group, user, member);
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

void admit(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  for (const Chosen& c : chosen) withdraw_invitation(state, group, c.user, ctx);
  std::vector<UserId> added;
  for (const Chosen& c : chosen) {
    if (group.members.contains(c.user) || group.banned.contains(c.user)) continue;
    if (!kept_apart_from(state, group, c.user).empty()) continue;
    if (group.state == GroupState::gathering) {
      open(state, group, {c}, ctx);
      continue;
    }
    // A phone takes a chat up again that was over for it only at a version that it cannot have held before.
    if (group.gone.contains(c.user)) roster_flush(state, group, ctx);
    enroll(state, group, c.user, c.why, ctx);
    group.members[c.user].since_version = group.version;
    roster_touch(state, group, c.user, ctx);
    added.push_back(c.user);
  }
  ctx.fx.groups.insert(group.id);
  feed_added(group, added, ctx);
  tell_newly_hidden(state, group, added, ctx);
  const std::string words = start_words(state, group);
  for (const UserId& user : added) tell(state, user, words, true, ctx);
  state.timers.set_if_unset({TimerKind::resend, group.id.str()}, ctx.now + kFirstResendMs);
}

void add_member(State& state, Group& group, const UserId& user, const std::string& why, Context& ctx) {
  if (group.members.contains(user) || group.banned.contains(user)) return;
  if (!kept_apart_from(state, group, user).empty()) return;
  group.kept_out.erase(user);
  admit(state, group, {{user, why}}, ctx);
  group.members.at(user).by_hand = true;
}

void remove_member(State& state, Group& group, const UserId& user, const std::string& reason, Context& ctx) {
  if (!group.members.contains(user)) return;
  const bool by_hand = reason == "left" || reason == "removed";
  if (group.members.size() == 1 && group.invited.empty())
    return end_group(state, group, by_hand ? "empty" : reason, ctx);
  roster_take(state, group, user, ctx);
  User* u = state.user(user);
  if (u) u->groups.erase(group.id);
  if (u && u->presence == PresenceState::available) --group.available;
  for (const TimerKind kind : {TimerKind::member_end, TimerKind::member_leave})
    state.timers.cancel({kind, group.id.str() + "/" + user.str()});
  if (state.plan_of(group).audience.follow_ms && reason != "not-qualified") keep_out(group, user);
  ctx.fx.past[{group.id, user}] = past_member(group, group.members.at(user), reason, ctx.now);
  group.members.erase(user);
  ctx.fx.members.insert({group.id, user});
  ctx.fx.groups.insert(group.id);
  tell(state, user, end_words(group, reason, ctx.now), true, ctx);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedRemove{group.id.str(), {user.str()}}}});
  // Those who were kept apart from the user may come now.
  for (const UserId& other : std::set<UserId>(blocked_with(state, user))) follow_user(state, other, ctx);
}

void member_end_due(State& state, Group& group, const UserId& user, Context& ctx) {
  const bool spread = group.spread_from_ms && ctx.now >= *group.spread_from_ms;
  remove_member(state, group, user, spread ? group.end_kind : "duration", ctx);
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
  const std::string words = open ? start_words(state, group) : end_words(group, group.end_reason, ctx.now);
  bool anyone = false;
  for (const auto& [id, member] : group.members) {
    if (open && member.held_version > 0) continue;
    anyone = true;
    const User* user = state.user(id);
    if (!user || user->presence == PresenceState::offline) continue;
    tell(state, id, words, false, ctx);
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
    for (auto& op : feed_adds(id, members_of(group))) ops.push_back(std::move(op));
    for (auto& op : feed_moderation(group)) ops.push_back(std::move(op));
  }
  for (auto& op : feed_blocks(state)) ops.push_back(std::move(op));
  for (const auto& [mark, before_ms] : state.revocations)
    ops.emplace_back(messages::FeedRevoked{mark, before_ms});
  ops.emplace_back(messages::FeedReady{});
  return ops;
}

void arm_group_timers(State& state, const Group& group, TimeMs now) {
  arm_invitations(state, group);
  if (group.state == GroupState::scheduled || group.state == GroupState::gathering)
    return state.timers.set({TimerKind::group_open, group.id.str()}, group.opens_ms);
  if (group.state == GroupState::retired) arm_forgetting(state, group);
  if (!group.members.empty()) state.timers.set({TimerKind::resend, group.id.str()}, now + kFirstResendMs);
  if (group.state != GroupState::open) return;
  watch_ends(state, group);
  arm_warning(state, group);
  arm_notices(state, group, now);
  if (group.ends_ms) state.timers.set({TimerKind::group_end, group.id.str()}, *group.ends_ms);
  for (const auto& [user, member] : group.members) {
    if (member.ends_ms)
      state.timers.set({TimerKind::member_end, group.id.str() + "/" + user.str()}, *member.ends_ms);
    if (member.leaves_ms)
      state.timers.set({TimerKind::member_leave, group.id.str() + "/" + user.str()}, *member.leaves_ms);
  }
}

}  // namespace convoke::core
