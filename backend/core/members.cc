#include "backend/core/members.h"

#include <algorithm>
#include <optional>
#include <set>

#include "backend/core/blocks.h"
#include "backend/core/chat_archive.h"
#include "backend/core/delivery.h"
#include "backend/core/feed.h"
#include "backend/core/follow.h"
#include "backend/core/invitations.h"
#include "backend/core/kept_questions.h"
#include "backend/core/mirrors.h"
#include "backend/core/moderation.h"
#include "backend/core/organizer.h"
#include "backend/core/peers.h"
#include "backend/core/roster.h"
#include "backend/core/shared_groups.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

/// Where the plan spreads the end, each member has a moment of their own in it, which their id decides.
TimeMs spread_end(const Group& group, const UserId& user) {
  const TimeMs from = *group.spread_from_ms;
  return from + moment_in(group, user, *group.ends_ms - from);
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

/// The audience does not draw the user in again. The record has them all, so there is a limit; beyond it
/// those first in order may be drawn in.
void keep_out(Group& group, const UserId& user) {
  constexpr std::size_t kMaxKeptOut = 1000;
  group.kept_out.insert(user);
  if (group.kept_out.size() > kMaxKeptOut) group.kept_out.erase(group.kept_out.begin());
}

ChatPlace heard_up_to(const Group& group) { return {group.archive.epoch, group.archive.upto}; }

/// Notes what of the chat was said while they were in it.
void end_stay(Group& group, const UserId& user) {
  std::vector<Stay>& stays = group.stays[user];
  const Stay stay{group.members.at(user).from, heard_up_to(group)};
  if (stay.from < stay.to) stays.push_back(stay);
  if (stays.size() > kMaxStays) stays.erase(stays.begin());
}

/// What is kept of a member who goes.
void note_past(Group& group, const UserId& user, const std::string& reason, Context& ctx) {
  end_stay(group, user);
  PastMember& past = ctx.fx.past[{group.id, user}];
  past = past_member(group, group.members.at(user), reason, ctx.now);
  past.stays = group.stays.at(user);
}

/// Whether the group ends when this member goes. A mirror does with the last member here, unless more may
/// come.
bool is_last(const State& state, const Group& group, const UserId& user) {
  if (group.home) return !is_remote(user) && members_here(group) == 1 && !may_grow(state, group);
  return group.members.size() == 1 && group.invited.empty();
}

/// Why one who qualifies cannot come in; null: they can.
const char* why_out(const State& state, const Group& group, const UserId& user, TimeMs now) {
  if (!kept_apart_from(state, group, user).empty()) return kKeptApart;
  return over_for(state, group, user, now) ? kOver : nullptr;
}

}  // namespace

TimeMs moment_in(const Group& group, const UserId& user, TimeMs time) {
  constexpr std::uint64_t kParts = 1000;
  const auto part = static_cast<TimeMs>(message_key(group.id.str(), user.str()) % kParts);
  return time * part / static_cast<TimeMs>(kParts);
}

std::size_t room_in(const State& state, const Group& group) {
  const std::size_t there = group.members.size() + group.invited.size();
  const std::size_t max = state.plan_of(group).audience.max;
  return there < max ? max - there : 0;
}

bool over_for(const State& state, const Group& group, const UserId& user, TimeMs now) {
  Member as_if;
  as_if.joined_ms = now;
  return own_end(state, group, user, as_if).value_or(kMaxTimeMs) <= now;
}

void renew_member_end(State& state, const Group& group, const UserId& user, Member& member) {
  const TimerKey timer{TimerKind::member_end, group.id.str() + "/" + user.str()};
  member.ends_ms = own_end(state, group, user, member);
  if (member.ends_ms)
    state.timers.set(timer, *member.ends_ms);
  else
    state.timers.cancel(timer);
}

