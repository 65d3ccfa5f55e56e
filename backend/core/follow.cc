#include "backend/core/follow.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/audience.h"
#include "backend/core/kept_questions.h"
#include "backend/core/members.h"
#include "backend/core/questions.h"
#include "backend/core/sites.h"

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

/// Why the user takes part; empty: they do not qualify. Presence draws in, but does not send away: who is
/// busy for a while is still a member. Of users of other sites these say what home cannot know.
std::string why_follows(const State& state, const Group& group, const User& user, TimeMs now) {
  const Plan& plan = state.plan_of(group);
  const bool met = group.met.contains(user.id);
  std::string why = qualifies(state, plan, user, now, met || group.members.contains(user.id));
  return why.empty() && met ? why_selected(state, plan, user.id, now) : why;
}

void follow(State& state, Group& group, const User& user, Context& ctx) {
  if (state.erased_ms.contains(user.id)) return;
  const Plan& plan = state.plan_of(group);
  const auto member = group.members.find(user.id);
  const std::string why = why_follows(state, group, user, ctx.now);
  if (member != group.members.end()) {
    if (member->second.by_hand) return;
    return set_leaving(state, group, user.id,
                       why.empty() ? std::optional(ctx.now + *plan.audience.follow_ms) : std::nullopt, ctx);
  }
  if (why.empty() || group.invited.contains(user.id) || group.kept_out.contains(user.id)) return;
  if (room_in(state, group) == 0) return turn_away(group, user.id, ctx);
  admit(state, group, {{user.id, why}}, ctx);
}

/// The plans for whose following audience the user may qualify, or in whose chat they are.
std::set<PlanId> may_follow(const State& state, const User& user) {
  std::set<PlanId> plans;
  add_concerned(state, state.plan_index, user, plans);
  for (const GroupId& id : user.groups) {
    const Group& group = *state.group(id);
    if (group.home) continue;  // its plan is another site's
    plans.insert(group.plan);
    state.plan_index.add(Concern::from_members, group.plan.str(), plans);
  }
  if (const auto met = state.met_in.find(user.id); met != state.met_in.end())
    for (const GroupId& id : met->second) plans.insert(state.group(id)->plan);
  return plans;
}

/// When the next of the times after leaving is over, or the last one was.
TimeMs next_over(const std::set<TimeMs>& asked, TimeMs left, TimeMs now) {
  const auto next = asked.lower_bound(now - left);
  if (next != asked.end()) return left + *next + 1;
  return asked.empty() ? now : left + *asked.rbegin() + 1;
}

}  // namespace

void add_concerned(const State& state, const PlanIndex& index, const User& user, std::set<PlanId>& plans) {
  index.add(Concern::from_all, "", plans);
  index.add(Concern::from_list, user.id.str(), plans);
  for (const AreaId& area : user.areas) index.add(Concern::from_area, area.str(), plans);
  for (const auto& [area, at] : user.left) index.add(Concern::from_area, area.str(), plans);
  for (const auto& [name, value] : user.attributes) index.add(Concern::from_having, name, plans);
  if (const auto with = state.registered_with.find(user.id); with != state.registered_with.end())
    for (const PlanId& plan : with->second) index.add(Concern::from_registered, plan.str(), plans);
}

void turn_away(Group& group, const UserId& user, Context& ctx) {
  if (group.banned.contains(user) || group.turned_away.contains(user)) return;
  if (group.turned_away.size() < kMaxTurnedAway) {
    group.turned_away[user] = ctx.now;
    return pass_over(group, user, kFull, ctx);
  }
  if (std::exchange(group.selected.all_passed_over, false)) ctx.fx.groups.insert(group.id);
}

void follow_user(State& state, const UserId& id, Context& ctx) {
  tell_askers(state, id, ctx);
  std::optional<User> stranger;  // of another site and in no chat here, who meets what one asks
  const auto known = [&]() -> const User* {
    if (const User* user = state.user(id)) return user;
    if (!state.met_in.contains(id)) return nullptr;
    if (!stranger) stranger.emplace().id = id;
    return &*stranger;
  };
  if (!known()) return;
  std::vector<GroupId> following;
  for (const PlanId& plan : may_follow(state, *known())) {
    const PlanRecord& record = state.plans.at(plan);
    const Group* group = record.live ? state.group(*record.live) : nullptr;
    if (group && group->state == GroupState::open && state.plan_of(*group).audience.follow_ms)
      following.push_back(group->id);
  }
  for (const GroupId& group : following) {
    const User* user = known();
    Group* live = state.live_group(group);
    if (user && live) follow(state, *live, *user, ctx);
  }
}

