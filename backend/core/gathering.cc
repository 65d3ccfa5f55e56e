#include "backend/core/gathering.h"

#include <algorithm>
#include <set>
#include <utility>

#include "backend/core/blocks.h"
#include "backend/core/explanation.h"
#include "backend/core/follow.h"
#include "backend/core/invitations.h"
#include "backend/core/lots.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/core/shared_groups.h"

namespace convoke::core {
namespace {

constexpr TimeMs kAnswerMs = 10'000;  // other sites' answers are waited for so long

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

/// They are candidates: invited for when the group opens.
void invite_all(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  for (const Chosen& c : chosen) invite(state, group, c.user, {c.why, group.opens_ms, group.opens_ms}, ctx);
}

/// Of more candidates than there may be the lot keeps so many; the others are told why.
void draw_candidates(State& state, Group& group, Context& ctx) {
  Candidates all;
  for (const auto& [user, invitation] : group.invited) all.push_back({&user, state.user(user)});
  const Lots lots(group.id.str());
  std::set<UserId> drawn, others;
  for (const Candidate& c : draw(state, all, state.plan_of(group).audience.max, lots)) drawn.insert(*c.id);
  for (const Candidate& c : all)
    if (!drawn.contains(*c.id)) others.insert(*c.id);
  for (const UserId& user : others) {
    const std::set<UserId>& blocked = blocked_with(state, user);
    const bool apart =
        keeps_apart(drawn.size()) && std::any_of(blocked.begin(), blocked.end(),
                                                 [&](const UserId& other) { return drawn.contains(other); });
    if (!apart && group.met.contains(user))
      turn_away(group, user, ctx);  // their site has said all that it will
    else
      pass_over(group, user, apart ? kKeptApart : kLot, ctx);
    withdraw_invitation(state, group, user, ctx);
    forget_stranger(state, user, ctx);
  }
}

}  // namespace

std::vector<Chosen> choose(const State& state, const Plan& plan, const GroupId& group, TimeMs now,
                           Passed& passed) {
  const bool any_presence = std::holds_alternative<NextAvailable>(plan.start_timing);
  return select_audience(state, plan, now, group.str(), any_presence, &passed);
}

void keep_selection(const State& state, Group& group, const Passed& passed, Context& ctx) {
  const Plan& plan = state.plan_of(group);
  group.selected = {ctx.now,    asked_of_all(plan), plan.audience.follow_ms.has_value(),
                    passed.all, passed.all_missed,  passed.others_unmet};
  for (const PassedOver& p : passed.users) ctx.fx.past[{group.id, p.user}] = {"", 0, ctx.now, p.why};
  for (const Missed& m : passed.missed)
    ctx.fx.past[{group.id, m.user}] = {"", 0, ctx.now, kNotMet, {}, m.unmet};
  ctx.fx.groups.insert(group.id);
}

void gather(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  const auto* next = std::get_if<NextAvailable>(&state.plan_of(group).start_timing);
  ask_sites(state, group, ctx);
  const bool full = chosen.size() >= state.plan_of(group).audience.max;
  if (full && !next && awaits_answers(state, group)) {
    wait_to_open(state, group, GroupState::gathering, ctx.now + kAnswerMs, ctx);
    return invite_all(state, group, chosen, ctx);
  }
  const std::vector<Chosen> first = first_of(state, group, chosen, ctx);
  if (!first.empty()) return open_group(state, group, first, ctx);
  wait_to_open(state, group, GroupState::gathering, ctx.now + (next ? next->within_ms : kAnswerMs), ctx);
}

bool draws(const State& state, const Group& group) {
  return group.state == GroupState::gathering &&
         !std::holds_alternative<NextAvailable>(state.plan_of(group).start_timing);
}

void add_candidates(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  invite_all(state, group, chosen, ctx);
  draw_candidates(state, group, ctx);
  const bool full = group.invited.size() >= state.plan_of(group).audience.max;
  if (!full || !awaits_answers(state, group)) open_with_candidates(state, group, ctx);
}

bool open_with_candidates(State& state, Group& group, Context& ctx) {
  if (!draws(state, group) || group.invited.empty()) return false;
  std::vector<Chosen> chosen;
  for (const auto& [user, invitation] : group.invited) chosen.push_back({user, invitation.why});
  for (const Chosen& c : chosen) withdraw_invitation(state, group, c.user, ctx);
  open_group(state, group, first_of(state, group, chosen, ctx), ctx);
  return true;
}

}  // namespace convoke::core