void enroll(State& state, Group& group, const UserId& id, const std::string& why, Context& ctx) {
  User& user = state.users[id];
  if (user.id.empty()) {
    user.id = id;
    user.known_ms = ctx.now;
    ctx.fx.users.insert(id);
  }
  user.groups.insert(group.id);
  group.turned_away.erase(id);
  group.kept_out.erase(id);
  Member& member = group.members[id];
  member.why = why;
  member.joined_ms = ctx.now;
  member.from = heard_up_to(group);
  renew_member_end(state, group, id, member);
  if (user.presence == PresenceState::available) ++group.available;
  if (is_remote(id)) {
    ++group.sites[site_of(id)];
    member.held_version = 1;  // their own site sees to it
  }
  begin_standing(state, group, user, ctx.now);
  roster_place(state, group, id);
  note_membership(state, group, id);
  ctx.fx.members.insert({group.id, id});
}

void admit(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  for (const Chosen& c : chosen) withdraw_invitation(state, group, c.user, ctx);
  std::vector<UserId> added;
  for (const Chosen& c : chosen) {
    if (group.members.contains(c.user) || group.banned.contains(c.user)) continue;
    if (const char* why = why_out(state, group, c.user, ctx.now)) {
      pass_over(group, c.user, why, ctx);
      continue;
    }
    if (group.state == GroupState::gathering) {
      open_group(state, group, {c}, ctx);
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
  tell_start(state, group, added, ctx);
  share_joined(state, group, added, ctx);
}

void add_member(State& state, Group& group, const UserId& user, const std::string& why, Context& ctx) {
  if (group.members.contains(user) || group.banned.contains(user)) return;
  if (why_out(state, group, user, ctx.now)) return;
  admit(state, group, {{user, why}}, ctx);
  group.members.at(user).by_hand = true;
}

void remove_member(State& state, Group& group, const UserId& user, const std::string& reason, Context& ctx) {
  if (!group.members.contains(user)) return;
  const bool by_hand = reason == "left" || reason == "removed";
  if (is_last(state, group, user)) return end_group(state, group, by_hand ? "empty" : reason, ctx);
  roster_take(state, group, user, ctx);
  User* u = state.user(user);
  if (u) u->groups.erase(group.id);
  if (u && u->presence == PresenceState::available) --group.available;
  if (is_remote(user) && --group.sites[site_of(user)] == 0) group.sites.erase(site_of(user));
  for (const TimerKind kind : {TimerKind::member_end, TimerKind::member_leave})
    state.timers.cancel({kind, group.id.str() + "/" + user.str()});
  const bool draws_in =
      group.home ? may_grow(state, group) : state.plan_of(group).audience.follow_ms.has_value();
  if (draws_in && reason != kNotQualified && reason != kPeerRemoved) keep_out(group, user);
  if (!state.erased_ms.contains(user)) note_past(group, user, reason, ctx);
  group.members.erase(user);
  note_membership(state, group, user);
  ctx.fx.members.insert({group.id, user});
  ctx.fx.groups.insert(group.id);
  tell_end(state, group, {user}, reason, ctx);
  share_left(state, group, user, reason, ctx);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedRemove{group.id.str(), {user.str()}}}});
  // Those who were kept apart from the user may come now.
  for (const UserId& other : std::set<UserId>(blocked_with(state, user))) follow_user(state, other, ctx);
  follow_turned_away(state, group.id, ctx);
  if (group.home && !is_remote(user) && members_here(group) == 0) nobody_is_here(state, group, reason, ctx);
  forget_stranger(state, user, ctx);
}

void member_end_due(State& state, Group& group, const UserId& user, Context& ctx) {
  const bool spread = group.spread_from_ms && ctx.now >= *group.spread_from_ms;
  remove_member(state, group, user, spread ? group.end_kind : "duration", ctx);
}

void pass_over(const Group& group, const UserId& user, const char* why, Context& ctx) {
  if (!group.stays.contains(user)) ctx.fx.past[{group.id, user}] = {"", 0, ctx.now, why};
}

PastMember past_member(const Group& group, const Member& member, const std::string& reason, TimeMs now) {
  return {member.why, member.joined_ms ? member.joined_ms : group.started_ms, now, reason};
}

}  // namespace convoke::core
