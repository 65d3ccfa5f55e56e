#include "backend/core/peers.h"

#include <algorithm>
#include <utility>

#include "backend/core/blocks.h"
#include "backend/core/distant_triggers.h"
#include "backend/core/erasure.h"
#include "backend/core/kept_questions.h"
#include "backend/core/members.h"
#include "backend/core/met.h"
#include "backend/core/mirrors.h"
#include "backend/core/organizer.h"
#include "backend/core/questions.h"
#include "backend/core/relay.h"
#include "backend/core/shared_groups.h"
#include "backend/core/signals.h"
#include "backend/core/sites.h"
#include "backend/core/watches.h"

namespace convoke::core {
namespace {

constexpr TimeMs kPresenceEveryMs = 1000;
// A link tells every 10 s what is so now; until it has, old batches that come once more may say less.
constexpr TimeMs kForgotMs = 15'000;
constexpr TimeMs kJustBegunMs = 5000;
constexpr std::uint64_t kClocksDifferMs = 366ULL * 86'400'000;  // an epoch later than that is made up
constexpr TimeMs kWindowMs = 1000;
constexpr std::size_t kMaxInWindow = 5000;  // items that a peer may tell in it
constexpr TimeMs kEraseWindowMs = 60'000;
constexpr std::size_t kMaxErasures = 100;       // of a peer's users in it: each has the whole archive read
constexpr std::size_t kMaxErasuresKept = 1000;  // to be told again where what waits is given up
constexpr std::size_t kFlood = 50'000;          // no server sends so many in it: it waits for answers
constexpr std::uint64_t kNotTold = 0;           // the number of an erasure that was not sent

TimerKey presence_timer(const SiteId& site) { return {TimerKind::peer_presence, site.str()}; }

void arm_presence(State& state, const Peer& peer, TimeMs now) {
  if (!peer.presence_due.empty())
    state.timers.set_if_unset(presence_timer(peer.site), std::max(now, peer.presence_not_before_ms));
}

/// Those that it may not have taken. A site that does not have the feature, or has not said yet what it has,
/// is told when it has it.
void tell_erasures(State& state, Peer& peer, bool all, Context& ctx) {
  const bool knows = has_feature(state, peer.site, messages::kErasures);
  for (auto& [user, number] : peer.erasures) {
    if (!all && number != kNotTold) continue;
    number = knows ? peer.next : kNotTold;
    if (knows) send(state, peer.site, messages::PeerErase{in_full(state, user)}, ctx);
  }
}

/// Begins to count anew, above `beyond`: what waited is given up, and all that the peer must know is said
/// again.
void begin_anew(State& state, Peer& peer, std::uint64_t beyond, Context& ctx) {
  std::erase_if(ctx.fx.peer_items, [&](const PeerOutgoing& out) { return out.site == peer.site; });
  ctx.fx.peers_took.erase(peer.site);
  ctx.fx.peers_cleared.insert(peer.site);
  ctx.fx.peers.insert(peer.site);
  peer.epoch = std::max({peer.epoch + 1, beyond + 1, static_cast<std::uint64_t>(ctx.now)});
  peer.next = 1;
  peer.acked = 0;
  peer.forgot_ms = 0;
  peer.anew_ms = ctx.now;
  peer.telling_all = true;
  tell_erasures(state, peer, true, ctx);  // first: who has come back since is named behind it
  tell_all(state, peer.site, ctx);
  tell_blocks(state, peer.site, ctx);
  peer.telling_all = false;
  for (const auto& [id, group] : state.groups)
    if (group.state == GroupState::open) tell_peer_presences(state, group, peer.site, ctx.now);
}

/// What the peer says it has. Where it has more than we sent, we have forgotten (a backup was restored here);
/// where it has less than it said before, it has (there). The latter must hold for a while, but where it says
/// so with `anew`, its first batch since it counts anew: no old batch can be that.
void take_ack(State& state, Peer& peer, const messages::PeerBatch& batch, bool anew, Context& ctx) {
  const bool nothing_yet = batch.ack_epoch < peer.epoch;
  if (batch.ack_epoch > peer.epoch || (!nothing_yet && batch.ack_upto >= peer.next)) {
    const bool just_begun = ctx.now >= peer.anew_ms && ctx.now - peer.anew_ms < kJustBegunMs;
    const bool possible = batch.ack_epoch <= static_cast<std::uint64_t>(ctx.now) + kClocksDifferMs;
    if (!just_begun && possible) begin_anew(state, peer, batch.ack_epoch, ctx);
    return;
  }
  const std::uint64_t upto = nothing_yet ? 0 : batch.ack_upto;
  if (upto < peer.acked) {
    if (peer.forgot_ms == 0) peer.forgot_ms = ctx.now;
    if (anew || ctx.now - peer.forgot_ms >= kForgotMs) begin_anew(state, peer, 0, ctx);
    return;
  }
  peer.forgot_ms = 0;
  if (upto == peer.acked) return;
  peer.acked = upto;
  std::erase_if(peer.erasures,
                [&](const auto& erasure) { return erasure.second != kNotTold && erasure.second <= upto; });
  ctx.fx.peers.insert(peer.site);
  ctx.fx.peers_took[peer.site] = upto;
}

/// Which version the peer speaks, and what it can do. What it could not do before, it may be asked now.
void take_speech(State& state, Peer& peer, const messages::PeerBatch& batch, Context& ctx) {
  const std::uint32_t version = std::min(batch.speaks, messages::kPeerVersion);
  std::set<std::string> features(batch.features.begin(), batch.features.end());
  if (batch.version < 2 && version >= 2)
    features = peer.features;  // it does not know yet that we speak it too
  if (version == peer.version && features == peer.features) return;
  const bool can_more = version > peer.version || !std::includes(peer.features.begin(), peer.features.end(),
                                                                 features.begin(), features.end());
  peer.version = version;
  peer.features = std::move(features);
  ctx.fx.peers.insert(peer.site);
  ctx.fx.peers_heard.insert(peer.site);  // it is to know likewise
  if (!can_more) return;
  ask_again(state, peer.site, ctx);
  tell_blocks(state, peer.site, ctx);
  tell_erasures(state, peer, false, ctx);
}

/// Says why the item is refused; empty: it is taken.
std::string take_item(State& state, const SiteId& from, const messages::PeerItem& item, Context& ctx) {
  using namespace messages;
  if (const auto* i = std::get_if<PeerSaid>(&item)) return take_said(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerPlace>(&item)) return take_place(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerPresence>(&item)) return take_presence(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerAsk>(&item)) return take_ask(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerChosen>(&item)) return take_chosen(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerLeft>(&item)) return take_left(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerClosed>(&item)) return take_closed(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerGroups>(&item)) return take_groups(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerOpen>(&item)) return take_open(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerPut>(&item)) return take_put(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerGone>(&item)) return take_gone(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerHead>(&item)) return take_head(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerNotice>(&item)) return take_notice(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerEnd>(&item)) return take_end(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerSelect>(&item)) return take_select(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerErase>(&item)) return take_erase(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerBlocks>(&item)) return take_blocks(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerUnchosen>(&item)) return take_unchosen(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerDrop>(&item)) return take_drop(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerWatch>(&item)) return take_watch(state, from, *i, ctx);
  if (const auto* i = std::get_if<PeerHolds>(&item)) return take_holds(state, from, *i, ctx);
  return "unknown-kind";
}

/// Reasons that no mistake explains: an honest server says nothing for other sites' users, decides nothing
/// about others' groups.
bool is_lie(const std::string& refused) { return refused == "foreign-user" || refused == "not-home"; }

constexpr std::size_t kSelectCosts = 32;   // as many items: it may have to look at everybody
constexpr std::size_t kWatchesInOne = 10;  // of a `watch` are as much as an item
constexpr std::size_t kNamesInOne = 4;     // of an `ask` that is kept, or of who comes to be chosen later

std::size_t cost(const messages::PeerBatch& batch) {
  std::size_t all = std::max<std::size_t>(batch.items.size() + batch.signals.size(), 1);
  for (const messages::PeerItem& item : batch.items) {
    if (const auto* ask = std::get_if<messages::PeerAsk>(&item); ask && ask->keep)
      all += ask->users.size() / kNamesInOne;
    if (const auto* chosen = std::get_if<messages::PeerChosen>(&item); chosen && chosen->later)
      all += chosen->members.size() / kNamesInOne;
    if (std::holds_alternative<messages::PeerSelect>(item)) all += kSelectCosts - 1;
    if (const auto* watch = std::get_if<messages::PeerWatch>(&item))
      all += watch->watches.size() / kWatchesInOne;
  }
  return all;
}

void hear_signals(const State& state, Peer& peer, const messages::PeerBatch& batch, PeerTaken& taken,
                  Context& ctx) {
  const std::string refused = take_signals(state, peer.site, batch.signals, ctx);
  if (refused.empty()) return;
  ++peer.refused[refused];
  taken.refused.push_back(refused);
  shut_link(peer, taken.shut = refused, ctx);
}

bool too_many(Peer& peer, const messages::PeerBatch& batch, TimeMs now) {
  if (now < peer.window_ms || now - peer.window_ms >= kWindowMs) {
    peer.window_ms = now;
    peer.in_window = 0;
  }
  peer.in_window += cost(batch);
  return peer.in_window > kMaxInWindow;
}

/// An erasure is never refused for coming with many others: it waits at the sender.
bool must_wait(Peer& peer, const messages::PeerItem& item, TimeMs now) {
  if (!std::holds_alternative<messages::PeerErase>(item)) return false;
  if (now < peer.erase_window_ms || now - peer.erase_window_ms >= kEraseWindowMs) {
    peer.erase_window_ms = now;
    peer.in_erase_window = 0;
  }
  return ++peer.in_erase_window > kMaxErasures;
}

/// Whether they are in a chat with users of that site in which names are shown.
bool is_named_to(const State& state, const User& user, const SiteId& site) {
  return std::any_of(user.groups.begin(), user.groups.end(), [&](const GroupId& id) {
    const Group& group = *state.group(id);
    return (group.home == site || group.sites.contains(site)) && !state.plan_of(group).chat.anonymous;
  });
}

}  // namespace

void send(State& state, const SiteId& site, const messages::PeerItem& item, Context& ctx) {
  const auto found = state.peers.find(site);
  if (found == state.peers.end()) return;
  Peer& peer = found->second;
  if (peer.waiting() >= kMaxPeerWaiting) {
    if (!peer.telling_all) begin_anew(state, peer, 0, ctx);
    return;
  }
  ctx.fx.peer_items.push_back({site, peer.next++, encode(item)});
  ctx.fx.peers.insert(site);
}

bool has_feature(const State& state, const SiteId& site, const char* feature) {
  const auto peer = state.peers.find(site);
  return peer != state.peers.end() && peer->second.features.contains(feature);
}

void put_peer(State& state, const SiteId& site, std::string host, int port, std::string keys, Context& ctx) {
  const bool known = state.peers.contains(site);
  Peer& peer = state.peers[site];
  peer.site = site;
  peer.host = std::move(host);
  peer.port = port;
  peer.keys = std::move(keys);
  peer.shut.clear();
  ctx.fx.peers.insert(site);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedPeer{site.str(), peer.keys}}});
  if (!known) begin_anew(state, peer, 0, ctx);
}

