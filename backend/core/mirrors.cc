#include "backend/core/mirrors.h"

#include <algorithm>
#include <vector>

#include "backend/core/announce.h"
#include "backend/core/blocks.h"
#include "backend/core/chat_archive.h"
#include "backend/core/end_detector.h"
#include "backend/core/kept_questions.h"
#include "backend/core/lots.h"
#include "backend/core/members.h"
#include "backend/core/moderation.h"
#include "backend/core/organizer.h"
#include "backend/core/peers.h"
#include "backend/core/presence.h"
#include "backend/core/questions.h"
#include "backend/core/roster.h"
#include "backend/core/shared_groups.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

constexpr const char* kUnknownUser = "unknown-user";

/// The open mirror of a group of that home, or null.
Group* mirror(State& state, const SiteId& home, const std::string& id) {
  Group* group = state.live_group(GroupId::parse(id));
  return group && group->home == home ? group : nullptr;
}

/// Why a group that home speaks of is not there.
std::string no_mirror(const State& state, const SiteId& home, const std::string& id) {
  const Group* group = state.group(GroupId::parse(id));
  // It ended here when its time came, or with the last member here.
  if (group ? group->home == home : state.tombstones.contains(GroupId::parse(id))) return {};
  return group ? "not-home" : "unknown-group";
}

/// Whether home may say this: its staff's words, or its server's.
bool is_homes(const messages::Notice& notice, const SiteId& home) {
  if (!notice.message.id.starts_with(messages::kServerIdPrefix)) return false;
  if (notice.message.type == messages::kSystem) return notice.from == home.str();
  return (notice.message.type == messages::kAnnouncement || notice.message.type == messages::kDelete) &&
         site_of(UserId::parse(notice.from)) == home;
}

/// Notes who somebody of another site is. Of a third site's user home knows only what it was told: their own
/// site is heard first. An anonymous group tells no names.
void note_stranger(State& state, const Group& group, const UserId& user, const messages::PeerMember& m,
                   Context& ctx) {
  const User& known = ensure_user(state, user, ctx);
  const bool own = site_of(user) == group.home;
  if (!group.anonymous && (own || known.name.empty())) rename(state, user, m.name, ctx);
  if (own || known.devices.empty()) remote_presence(state, user, m.presence, ctx);
}

/// Where somebody has blocked somebody, whoever came first takes part, and of two who came at once one by the
/// lot that the group's id draws: so that both their sites decide the same.
std::vector<messages::PeerMember> in_order(const State& state, const Group& group,
                                           std::vector<messages::PeerMember> members) {
  if (state.blocked_pairs.empty()) return members;
  const Lots lots(group.id.str());
  std::stable_sort(members.begin(), members.end(), [&](const auto& x, const auto& y) {
    const auto rank = [&](const auto& m) {
      return std::pair(m.since_ms.value_or(0), lots.of(UserId::parse(m.user)));
    };
    return rank(x) < rank(y);
  });
  return members;
}

/// Who of these are to be members. Ours must be known here: nobody draws in a name that nobody has.
std::vector<Chosen> newcomers(State& state, Group& group, const std::vector<messages::PeerMember>& members,
                              Context& ctx) {
  std::vector<Chosen> fresh;
  for (const messages::PeerMember& m : in_order(state, group, members)) {
    const UserId user = as_here(state, m.user);
    group.unnamed.erase(user);
    const bool is_member = group.members.contains(user);
    if (!is_member && group.members.size() + fresh.size() >= kMaxMirrorMembers) continue;
    if (is_remote(user)) note_stranger(state, group, user, m, ctx);
    if (is_member) {
      set_standing(state, group, user, m.standing, ctx);
      continue;
    }
    if (!is_remote(user) && !state.user(user)) {
      send(state, group.home, messages::PeerLeft{group.id.str(), m.user, kUnknownUser}, ctx);
      continue;
    }
    if (m.standing != topics::Standing::member && group.standings.size() < kMaxStandings)
      group.standings[user] = m.standing;
    fresh.push_back({user, "chosen by " + group.home.str()});
  }
  return fresh;
}

/// Of a new mirror those whom a blocked pair in a small chat keeps out.
std::vector<Chosen> take_kept_apart(const State& state, std::vector<Chosen>& chosen) {
  std::vector<Chosen> in, out;
  for (Chosen& c : chosen) {
    const std::set<UserId>& others = blocked_with(state, c.user);
    const bool apart =
        keeps_apart(chosen.size()) &&
        std::any_of(in.begin(), in.end(), [&](const Chosen& there) { return others.contains(there.user); });
    (apart ? out : in).push_back(std::move(c));
  }
  chosen = std::move(in);
  return out;
}

