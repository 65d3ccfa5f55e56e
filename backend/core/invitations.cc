#include "backend/core/invitations.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "backend/core/follow.h"
#include "backend/core/gathering.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/core/presence.h"
#include "backend/core/shared_groups.h"

namespace convoke::core {
namespace {

/// When the invitation is to be looked at.
TimeMs due(const Invitation& invitation) { return invitation.at_ms.value_or(invitation.until_ms); }

/// Some who were invited are not any more.
void there_is_room(State& state, Group& group, Context& ctx) {
  follow_turned_away(state, group.id, ctx);
  if (group.state == GroupState::open && group.members.empty() && group.invited.empty())
    end_group(state, group, "empty", ctx);
}

}  // namespace

void invite(State& state, Group& group, const UserId& user, Invitation invitation, Context& ctx) {
  ensure_user(state, user, ctx).invited.insert(group.id);
  group.invited[user] = std::move(invitation);
  ctx.fx.invited.insert({group.id, user});
}

void withdraw_invitation(State& state, Group& group, const UserId& user, Context& ctx) {
  if (group.invited.erase(user) == 0) return;
  if (User* u = state.user(user)) u->invited.erase(group.id);
  ctx.fx.invited.insert({group.id, user});
}

void withdraw_invitations(State& state, Group& group, Context& ctx) {
  while (!group.invited.empty()) {
    const auto [user, invitation] = *group.invited.begin();
    pass_over(group, user, invitation.at_ms ? kOver : kNotAvailable, ctx);
    withdraw_invitation(state, group, user, ctx);
    forget_stranger(state, user, ctx);
  }
  state.timers.cancel({TimerKind::invitations, group.id.str()});
}

void take_back_invitation(State& state, Group& group, const UserId& user, Context& ctx) {
  withdraw_invitation(state, group, user, ctx);
  forget_stranger(state, user, ctx);
  there_is_room(state, group, ctx);
}

std::optional<TimeMs> spread_moment(const State& state, const Group& group, const UserId& user, TimeMs now) {
  const auto* spread = std::get_if<Spread>(&state.plan_of(group).start_timing);
  if (!spread) return std::nullopt;
  const TimeMs left = std::max<TimeMs>(0, group.started_ms + spread->over_ms - now);
  const TimeMs wait = moment_in(group, user, left);
  return wait > 0 ? std::optional(now + wait) : std::nullopt;
}

void invited_is_available(State& state, const UserId& user, Context& ctx) {
  const User* u = state.user(user);
  if (!u) return;
  for (const GroupId& id : std::set<GroupId>(u->invited)) {
    Group& group = *state.group(id);
    const Invitation& invitation = group.invited.at(user);
    if (!invitation.at_ms && ctx.now <= invitation.until_ms)
      admit(state, group, {{user, invitation.why}}, ctx);
  }
}

void arm_invitations(State& state, const Group& group) {
  const TimerKey timer{TimerKind::invitations, group.id.str()};
  std::optional<TimeMs> next;
  for (const auto& [user, invitation] : group.invited) {
    if (draws(state, group)) break;  // they come in when it opens
    next = std::min(due(invitation), next.value_or(due(invitation)));
  }
  if (next)
    state.timers.set(timer, *next);
  else
    state.timers.cancel(timer);
}

void invitations_due(State& state, Group& group, Context& ctx) {
  std::vector<Chosen> admitted;
  std::vector<UserId> late;
  for (const auto& [user, invitation] : group.invited) {
    if (due(invitation) > ctx.now) continue;
    if (invitation.at_ms)
      admitted.push_back({user, invitation.why});
    else
      late.push_back(user);
  }
  for (const UserId& user : late) {
    pass_over(group, user, kNotAvailable, ctx);
    withdraw_invitation(state, group, user, ctx);
    forget_stranger(state, user, ctx);
  }
  if (!admitted.empty()) admit(state, group, admitted, ctx);
  for (const Chosen& c : admitted) forget_stranger(state, c.user, ctx);
  arm_invitations(state, group);
  there_is_room(state, group, ctx);
}

}  // namespace convoke::core