bool delete_peer(State& state, const SiteId& site, Context& ctx) {
  if (!state.peers.contains(site)) return false;
  take_blocks(state, site, {}, ctx);
  drop_questions(state, site, ctx);
  forget_watches(state, site, ctx);
  state.peers.erase(site);
  state.timers.cancel(presence_timer(site));
  state.timers.cancel({TimerKind::peer_signals, site.str()});
  std::erase_if(ctx.fx.peer_items, [&](const PeerOutgoing& out) { return out.site == site; });
  ctx.fx.peers.insert(site);
  ctx.fx.peers_cleared.insert(site);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedPeer{site.str(), ""}}});
  std::vector<GroupId> live;
  for (auto& [id, group] : state.groups) {
    if (group.state == GroupState::open || group.state == GroupState::gathering) live.push_back(id);
    if (const auto asked = group.unselected.find(site); asked != group.unselected.end()) {
      asked->second = kNoPeer;
      ctx.fx.groups.insert(id);
    }
  }
  for (const GroupId& id : live) {
    Group& group = *state.group(id);
    if (group.home == site) {
      end_group(state, group, kPeerRemoved, ctx);
    } else {
      forget_met_of(state, group, site, ctx);  // nobody of it comes in for who goes
      remove_all_of(state, group, site, kPeerRemoved, ctx);
    }
  }
  forget_levels(state, site, ctx);
  return true;
}

