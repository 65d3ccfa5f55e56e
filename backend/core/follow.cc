#include "backend/core/follow.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "backend/core/audience.h"
#include "backend/core/members.h"

namespace convoke::core {
namespace {

TimerKey leave_timer(const Group& group, const UserId& user) {
  return {TimerKind::member_leave, group.id.str() + "/" + user.str()};
}

void set_leaving(State& state, Group& group, const UserId& user, std::optional<TimeMs> at, Context& ctx) {
  Member& member = group.members.at(user);
  if (member.leaves_ms.has_value() == at.has_value()) return;
  member.leaves_ms = at;
  ctx.fx.members.insert({group.id, user});
  if (at)
    state.timers.set(leave_timer(group, user), *at);
  else
    state.timers.cancel(leave_timer(group, user));
}

/// Presence draws in, but does not send away: who is busy for a while is still a member.
void follow(State& state, Group& group, const User& user, Context& ctx) {
  if (state.erased_ms.contains(user.id)) return;
  const Plan& plan = state.plan_of(group);
  const auto member = group.members.find(user.id);
  const bool is_member = member != group.members.end();
  const std::string why = qualifies(state, plan, user, ctx.now, is_member);
  if (is_member) {
    if (member->second.by_hand) return;
    return set_leaving(state, group, user.id,
                       why.empty() ? std::optional(ctx.now + *plan.audience.follow_ms) : std::nullopt, ctx);
  }
  if (why.empty() || group.invited.contains(user.id) || group.kept_out.contains(user.id)) return;
  if (group.members.size() + group.invited.size() < plan.audience.max)
    admit(state, group, {{user.id, why}}, ctx);
}

}  // namespace

void follow_user(State& state, const UserId& id, Context& ctx) {
  std::vector<GroupId> following;
  for (const auto& [plan, record] : state.plans) {
    const Group* group = record.live ? state.group(*record.live) : nullptr;
    if (group && group->state == GroupState::open && state.plan_of(*group).audience.follow_ms)
      following.push_back(group->id);
  }
  for (const GroupId& group : following) {
    const User* user = state.user(id);
    Group* live = state.live_group(group);
    if (user && live) follow(state, *live, *user, ctx);
  }
}

void leave_due(State& state, Group& group, const UserId& user, Context& ctx) {
  const auto member = group.members.find(user);
  if (member == group.members.end() || !member->second.leaves_ms) return;
  const User* u = state.user(user);
  if (u && !qualifies(state, state.plan_of(group), *u, ctx.now, true).empty())
    return set_leaving(state, group, user, std::nullopt, ctx);
  remove_member(state, group, user, "not-qualified", ctx);
}

void note_area_left(State& state, User& user, const AreaId& area, Context& ctx) {
  if (asked_after_leaving(state, area) == 0) return;
  user.left[area] = ctx.now;
  state.left[area][user.id] = ctx.now;
  arm_forgetting(state, user);
}

void note_area_entered(State& state, User& user, const AreaId& area) {
  if (user.left.erase(area) == 0) return;
  state.left[area].erase(user.id);
  arm_forgetting(state, user);
}

void forget_areas_left(State& state, const UserId& id, Context& ctx) {
  User* user = state.user(id);
  if (!user) return;
  const auto over = [&](const auto& left) {
    return left.second + asked_after_leaving(state, left.first) < ctx.now;
  };
  for (const auto& left : user->left)
    if (over(left)) state.left[left.first].erase(id);
  if (std::erase_if(user->left, over) > 0) ctx.fx.users.insert(id);
  arm_forgetting(state, *user);
  follow_user(state, id, ctx);
}

void arm_forgetting(State& state, const User& user) {
  const TimerKey timer{TimerKind::forget_areas, user.id.str()};
  std::optional<TimeMs> next;
  for (const auto& [area, left] : user.left) {
    const TimeMs at = left + asked_after_leaving(state, area) + 1;
    next = std::min(at, next.value_or(at));
  }
  if (next)
    state.timers.set(timer, *next);
  else
    state.timers.cancel(timer);
}

void arm_all_forgetting(State& state) {
  std::set<UserId> users;
  for (const auto& [area, left] : state.left)
    for (const auto& [user, at] : left) users.insert(user);
  for (const UserId& id : users)
    if (const User* user = state.user(id)) arm_forgetting(state, *user);
}

}  // namespace convoke::core
