#include "backend/core/moderation.h"

#include "backend/core/audience.h"
#include "backend/core/invitations.h"
#include "backend/core/members.h"
#include "backend/core/roster.h"
#include "backend/core/shared_groups.h"

namespace convoke::core {

using topics::Standing;

bool set_standing(State& state, Group& group, const UserId& user, Standing standing, Context& ctx) {
  if (!group.members.contains(user)) return false;
  if (standing_of(group, user) == standing) return true;
  if (standing == Standing::member)
    group.standings.erase(user);
  else if (group.standings.size() < kMaxStandings || group.standings.contains(user))
    group.standings[user] = standing;
  else
    return false;
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedStanding{group.id.str(), standing, {user.str()}}}});
  roster_touch(state, group, user, ctx);
  share_member(state, group, user, ctx);
  return true;
}

void begin_standing(const State& state, Group& group, const User& user, TimeMs now) {
  const Plan& plan = state.plan_of(group);
  const bool full = group.standings.size() >= kMaxStandings;
  if (full || group.standings.contains(user.id)) return;
  if (any_holds(state, plan, plan.chat.staff, user, now))
    group.standings[user.id] = Standing::staff;
  else if (any_holds(state, plan, plan.chat.muted, user, now))
    group.standings[user.id] = Standing::muted;
}

Standing standing_of(const Group& group, const UserId& user) {
  const auto found = group.standings.find(user);
  return found == group.standings.end() ? Standing::member : found->second;
}

void set_rules(State& state, Group& group, const topics::ChatRules& rules, Context& ctx) {
  if (group.rules == rules) return;
  group.rules = rules;
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedRules{group.id.str(), rules}}});
  roster_touch_head(state, group, ctx);
  share_head(state, group, ctx);
}

bool ban(State& state, Group& group, const UserId& user, Context& ctx) {
  if (group.banned.contains(user)) return true;
  if (group.banned.size() >= kMaxBanned) return false;
  group.banned.insert(user);
  ctx.fx.groups.insert(group.id);
  if (group.invited.contains(user)) {
    pass_over(group, user, kBanned, ctx);
    take_back_invitation(state, group, user, ctx);
  }
  remove_member(state, group, user, kBanned, ctx);
  return true;
}

bool unban(Group& group, const UserId& user, Context& ctx) {
  if (group.banned.erase(user) == 0) return false;
  ctx.fx.groups.insert(group.id);
  return true;
}

std::vector<messages::FeedOp> feed_moderation(const Group& group) {
  std::vector<messages::FeedOp> ops;
  for (const auto& [user, standing] : group.standings)
    if (group.members.contains(user))
      ops.emplace_back(messages::FeedStanding{group.id.str(), standing, {user.str()}});
  if (group.rules != topics::ChatRules{}) ops.emplace_back(messages::FeedRules{group.id.str(), group.rules});
  return ops;
}

}  // namespace convoke::core