void tell_peers_anew(State& state, Context& ctx) {
  for (auto& [site, peer] : state.peers) begin_anew(state, peer, 0, ctx);
}

std::vector<messages::FeedOp> feed_peers(const State& state) {
  std::vector<messages::FeedOp> ops;
  for (const auto& [site, peer] : state.peers)
    if (peer.shut.empty()) ops.emplace_back(messages::FeedPeer{site.str(), peer.keys});
  return ops;
}

void shut_link(Peer& peer, const std::string& why, Context& ctx) {
  if (!peer.shut.empty()) return;
  peer.shut = why;
  ctx.fx.peers.insert(peer.site);
  ctx.fx.out.emplace_back(FeedChange{{messages::FeedPeer{peer.site.str(), ""}}});
}

PeerTaken take_batch(State& state, const SiteId& site, const messages::PeerBatch& batch, Context& ctx) {
  PeerTaken taken;
  const auto found = state.peers.find(site);
  if (found == state.peers.end()) return {{"no-peer"}, false, {}};
  Peer& peer = found->second;
  if (!peer.shut.empty()) return {{"shut"}, false, {}};
  peer.heard_ms = ctx.now;
  if (batch.epoch < peer.in_epoch) return {{"old-epoch"}, false, {}};
  taken.put_off = too_many(peer, batch, ctx.now);
  if (peer.in_window > kFlood) shut_link(peer, taken.shut = "flood", ctx);
  if (taken.put_off) return taken;
  // An acknowledgement asks for none: two sites would thank one another for ever.
  if (!batch.items.empty()) ctx.fx.peers_heard.insert(site);
  const bool anew = batch.epoch > peer.in_epoch, answered_before = peer.in_epoch > 0;
  if (anew) {
    peer.in_epoch = batch.epoch;
    peer.in_upto = 0;
    ctx.fx.peers.insert(site);
    drop_questions(state, site, ctx);  // it asks again what it still asks
  }
  take_speech(state, peer, batch, ctx);
  take_ack(state, peer, batch, anew, ctx);
  if (anew && answered_before) ask_again(state, site, ctx);
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    if (batch.first + i != peer.in_upto + 1) continue;  // taken before, or what comes before it is missing
    if (must_wait(peer, batch.items[i], ctx.now)) {
      taken.put_off = true;
      break;
    }
    peer.in_upto = batch.first + i;
    ctx.fx.peers.insert(site);
    std::string refused = take_item(state, site, batch.items[i], ctx);
    if (refused.empty()) continue;
    ++peer.refused[refused];
    taken.refused.push_back(refused);
    if (!is_lie(refused)) continue;
    shut_link(peer, taken.shut = refused, ctx);
    break;
  }
  if (taken.shut.empty()) hear_signals(state, peer, batch, taken, ctx);
  return taken;
}