/// Whoever is kept apart from a member here (blocks.h) is no member: of ours home is to know.
void tell_kept_out(State& state, const Group& group, const std::vector<Chosen>& chosen, Context& ctx) {
  for (const Chosen& c : chosen) {
    if (group.members.contains(c.user)) continue;
    if (is_remote(c.user))
      forget_stranger(state, c.user, ctx);
    else
      send(state, group.home, messages::PeerLeft{group.id.str(), in_full(state, c.user), "kept-apart"}, ctx);
  }
}

/// The list of home is complete: who is not in it is out.
void take_unnamed(State& state, Group& group, bool more, Context& ctx) {
  if (more) return;
  for (const UserId& user : std::exchange(group.unnamed, {})) {
    if (group.state != GroupState::open) return;
    remove_member(state, group, user, "removed", ctx);
  }
}

/// Whom home has added without asking how they are.
void tell_newcomers(State& state, const std::vector<Chosen>& chosen, Context& ctx) {
  for (const Chosen& c : chosen)
    if (!is_remote(c.user)) tell_peers_name(state, *state.user(c.user), ctx);
}

/// Tells each site of a new member that comes to the group how our members are.
void tell_new_sites(State& state, const Group& group, const std::map<SiteId, std::size_t>& before,
                    Context& ctx) {
  for (const auto& [site, count] : group.sites)
    if (!before.contains(site)) tell_peer_presences(state, group, site, ctx.now);
}

std::string open_mirror(State& state, const SiteId& home, const messages::PeerOpen& item, Context& ctx) {
  const auto of_home = std::count_if(state.groups.begin(), state.groups.end(), [&](const auto& entry) {
    return entry.second.home == home && entry.second.state == GroupState::open;
  });
  if (static_cast<std::size_t>(of_home) >= kMaxMirrors) return "too-many";
  Group group;
  group.id = GroupId::parse(item.group);
  group.home = home;
  group.plan = PlanId::parse(item.plan);
  group.name = item.name;
  group.anonymous = item.anonymous;
  group.started_ms = item.started_ms;
  group.watched_from_ms = ctx.now;
  group.ends_ms = item.ends_ms;
  group.end_kind = "duration";
  group.rules = item.rules;
  group.reasons = {"site " + home.str()};
  std::vector<Chosen> chosen = newcomers(state, group, item.members, ctx);
  const std::vector<Chosen> out = take_kept_apart(state, chosen);
  const bool any_here =
      std::any_of(chosen.begin(), chosen.end(), [](const Chosen& c) { return !is_remote(c.user); });
  if (!any_here && !item.more) {
    for (const Chosen& c : chosen) forget_stranger(state, c.user, ctx);
    for (const Chosen& c : out) forget_stranger(state, c.user, ctx);
    send(state, home, messages::PeerClosed{item.group}, ctx);
    return kUnknownUser;
  }
  Group& opened = state.groups[group.id] = std::move(group);
  open_with(state, opened, chosen, ctx);
  tell_kept_out(state, opened, out, ctx);
  for_each_site(opened, [&](const SiteId& site) { tell_peer_presences(state, opened, site, ctx.now); });
  return {};
}

}  // namespace

void nobody_is_here(State& state, Group& mirror, const std::string& reason, Context& ctx) {
  if (!may_grow(state, mirror)) return end_group(state, mirror, reason, ctx);
  state.timers.cancel({TimerKind::group_end, mirror.id.str()});
}

std::string take_groups(State& state, const SiteId& from, const messages::PeerGroups& item, Context& ctx) {
  const std::set<std::string> named(item.groups.begin(), item.groups.end());
  std::vector<GroupId> over;
  for (const auto& [id, group] : state.groups) {
    const bool meant = (!item.after || id.str() > *item.after) && (!item.upto || id.str() <= *item.upto);
    if (meant && group.home == from && group.state == GroupState::open && !named.contains(id.str()))
      over.push_back(id);
  }
  for (const GroupId& id : over) end_group(state, *state.group(id), "unknown-group", ctx);
  return {};
}

