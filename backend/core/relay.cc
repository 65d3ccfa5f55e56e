#include "backend/core/relay.h"

#include <algorithm>
#include <utility>

#include "backend/core/announce.h"
#include "backend/core/chat_archive.h"
#include "backend/core/moderation.h"
#include "backend/core/peers.h"
#include "backend/core/presence.h"
#include "backend/core/shared_groups.h"
#include "backend/core/sites.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr TimeMs kPlacesEveryMs = 1000;  // each telling costs every member here

void say(const State& state, const Group& group, const Relayed& relayed, bool durable, Context& ctx) {
  ctx.publish({topics::chat_topic(state.site, group.id, relayed.from),
               encode(relayed.message),
               1,
               false,
               durable,
               {},
               true});
}

/// Whether they may say something in this group now; why not.
std::string why_not(const Group& group, const UserId& user) {
  if (!group.members.contains(user)) return "not-member";
  const topics::Standing standing = standing_of(group, user);
  const bool heard = standing == topics::Standing::staff ||
                     (standing == topics::Standing::member && !group.rules.announcement_only);
  return heard ? "" : "muted";
}

/// Home has told where an archived message stands: for the archive, and for the phones here.
void note_place(State& state, Group& group, PlaceEntry entry, Context& ctx) {
  group.places.push_back({entry.place.epoch, entry.place.n, entry.home.epoch, entry.home.n});
  state.timers.set_if_unset({TimerKind::home_places, group.id.str()},
                            std::max(ctx.now, group.places_not_before_ms));
  ctx.fx.places.push_back(std::move(entry));
}

void say_now(State& state, const Group& group, Relayed& relayed, Context& ctx) {
  relayed.step = Relayed::Step::said;
  if (relayed.place) relayed.message.home = relayed.place;
  say(state, group, relayed, true, ctx);
  arm_notices(state, group, ctx.now);
}

/// Home has a message that this archive has not: if it is held here, home's word settles it.
void place_early(State& state, Group& group, const UserId& from, std::uint64_t key,
                 const messages::Stamp& place, Context& ctx) {
  if (!group.relayed.contains(key) && group.relayed.size() >= kMaxRelayed) return;
  const auto [it, fresh] = group.relayed.try_emplace(key);
  Relayed& relayed = it->second;
  relayed.from = from;
  relayed.place = place;
  if (fresh) relayed.step = Relayed::Step::placed;
  if (relayed.step == Relayed::Step::held) say_now(state, group, relayed, ctx);
  ctx.fx.relayed.insert({group.id, key});
}

void take_own(State& state, const Group& group, const messages::ArchivedMessage& m, Context& ctx) {
  messages::PeerSaid item{group.id.str(), in_full(state, UserId::parse(m.from)), m.message};
  item.message.home.reset();
  if (!group.home) item.message.home = m.stamp;
  for_each_site(group, [&](const SiteId& site) {
    note_known_at(state, UserId::parse(m.from), site, ctx);
    send(state, site, item, ctx);
  });
}

/// What another site's user said is in this broker's order now.
void take_in(State& state, Group& group, const messages::ArchivedMessage& m, Context& ctx) {
  const std::uint64_t key = message_key(m.from, m.message.id);
  if (const auto relayed = group.relayed.find(key); relayed != group.relayed.end()) {
    if (const auto& place = relayed->second.place; place && !m.message.home)
      note_place(state, group,
                 {group.id, group.message_keys.at(key), UserId::parse(m.from), m.message.id, *place}, ctx);
    group.relayed.erase(relayed);
    ctx.fx.relayed.insert({group.id, key});
  }
  if (group.home) return;
  const messages::PeerPlace place{group.id.str(), m.from, m.message.id, m.stamp};
  for (const auto& [site, count] : group.sites) send(state, site, place, ctx);
}

}  // namespace

