#include "backend/core/shared_groups.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "backend/core/distant_triggers.h"
#include "backend/core/follow.h"
#include "backend/core/gathering.h"
#include "backend/core/invitations.h"
#include "backend/core/kept_questions.h"
#include "backend/core/lots.h"
#include "backend/core/members.h"
#include "backend/core/met.h"
#include "backend/core/organizer.h"
#include "backend/core/peers.h"
#include "backend/core/presence.h"
#include "backend/core/questions.h"
#include "backend/core/roster.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

void ask_by_name(State& state, Group& group, const SiteId& site, const std::set<UserId>& users,
                 Context& ctx) {
  const Plan& plan = state.plan_of(group);
  group.asked.erase(site);
  messages::PeerAsk item{group.id.str(),
                         group.plan.str(),
                         group.name,
                         {},
                         !plan.audience.only_available,
                         is_kept(state, group, site)};
  const auto ask = [&] {
    group.asked.insert(site);
    send(state, site, item, ctx);
    item.users.clear();
  };
  for (const UserId& user : users) {
    item.users.push_back(user.str());
    if (item.users.size() == messages::kMaxPeerMembers) ask();
  }
  if (!item.users.empty()) ask();
  ctx.fx.groups.insert(group.id);
}

/// Asks the site to select; says why it is not asked, or that it has not answered.
std::string ask_to_select(State& state, const Group& group, const SiteId& site, messages::PeerSelect item,
                          Context& ctx) {
  const auto peer = state.peers.find(site);
  if (peer == state.peers.end()) return kNoPeer;
  if (peer->second.in_epoch == 0) return kNoAnswer;  // it has not said yet what it knows
  if (!has_feature(state, site, messages::kSelection)) return kTooOld;
  item.group = group.id.str();
  item.keep = is_kept(state, group, site);
  if (encode(messages::PeerItem(item)).size() > messages::kMaxSelectBytes) return kTooLarge;
  send(state, site, item, ctx);
  return kNoAnswer;
}

void ask_to_select(State& state, Group& group, const SiteId& site, Context& ctx) {
  auto item = selection_of(state.plan_of(group), site);
  if (!item) return;
  group.selected_of.erase(site);
  group.unselected[site] = ask_to_select(state, group, site, *std::move(item), ctx);
  ctx.fx.groups.insert(group.id);
}

messages::PeerMember peer_member(const State& state, const Group& group, const UserId& user) {
  const messages::Buddy b = shown_buddy(state, group, user);
  return {in_full(state, user), b.name, b.presence, b.standing, group.members.at(user).joined_ms};
}

/// These members, as many items as they need; `first` carries the first of them.
template <class First>
void send_list(State& state, const Group& group, const SiteId& site, const std::vector<UserId>& users,
               First first, Context& ctx) {
  messages::PeerPut next{group.id.str(), {}, false};
  bool begun = false;
  for (std::size_t i = 0; i < users.size(); ++i) {
    next.members.push_back(peer_member(state, group, users[i]));
    note_known_at(state, users[i], site, ctx);
    next.more = i + 1 < users.size();
    if (next.more && next.members.size() < messages::kMaxPeerMembers) continue;
    if (!std::exchange(begun, true)) {
      first.members = std::exchange(next.members, {});
      first.more = next.more;
      send(state, site, first, ctx);
    } else {
      send(state, site, next, ctx);
      next.members.clear();
    }
  }
}

void send_whole(State& state, const Group& group, const SiteId& site, Context& ctx) {
  std::vector<UserId> users;
  for (const auto& [user, member] : group.members) users.push_back(user);
  messages::PeerOpen open{group.id.str(), group.plan.str(),
                          group.name,     group.started_ms,
                          group.ends_ms,  state.plan_of(group).chat.anonymous,
                          group.rules,    {},
                          false};
  send_list(state, group, site, users, std::move(open), ctx);
}

/// Of a mirror: what its home may not have been told. Whom it has sent away it may have drawn in again.
void tell_left(State& state, const Group& mirror, Context& ctx) {
  if (mirror.state != GroupState::open)
    return send(state, mirror.home, messages::PeerClosed{mirror.id.str()}, ctx);
  const bool grows = may_grow(state, mirror);
  for (const auto& [user, stays] : mirror.stays)
    if (!is_remote(user) && !mirror.members.contains(user) && (!grows || mirror.kept_out.contains(user)))
      send(state, mirror.home, messages::PeerLeft{mirror.id.str(), in_full(state, user), "left"}, ctx);
}