std::string take_ask(State& state, const SiteId& from, const messages::PeerAsk& item, Context& ctx) {
  messages::PeerChosen chosen{item.group, {}};
  const bool may = state.peers.at(from).may.contains(kMayUsers);
  if (!may) chosen.refused = kNotAllowed;
  for (const std::string& full : item.users) {
    const UserId id = as_here(state, full);
    if (is_remote(id)) return "foreign-user";
    const User* user = state.user(id);
    const bool there = user && user->presence == PresenceState::available;
    if (may && user && (there || item.any_presence))
      chosen.members.push_back({full, user->name, user->presence, topics::Standing::member});
  }
  if (item.keep && !keep_named(state, from, item, ctx)) chosen.refused = kTooMany;
  for (const auto& m : chosen.members) {
    const UserId user = as_here(state, m.user);
    note_known_at(state, user, from, ctx);
    if (item.keep) note_told(state, from, question_id(item.group, true), user, ctx);
  }
  send(state, from, chosen, ctx);
  return chosen.refused;
}

std::string take_open(State& state, const SiteId& from, const messages::PeerOpen& item, Context& ctx) {
  const GroupId id = GroupId::parse(item.group);
  Group* group = state.group(id);
  if (!group && !state.tombstones.contains(id)) return open_mirror(state, from, item, ctx);
  if (group && group->home != from) return "not-home";
  if (!group || group->state != GroupState::open) {  // it is over here
    send(state, from, messages::PeerClosed{item.group}, ctx);
    return {};
  }
  for (const auto& [user, member] : group->members) group->unnamed.insert(user);
  take_head(state, from, {item.group, item.ends_ms, item.rules}, ctx);
  return take_put(state, from, {item.group, item.members, item.more}, ctx);
}

std::string take_put(State& state, const SiteId& from, const messages::PeerPut& item, Context& ctx) {
  Group* group = mirror(state, from, item.group);
  if (!group) return no_mirror(state, from, item.group);
  const auto before = group->sites;
  const bool waited = members_here(*group) == 0;
  const std::vector<Chosen> chosen = newcomers(state, *group, item.members, ctx);
  if (!chosen.empty()) admit(state, *group, chosen, ctx);
  tell_kept_out(state, *group, chosen, ctx);
  take_unnamed(state, *group, item.more, ctx);
  if (!item.more && group->state == GroupState::open && members_here(*group) == 0)
    nobody_is_here(state, *group, "empty", ctx);
  if (waited && members_here(*group) > 0 && group->state == GroupState::open)
    arm_group_timers(state, *group, ctx.now);
  if (group->state == GroupState::open) tell_new_sites(state, *group, before, ctx);
  tell_newcomers(state, chosen, ctx);
  ctx.fx.groups.insert(group->id);
  return {};
}

std::string take_gone(State& state, const SiteId& from, const messages::PeerGone& item, Context& ctx) {
  for (const std::string& full : item.users) {
    Group* group = mirror(state, from, item.group);
    if (!group) return no_mirror(state, from, item.group);
    remove_member(state, *group, as_here(state, full), item.reason, ctx);
  }
  return {};
}

std::string take_head(State& state, const SiteId& from, const messages::PeerHead& item, Context& ctx) {
  Group* group = mirror(state, from, item.group);
  if (!group) return no_mirror(state, from, item.group);
  set_rules(state, *group, item.rules, ctx);
  if (item.ends_ms && item.ends_ms <= kMaxTimeMs && item.ends_ms != group->ends_ms)
    set_end(state, *group, *item.ends_ms, group->end_kind, ctx);
  return {};
}

std::string take_notice(State& state, const SiteId& from, const messages::PeerNotice& item, Context& ctx) {
  Group* group = mirror(state, from, item.group);
  if (!group) return no_mirror(state, from, item.group);
  messages::Notice notice = item.notice;
  if (!is_homes(notice, from)) return "bad-notice";
  if (notice.message.home && notice.message.home->site != from.str()) return "not-home";
  if (auto& author = notice.message.author) *author = as_here(state, *author).str();
  const std::uint64_t key = message_key(notice.from, notice.message.id);
  if (group->message_keys.contains(key)) return {};
  return say_once(state, *group, notice, ctx) ? "" : "too-many";
}

std::string take_end(State& state, const SiteId& from, const messages::PeerEnd& item, Context& ctx) {
  Group* group = mirror(state, from, item.group);
  if (!group) return no_mirror(state, from, item.group);
  end_group(state, *group, item.reason, ctx);
  return {};
}

}  // namespace convoke::core
