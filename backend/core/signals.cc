#include "backend/core/signals.h"

#include <algorithm>
#include <utility>

#include "backend/core/peers.h"
#include "backend/core/sites.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

using messages::PeerSignal;
using messages::Signal;

constexpr TimeMs kSignalsEveryMs = 1000;

/// As other sites understand it. Up to where somebody has read they do in the order of the group's home only;
/// nothing if that is not known.
std::optional<PeerSignal> as_there(const State& state, const Group& group, const UserId& user,
                                   const Signal& signal) {
  PeerSignal there{group.id.str(), in_full(state, user), signal.type};
  if (signal.type == Signal::Type::typing) return there;
  there.epoch = group.home ? signal.home_epoch : signal.epoch;
  there.n = group.home ? signal.home_n : signal.n;
  return there.n > 0 ? std::optional(there) : std::nullopt;
}

/// As this site's phones do.
Signal as_here(const Group& group, const PeerSignal& there) {
  Signal signal{there.type};
  (group.home ? signal.home_epoch : signal.epoch) = there.epoch;
  (group.home ? signal.home_n : signal.n) = there.n;
  return signal;
}

}  // namespace

bool hears_signals(const Group& group) {
  return group.state == GroupState::open && (group.home || !group.sites.empty());
}

void note_signal(State& state, const GroupId& id, const UserId& user, const Signal& signal, Context& ctx) {
  const Group* group = state.live_group(id);
  if (!group || is_remote(user) || !group->members.contains(user)) return;
  const auto told = as_there(state, *group, user, signal);
  if (!told) return;
  for_each_site(*group, [&](const SiteId& site) {
    if (!has_feature(state, site, messages::kSignals)) return;
    Peer& peer = state.peers.at(site);
    auto& due = peer.signals_due;
    const auto key = std::tuple(id, user, signal.type);
    if (due.size() >= messages::kMaxPeerSignals && !due.contains(key)) return;
    due[key] = *told;
    state.timers.set_if_unset({TimerKind::peer_signals, site.str()},
                              std::max(ctx.now, peer.signals_not_before_ms));
  });
}

void peer_signals_due(State& state, const SiteId& site, Context& ctx) {
  const auto found = state.peers.find(site);
  if (found == state.peers.end()) return;
  Peer& peer = found->second;
  const auto due = std::exchange(peer.signals_due, {});
  peer.signals_not_before_ms = ctx.now + kSignalsEveryMs;
  if (peer.waiting() > kPresenceWaits) return;
  for (const auto& [key, signal] : due) ctx.fx.peer_signals[site].push_back(signal);
}

std::string take_signals(const State& state, const SiteId& from, const std::vector<PeerSignal>& signals,
                         Context& ctx) {
  for (const PeerSignal& told : signals) {
    const UserId user = UserId::parse(told.user);
    if (site_of(user) != from) return "foreign-user";
    const Group* group = state.group(GroupId::parse(told.group));
    if (!group || group->state != GroupState::open || !group->members.contains(user)) continue;
    ctx.publish(
        {topics::signal_topic(state.site, group->id, user), encode(as_here(*group, told)), 0, false, false});
  }
  return {};
}

}  // namespace convoke::core