/// All groups of this site that the other one has a part in: each item those of a part of all ids.
void tell_groups(State& state, const SiteId& site, Context& ctx) {
  std::set<std::string> ids;
  for (const auto& [id, group] : state.groups)
    if (group.state == GroupState::open && !group.home &&
        (group.sites.contains(site) || is_kept(state, group, site)))
      ids.insert(id.str());
  if (ids.size() > messages::kMaxPeerGroups && !has_feature(state, site, messages::kGroupRanges)) return;
  messages::PeerGroups next;
  for (const std::string& id : ids) {
    if (next.groups.size() == messages::kMaxPeerGroups) {
      next.upto = next.groups.back();
      send(state, site, next, ctx);
      next = {{}, next.upto, {}};
    }
    next.groups.push_back(id);
  }
  send(state, site, next, ctx);
}

bool is_shared_home(const Group& group) { return !group.home && !group.sites.empty(); }

/// The group that a site of its members speaks about, or null.
Group* own_group(State& state, const std::string& id) {
  Group* group = state.group(GroupId::parse(id));
  const bool lives =
      group && !group->home && (group->state == GroupState::open || group->state == GroupState::gathering);
  return lives ? group : nullptr;
}

/// Why one who is chosen takes part; empty: the plan does not have them.
std::string why_chosen(const State& state, const Group& group, const messages::PeerMember& member,
                       bool selected, TimeMs now) {
  if (selected) return why_selected(state, state.plan_of(group), UserId::parse(member.user), now);
  User user;
  user.id = UserId::parse(member.user);
  user.presence = member.presence;
  return qualifies(state, state.plan_of(group), user, now, true);
}

/// Their places in the order of the lots that the group's id draws, as among this site's own.
std::vector<std::size_t> by_lot(const Group& group, const std::vector<messages::PeerMember>& members) {
  const Lots lots(group.id.str());
  std::vector<std::pair<std::uint64_t, std::size_t>> order;
  for (const auto& m : members) order.emplace_back(lots.of(UserId::parse(m.user)), order.size());
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> places;
  for (const auto& [lot, place] : order) places.push_back(place);
  return places;
}

/// The site has answered who of those who are listed takes part, or of some of them.
void note_named(State& state, Group& group, const SiteId& from, const messages::PeerChosen& item,
                Context& ctx) {
  const auto asked = group.asked.find(from);
  if (item.later || asked == group.asked.end()) return;
  group.asked.erase(asked);
  ctx.fx.groups.insert(group.id);
  if (group.asked.contains(from)) return;  // more is to come
  const bool refused = item.refused == kNotAllowed;
  std::set<UserId> others = listed_of(state, state.plan_of(group), from, ctx.now);
  for (const messages::PeerMember& m : item.members) others.erase(UserId::parse(m.user));
  for (const UserId& user : others)
    if (!group.members.contains(user)) pass_over(group, user, refused ? kNotAllowed : kNotAvailable, ctx);
}

/// The same of those whom it has selected. True: its answer counts. One that nothing asks for any more, or
/// that goes on beyond what was asked, does not.
bool note_selected(State& state, Group& group, const SiteId& from, const messages::PeerChosen& item,
                   Context& ctx) {
  const bool kept = is_kept(state, group, from);
  if (item.later) return kept;
  const auto asked = group.unselected.find(from);
  if (!kept && (asked == group.unselected.end() || asked->second != kNoAnswer)) return false;
  ctx.fx.groups.insert(group.id);
  if (!group.selected_of.contains(from)) doubt_met(state, group, from, ctx);
  std::size_t& told = group.selected_of[from];
  told += item.members.size();
  const std::size_t max = kept ? messages::kMaxSelected : state.plan_of(group).audience.max;
  if (told > std::min<std::size_t>(max, messages::kMaxSelected)) return false;
  if (item.more) return true;
  group.selected_of.erase(from);
  if (item.refused.empty())
    group.unselected.erase(from);
  else
    group.unselected[from] = item.refused == kNotAllowed ? kNotAllowed : "refused";
  return true;
}