void tell_peers_presence(State& state, const User& user, Context& ctx) {
  if (is_remote(user.id) || state.peers.empty()) return;
  for (const GroupId& id : user.groups)
    for_each_site(*state.group(id), [&](const SiteId& site) {
      const auto peer = state.peers.find(site);
      if (peer == state.peers.end()) return;
      peer->second.presence_due.insert(user.id);
      arm_presence(state, peer->second, ctx.now);
    });
}

void tell_peers_name(State& state, const User& user, Context& ctx) {
  tell_peers_presence(state, user, ctx);
  for (auto& [site, peer] : state.peers)
    if (peer.presence_due.contains(user.id)) peer.names_due.insert(user.id);
}

void note_known_at(State& state, const UserId& id, const SiteId& site, Context& ctx) {
  User* user = state.user(id);
  if (user && !is_remote(id) && user->known_at.insert(site).second) ctx.fx.users.insert(id);
}

void tell_erasure(State& state, const User& user, Context& ctx) {
  for (const SiteId& site : user.known_at) {
    const auto found = state.peers.find(site);
    if (found == state.peers.end()) continue;
    Peer& peer = found->second;
    const bool knows = has_feature(state, site, messages::kErasures);
    if (peer.erasures.size() < kMaxErasuresKept) peer.erasures[user.id] = knows ? peer.next : kNotTold;
    ctx.fx.peers.insert(site);
    if (knows) send(state, site, messages::PeerErase{in_full(state, user.id)}, ctx);
  }
}

void tell_peer_presences(State& state, const Group& group, const SiteId& site, TimeMs now) {
  const auto peer = state.peers.find(site);
  if (peer == state.peers.end() || (group.home != site && !group.sites.contains(site))) return;
  for (const auto& [user, member] : group.members)
    if (!is_remote(user)) {
      peer->second.presence_due.insert(user);
      peer->second.names_due.insert(user);
    }
  arm_presence(state, peer->second, now);
}

void peer_presence_due(State& state, const SiteId& site, Context& ctx) {
  const auto found = state.peers.find(site);
  if (found == state.peers.end()) return;
  Peer& peer = found->second;
  peer.presence_not_before_ms = ctx.now + kPresenceEveryMs;
  if (peer.waiting() > kPresenceWaits) return arm_presence(state, peer, ctx.now);
  messages::PeerPresence item;
  const std::set<UserId> named = std::exchange(peer.names_due, {});
  for (const UserId& id : std::exchange(peer.presence_due, {})) {
    const User* user = state.user(id);
    if (!user) continue;
    item.users.push_back({in_full(state, id), user->presence});
    if (named.contains(id) && is_named_to(state, *user, site)) item.users.back().name = user->name;
    note_known_at(state, id, site, ctx);
    if (item.users.size() == messages::kMaxPeerMembers) send(state, site, std::exchange(item, {}), ctx);
  }
  if (!item.users.empty()) send(state, site, item, ctx);
}

void arm_peers(State& state, TimeMs now) {
  for (const auto& [id, user] : state.users)
    if (const auto peer = state.peers.find(site_of(id)); peer != state.peers.end() && !user.blocked.empty())
      peer->second.blockers.insert(id);
  for (const auto& [id, group] : state.groups)
    if (group.state == GroupState::open)
      for_each_site(
          group, [&, &group = group](const SiteId& site) { tell_peer_presences(state, group, site, now); });
}

}  // namespace convoke::core