void follow_turned_away(State& state, const GroupId& id, Context& ctx) {
  for (Group* group = state.live_group(id);
       group && !group->turned_away.empty() && room_in(state, *group) > 0; group = state.live_group(id)) {
    const auto first = std::min_element(group->turned_away.begin(), group->turned_away.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
    const UserId user = first->first;
    group->turned_away.erase(first);  // who does not qualify any more is followed when they do again
    follow_user(state, user, ctx);
  }
}

void index_plan(State& state, const PlanRecord& plan) {
  const PlanId& id = plan.plan.id;
  const bool asked_before = asks_registered(state, id);
  state.plan_index.put(plan);
  if (!asked_before) note_registered_with(state, id);
}

bool asks_registered(const State& state, const PlanId& plan) {
  return state.plan_index.any(Concern::from_registered, plan.str()) ||
         any_keeps(state, Concern::from_registered, plan.str());
}

void note_registered_with(State& state, const PlanId& id) {
  const auto plan = state.plans.find(id);
  if (plan == state.plans.end() || !asks_registered(state, id)) return;
  for (const auto& [user, registrations] : plan->second.registrations) state.registered_with[user].insert(id);
}

void note_membership(State& state, const Group& group, const UserId& user) {
  if (!group.home && state.plan_index.any(Concern::members, group.plan.str())) state.followed.insert(user);
}

void follow_members(State& state, Context& ctx) {
  while (!state.followed.empty()) {
    const UserId user = *state.followed.begin();
    state.followed.erase(state.followed.begin());
    follow_user(state, user, ctx);
  }
}

void leave_due(State& state, Group& group, const UserId& user, Context& ctx) {
  const auto member = group.members.find(user);
  if (member == group.members.end() || !member->second.leaves_ms) return;
  const User* u = state.user(user);
  if (u && !why_follows(state, group, *u, ctx.now).empty())
    return set_leaving(state, group, user, std::nullopt, ctx);
  remove_member(state, group, user, kNotQualified, ctx);
}

void note_area_left(State& state, User& user, const AreaId& area, Context& ctx) {
  if (!state.plan_index.any(Concern::left_area, area.str()) &&
      !any_keeps(state, Concern::left_area, area.str()))
    return;
  user.left[area] = ctx.now;
  state.left[area][user.id] = ctx.now;
  arm_forgetting(state, user, ctx.now);
}

void note_area_entered(State& state, User& user, const AreaId& area, Context& ctx) {
  if (user.left.erase(area) == 0) return;
  state.left[area].erase(user.id);
  arm_forgetting(state, user, ctx.now);
}

void forget_areas_left(State& state, const UserId& id, Context& ctx) {
  User* user = state.user(id);
  if (!user) return;
  const auto over = [&](const auto& left) {
    const std::set<TimeMs> asked = asked_after_leaving(state, left.first);
    return asked.empty() || left.second + *asked.rbegin() < ctx.now;
  };
  for (const auto& left : user->left)
    if (over(left)) state.left[left.first].erase(id);
  if (std::erase_if(user->left, over) > 0) ctx.fx.users.insert(id);
  arm_forgetting(state, *user, ctx.now);
  follow_user(state, id, ctx);
}

void arm_forgetting(State& state, const User& user, TimeMs now) {
  const TimerKey timer{TimerKind::forget_areas, user.id.str()};
  std::optional<TimeMs> next;
  for (const auto& [area, left] : user.left) {
    const TimeMs at = next_over(asked_after_leaving(state, area), left, now);
    next = std::min(at, next.value_or(at));
  }
  if (next)
    state.timers.set(timer, *next);
  else
    state.timers.cancel(timer);
}

void arm_all_forgetting(State& state, TimeMs now) {
  std::set<UserId> users;
  for (const auto& [area, left] : state.left)
    for (const auto& [user, at] : left) users.insert(user);
  for (const UserId& id : users)
    if (const User* user = state.user(id)) arm_forgetting(state, *user, now);
}

}  // namespace convoke::core
