#include "backend/core/erasure.h"

#include <algorithm>
#include <cctype>

#include "backend/core/blocks.h"
#include "backend/core/identities.h"
#include "backend/core/invitations.h"
#include "backend/core/kept_questions.h"
#include "backend/core/members.h"
#include "backend/core/met.h"
#include "backend/core/peers.h"
#include "backend/core/presence.h"
#include "backend/core/registrations.h"
#include "backend/core/roster.h"
#include "backend/core/sites.h"
#include "backend/core/triggers.h"
#include "backend/core/watches.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr const char* kErasedReason = "erased";

/// Of another site's chat its home says who is in, which is told of the erasure too.
bool decides(const Group& group, const UserId& user) {
  return !group.home || !is_remote(user) || group.home == site_of(user);
}

/// Their phones are told the end first; the others' lists show them gone at once.
void leave_all(State& state, User& user, Context& ctx) {
  for (const GroupId& id : std::set<GroupId>(user.groups)) {
    Group& group = *state.group(id);
    if (!decides(group, user.id)) continue;
    remove_member(state, group, user.id, kErasedReason, ctx);
    if (group.state == GroupState::open) roster_flush(state, group, ctx);
  }
  for (const GroupId& id : std::set<GroupId>(user.invited))
    take_back_invitation(state, *state.group(id), user.id, ctx);
  for (const AreaId& area : std::set<AreaId>(user.areas)) area_transition(state, user.id, area, false, ctx);
  for (const auto& [area, left] : user.left) state.left[area].erase(user.id);
}

void take_all_blocks(State& state, const UserId& user, Context& ctx) {
  for (const UserId& other : std::set<UserId>(blocked_with(state, user))) {
    unblock(state, user, other, ctx);
    unblock(state, other, user, ctx);
  }
}

/// Their numbers and addresses, and what they did under these.
void take_identities(State& state, User& user, Context& ctx) {
  for (const std::string& key : std::set<std::string>(user.identities)) {
    unlink_identity(state, user.id, key, ctx);
    forget_waiting_for(state, key, ctx);
    std::erase_if(state.acts, [&](const auto& act) {
      const bool theirs = act.first.find(key) != std::string::npos;
      if (theirs) ctx.fx.acts.insert(act.first);
      return theirs;
    });
  }
  std::erase_if(state.acts, [&](const auto& act) {
    const bool theirs = mentions(act.first, user.id);
    if (theirs) ctx.fx.acts.insert(act.first);
    return theirs;
  });
}

/// What a group's record still says of them.
void scrub(State& state, Group& group, const UserId& user, Context& ctx) {
  bool changed = false;
  group.stays.erase(user);
  if (decides(group, user) || !group.members.contains(user)) {
    changed = group.standings.erase(user) + group.banned.erase(user) + group.kept_out.erase(user) > 0;
    group.turned_away.erase(user);
    forget_met(state, group, user, ctx);
    if (group.members.erase(user) > 0) ctx.fx.members.insert({group.id, user});
  }
  changed |= std::erase_if(group.unarchived, [&](const messages::Notice& notice) {
               return notice.from == user.str() || notice.message.author == user.str();
             }) > 0;
  for (std::string& reason : group.reasons) {
    if (!mentions(reason, user)) continue;
    reason = kErasedReason;
    changed = true;
  }
  for (AskedCondition& asked : group.selected.asked) {
    if (!mentions(asked.condition, user)) continue;
    asked.condition = kErasedReason;
    changed = true;
  }
  changed |= std::erase_if(group.start_keys, [&](const std::string& key) {
               const bool theirs = mentions(key, user);
               if (theirs) state.start_keys.erase({group.plan, key});
               return theirs;
             }) > 0;
  std::erase_if(group.relayed, [&](const auto& waiting) {
    const bool theirs = waiting.second.from == user;
    if (theirs) ctx.fx.relayed.insert({group.id, waiting.first});
    return theirs;
  });
  if (changed) ctx.fx.groups.insert(group.id);
}

/// Of somebody who is in a chat still nothing else is known.
void forget_record(State& state, const UserId& id, Context& ctx) {
  ctx.fx.users.insert(id);
  const User* user = state.user(id);
  if (!user || user->groups.empty()) {
    state.users.erase(id);
    return;
  }
  rename(state, id, "", ctx);
  remote_presence(state, id, PresenceState::offline, ctx);
  state.erased_ms[id] = ctx.now;
}

/// All but where they are.
void forget_user(State& state, const UserId& id, Context& ctx) {
  state.erased_ms[id] = ctx.now;
  state.erasing = id;
  forget_in_questions(state, id, ctx);
  take_all_blocks(state, id, ctx);
  if (User* user = state.user(id)) {
    leave_all(state, *user, ctx);
    take_identities(state, *user, ctx);
    tell_erasure(state, *user, ctx);
    if (!is_remote(id))
      for (const auto& [device, last] : user->devices)
        ctx.publish({topics::presence_topic(state.site, id, device), "", 1, true});
  }
  for (auto& [plan_id, plan] : state.plans) erase_registrations(state, plan, id, ctx);
  state.registered_with.erase(id);
  state.followed.erase(id);
  for (auto& [group_id, group] : state.groups) scrub(state, group, id, ctx);
  for (auto& [site, peer] : state.peers) {
    peer.presence_due.erase(id), peer.blockers.erase(id);
    std::erase_if(peer.signals_due, [&](const auto& due) { return std::get<UserId>(due.first) == id; });
  }
  state.erasing = {};
  forget_record(state, id, ctx);
  watched_user_changed(state, id, ctx);
  ctx.fx.erased.insert(id);
}

}  // namespace

bool mentions(std::string_view text, const UserId& user) {
  const auto within_word = [&](std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  const std::string& id = user.str();
  for (auto at = text.find(id); at != std::string_view::npos; at = text.find(id, at + 1))
    if (!(at > 0 && within_word(at - 1)) && !within_word(at + id.size())) return true;
  return false;
}

void erase_user(State& state, geo::FenceTracker& tracker, const UserId& user_id, Context& ctx) {
  const UserId id = user_id;  // which may be in what goes
  forget_user(state, id, ctx);
  tracker.erase_user(id.str(), ctx.now);
  state.told_regions.erase(id);
  state.timers.cancel({TimerKind::forget_areas, id.str()});
  ctx.fx.revoked.insert(id);
}

std::string take_erase(State& state, const SiteId& from, const messages::PeerErase& item, Context& ctx) {
  const UserId user = UserId::parse(item.user);
  if (site_of(user) != from) return "foreign-user";
  forget_user(state, user, ctx);
  return {};
}

}  // namespace convoke::core
