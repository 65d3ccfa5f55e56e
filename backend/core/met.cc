#include "backend/core/met.h"

#include <set>
#include <vector>

#include "backend/core/audience.h"
#include "backend/core/follow.h"
#include "backend/core/invitations.h"
#include "backend/core/members.h"
#include "backend/core/peers.h"
#include "backend/core/questions.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

void not_met(State& state, Group& group, const UserId& user, Context& ctx) {
  if (!group.met.contains(user)) return;
  forget_met(state, group, user, ctx);
  if (group.turned_away.erase(user) > 0) pass_over(group, user, kNotQualified, ctx);
  const User* invited = group.invited.contains(user) ? state.user(user) : nullptr;
  if (invited && qualifies(state, state.plan_of(group), *invited, ctx.now, true).empty())
    return take_back_invitation(state, group, user, ctx);
  follow_user(state, user, ctx);
}

}  // namespace

bool is_kept(const State& state, const Group& group, const SiteId& site) {
  if (group.home || !has_feature(state, site, messages::kFollowing)) return false;
  const Plan& plan = state.plan_of(group);
  return plan.audience.follow_ms && sites_asked(plan).contains(site);
}

bool note_met(State& state, Group& group, const UserId& user, Context& ctx) {
  if (!group.met.contains(user) && group.met.size() >= messages::kMaxSelected) return false;
  const auto [it, fresh] = group.met.try_emplace(user, true);
  if (!fresh && it->second) return true;
  it->second = true;
  state.met_in[user].insert(group.id);
  ctx.fx.met.insert({group.id, user});
  return true;
}

void doubt_met(const State& state, Group& group, const SiteId& site, Context& ctx) {
  if (group.met.empty()) return;
  const std::set<UserId> listed = listed_of(state, state.plan_of(group), site, ctx.now);
  for (auto& [user, sure] : group.met) {
    if (site_of(user) != site || !sure || listed.contains(user)) continue;
    sure = false;
    ctx.fx.met.insert({group.id, user});
  }
}

void end_doubts(State& state, Group& group, const SiteId& site, Context& ctx) {
  std::vector<UserId> others;
  for (const auto& [user, sure] : group.met)
    if (!sure && site_of(user) == site) others.push_back(user);
  for (const UserId& user : others) not_met(state, group, user, ctx);
}

void forget_met_of(State& state, Group& group, const SiteId& site, Context& ctx) {
  std::vector<UserId> users;
  for (const auto& [user, sure] : group.met)
    if (site_of(user) == site) users.push_back(user);
  for (const UserId& user : users) forget_met(state, group, user, ctx);
  std::erase_if(group.turned_away, [&](const auto& waiting) { return site_of(waiting.first) == site; });
}

void forget_met(State& state, Group& group, Context& ctx) {
  while (!group.met.empty()) forget_met(state, group, UserId(group.met.begin()->first), ctx);
}

void forget_met(State& state, Group& group, const UserId& user, Context& ctx) {
  if (group.met.erase(user) == 0) return;
  const auto in = state.met_in.find(user);
  in->second.erase(group.id);
  if (in->second.empty()) state.met_in.erase(in);
  ctx.fx.met.insert({group.id, user});
}

void drop_kept(State& state, const Group& group, Context& ctx) {
  if (group.home) return;
  for (const SiteId& site : sites_asked(state.plan_of(group)))
    if (is_kept(state, group, site)) send(state, site, messages::PeerDrop{group.id.str()}, ctx);
}

std::string take_unchosen(State& state, const SiteId& from, const messages::PeerUnchosen& item,
                          Context& ctx) {
  for (const std::string& full : item.users)
    if (site_of(UserId::parse(full)) != from) return "foreign-user";
  Group* group = state.group(GroupId::parse(item.group));
  if (!group || group->met.empty()) return {};
  const std::set<UserId> listed = listed_of(state, state.plan_of(*group), from, ctx.now);
  for (const std::string& full : item.users)
    if (const UserId user = UserId::parse(full); !listed.contains(user)) not_met(state, *group, user, ctx);
  return {};
}

}  // namespace convoke::core