/// Those for whom there is room become members, at once or in their moment of a spread start. Where the plan
/// follows, who finds none waits for some, and who has left is not drawn in again.
void admit_chosen(State& state, Group& group, const std::vector<messages::PeerMember>& members,
                  std::vector<std::string> whys, Context& ctx) {
  const bool waits = draws(state, group), follows = state.plan_of(group).audience.follow_ms.has_value();
  std::size_t room = room_in(state, group);
  std::vector<Chosen> chosen;
  for (const std::size_t i : by_lot(group, members)) {
    const auto& m = members[i];
    const UserId user = UserId::parse(m.user);
    if (group.invited.contains(user)) continue;
    const bool comes = !group.members.contains(user);
    if (follows && comes && group.kept_out.contains(user)) continue;
    if (comes && room == 0 && !waits) {
      if (follows)
        turn_away(group, user, ctx);
      else
        pass_over(group, user, kLot, ctx);
      continue;
    }
    if (comes && !waits) --room;
    // Invited first: a following chat would draw in whoever is available.
    const auto at = comes && !waits ? spread_moment(state, group, user, ctx.now) : std::nullopt;
    if (at)
      invite(state, group, user, {std::move(whys[i]), at, *at}, ctx);
    else
      chosen.push_back({user, std::move(whys[i])});
    rename(state, user, m.name, ctx);
    remote_presence(state, user, m.presence, ctx);
  }
  if (waits) return add_candidates(state, group, chosen, ctx);
  if (!chosen.empty()) admit(state, group, chosen, ctx);
  arm_invitations(state, group);
  if (follows)
    for (const Chosen& c : chosen) follow_user(state, c.user, ctx);    // who was about to leave stays
  for (const Chosen& c : chosen) forget_stranger(state, c.user, ctx);  // who is banned, or kept apart
}

}  // namespace

void ask_sites(State& state, Group& group, Context& ctx) {
  const Plan plan = state.plan_of(group);
  for (const SiteId& site : sites_asked(plan)) {
    const std::set<UserId> users = listed_of(state, plan, site, ctx.now);
    for (const UserId& user : users) pass_over(group, user, kNoAnswer, ctx);
    if (!users.empty()) ask_by_name(state, group, site, users, ctx);
    ask_to_select(state, group, site, ctx);
  }
  ctx.fx.groups.insert(group.id);
}

bool awaits_answers(const State& state, const Group& group) {
  const auto may_answer = [&](const SiteId& site) {
    const auto peer = state.peers.find(site);
    return peer != state.peers.end() && peer->second.shut.empty();
  };
  return std::any_of(group.asked.begin(), group.asked.end(), may_answer) ||
         std::any_of(group.unselected.begin(), group.unselected.end(), [&](const auto& question) {
           return question.second == kNoAnswer && may_answer(question.first);
         });
}

void share_joined(State& state, const Group& group, const std::vector<UserId>& joined, Context& ctx) {
  if (!is_shared_home(group)) return;
  std::map<SiteId, std::size_t> of_site;
  for (const UserId& user : joined)
    if (is_remote(user)) ++of_site[site_of(user)];
  for (const auto& [site, count] : group.sites) {
    const auto fresh = of_site.find(site);
    if (fresh != of_site.end() && fresh->second == count)
      send_whole(state, group, site, ctx);
    else
      send_list(state, group, site, joined, messages::PeerPut{group.id.str(), {}, false}, ctx);
  }
}

void share_left(State& state, const Group& group, const UserId& user, const std::string& reason,
                Context& ctx) {
  if (group.home) {
    if (!is_remote(user) && reason != kNotQualified)  // that home has said
      send(state, group.home, messages::PeerLeft{group.id.str(), in_full(state, user), reason}, ctx);
    return;
  }
  const messages::PeerGone gone{group.id.str(), {in_full(state, user)}, reason};
  std::set<SiteId> sites;
  if (is_remote(user)) sites.insert(site_of(user));
  for (const auto& [site, count] : group.sites) sites.insert(site);
  for (const SiteId& site : sites) send(state, site, gone, ctx);
}

void share_member(State& state, const Group& group, const UserId& user, Context& ctx) {
  if (!is_shared_home(group)) return;
  for (const auto& [site, count] : group.sites)
    send(state, site, messages::PeerPut{group.id.str(), {peer_member(state, group, user)}, false}, ctx);
}

void share_head(State& state, const Group& group, Context& ctx) {
  if (!is_shared_home(group)) return;
  for (const auto& [site, count] : group.sites)
    send(state, site, messages::PeerHead{group.id.str(), group.ends_ms, group.rules}, ctx);
}