void message_archived(State& state, Group& group, const messages::ArchivedMessage& m, Context& ctx) {
  const UserId from = UserId::parse(m.from);
  if (is_remote(from))
    take_in(state, group, m, ctx);
  else if (group.home || !group.sites.empty())
    take_own(state, group, m, ctx);
}

void notice_archived(State& state, const Group& group, messages::Notice notice, const messages::Stamp& place,
                     Context& ctx) {
  if (group.home) return;
  notice.message.home = place;
  share_notice(state, group, notice, ctx);
}

void places_due(State& state, Group& group, Context& ctx) {
  const auto all = std::exchange(group.places, {});
  for (std::size_t at = 0; at < all.size(); at += messages::kMaxHomePlaces) {
    messages::ArchivedUpTo told = archived_up_to(group);
    const std::size_t end = std::min(all.size(), at + messages::kMaxHomePlaces);
    told.places.assign(all.begin() + static_cast<std::ptrdiff_t>(at),
                       all.begin() + static_cast<std::ptrdiff_t>(end));
    ctx.publish({topics::ack_topic(state.site, group.id), encode(told), 0, false, false});
  }
  group.places_not_before_ms = ctx.now + kPlacesEveryMs;
}

void repeat_relayed(const State& state, const Group& group, Context& ctx) {
  for (const auto& [key, relayed] : group.relayed)
    if (relayed.step == Relayed::Step::said) say(state, group, relayed, false, ctx);
}

std::string take_said(State& state, const SiteId& from, const messages::PeerSaid& item, Context& ctx) {
  const UserId user = UserId::parse(item.from);
  if (site_of(user) != from) return "foreign-user";
  Group* group = state.group(GroupId::parse(item.group));
  if (!group) return "unknown-group";
  if (group->state != GroupState::open) return {};  // it has ended here: too late, and no fault
  const std::string why = why_not(*group, user);
  const bool home_decides = group->home && group->home != from && group->relayed.size() < kMaxHeld;
  if (!why.empty() && !home_decides) return why;
  const auto& home = item.message.home;
  if (home && (group->home != from || home->site != from.str())) return "not-home";
  const std::uint64_t key = message_key(user.str(), item.message.id);
  const auto known = group->relayed.find(key);
  const bool placed = known != group->relayed.end() && known->second.step == Relayed::Step::placed;
  if (group->message_keys.contains(key) || (known != group->relayed.end() && !placed)) return {};
  if (!placed && group->relayed.size() >= kMaxRelayed) return "too-many";
  Relayed& relayed = group->relayed[key];
  relayed.from = user;
  relayed.message = item.message;
  relayed.step = Relayed::Step::held;
  if (placed || why.empty()) say_now(state, *group, relayed, ctx);
  ctx.fx.relayed.insert({group->id, key});
  return {};
}

std::string take_place(State& state, const SiteId& from, const messages::PeerPlace& item, Context& ctx) {
  Group* group = state.group(GroupId::parse(item.group));
  if (!group) return "unknown-group";
  if (group->home != from || item.home.site != from.str()) return "not-home";
  if (group->state != GroupState::open) return {};
  const UserId user = as_here(state, item.from);
  const std::uint64_t key = message_key(user.str(), item.message);
  const auto archived = group->message_keys.find(key);
  if (archived != group->message_keys.end())
    note_place(state, *group, {group->id, archived->second, user, item.message, item.home}, ctx);
  else if (is_remote(user))
    place_early(state, *group, user, key, item.home, ctx);
  return {};
}

std::string take_presence(State& state, const SiteId& from, const messages::PeerPresence& item,
                          Context& ctx) {
  for (const auto& seen : item.users)
    if (site_of(UserId::parse(seen.user)) != from) return "foreign-user";
  for (const auto& seen : item.users) {
    const UserId user = UserId::parse(seen.user);
    if (!state.user(user)) continue;
    remote_presence(state, user, seen.presence, ctx);
    if (seen.name) rename(state, user, *seen.name, ctx);
  }
  return {};
}

}  // namespace convoke::core