void share_notice(State& state, const Group& group, const messages::Notice& notice, Context& ctx) {
  if (!is_shared_home(group)) return;
  messages::PeerNotice item{group.id.str(), notice};
  if (notice.message.type != messages::kSystem) item.notice.from = in_full(state, UserId::parse(notice.from));
  if (auto& author = item.notice.message.author) *author = in_full(state, UserId::parse(*author));
  for (const auto& [site, count] : group.sites) send(state, site, item, ctx);
}

void share_end(State& state, const Group& group, const std::string& reason, Context& ctx) {
  if (group.home) return send(state, group.home, messages::PeerClosed{group.id.str()}, ctx);
  for (const auto& [site, count] : group.sites)
    send(state, site, messages::PeerEnd{group.id.str(), reason}, ctx);
}

void tell_all(State& state, const SiteId& site, Context& ctx) {
  tell_groups(state, site, ctx);
  for (const auto& [id, group] : state.groups) {
    if (group.home == site) tell_left(state, group, ctx);
    if (!group.home && group.state == GroupState::open && group.sites.contains(site))
      send_whole(state, group, site, ctx);
  }
  ask_again(state, site, ctx);
}

void ask_again(State& state, const SiteId& site, Context& ctx) {
  for (auto& [id, group] : state.groups) {
    if (group.state != GroupState::open && group.state != GroupState::gathering) continue;
    const bool kept = is_kept(state, group, site);
    if (kept || group.asked.contains(site))
      ask_by_name(state, group, site, listed_of(state, state.plan_of(group), site, ctx.now), ctx);
    if (kept || group.unselected.contains(site)) ask_to_select(state, group, site, ctx);
  }
  ask_all_levels(state, site, ctx);
}

void remove_all_of(State& state, Group& group, const SiteId& site, const std::string& reason, Context& ctx) {
  std::vector<UserId> users, invited;
  for (const auto& [user, invitation] : group.invited)
    if (site_of(user) == site) invited.push_back(user);
  for (const auto& [user, member] : group.members)
    if (site_of(user) == site) users.push_back(user);
  for (const UserId& user : invited) take_back_invitation(state, group, user, ctx);
  for (const UserId& user : users)
    if (group.state == GroupState::open) remove_member(state, group, user, reason, ctx);
}

void forget_stranger(State& state, const UserId& id, Context& ctx) {
  const User* user = state.user(id);
  if (!user || !is_remote(id) || !user->groups.empty() || !user->invited.empty()) return;
  if (!user->attributes.empty() || !user->blocked.empty()) return;  // this site's staff know more of them
  if (state.erasing == id) return;                                  // whoever erases them is about to
  state.users.erase(id);
  ctx.fx.users.insert(id);
}

std::string take_chosen(State& state, const SiteId& from, const messages::PeerChosen& item, Context& ctx) {
  Group* group = own_group(state, item.group);
  for (const auto& m : item.members)
    if (site_of(UserId::parse(m.user)) != from) return "foreign-user";
  if (!group) return {};  // it is over: a late answer is no fault
  std::vector<std::string> whys;
  for (const auto& m : item.members) {
    whys.push_back(why_chosen(state, *group, m, item.selected, ctx.now));
    if (whys.back().empty()) return "not-asked";
  }
  if (!item.selected) note_named(state, *group, from, item, ctx);
  if (item.selected && !note_selected(state, *group, from, item, ctx)) return {};
  if (state.plan_of(*group).audience.follow_ms)
    for (const auto& m : item.members)
      if (!note_met(state, *group, UserId::parse(m.user), ctx)) return kTooMany;
  admit_chosen(state, *group, item.members, std::move(whys), ctx);
  if (item.selected && !item.more && !item.later) end_doubts(state, *group, from, ctx);
  return {};
}

std::string take_left(State& state, const SiteId& from, const messages::PeerLeft& item, Context& ctx) {
  const UserId user = UserId::parse(item.user);
  if (site_of(user) != from) return "foreign-user";
  Group* group = own_group(state, item.group);
  if (group && group->state == GroupState::open) remove_member(state, *group, user, "left", ctx);
  return {};
}

std::string take_closed(State& state, const SiteId& from, const messages::PeerClosed& item, Context& ctx) {
  Group* group = own_group(state, item.group);
  if (group && group->state == GroupState::open) remove_all_of(state, *group, from, "left", ctx);
  return {};
}

}  // namespace convoke::core
