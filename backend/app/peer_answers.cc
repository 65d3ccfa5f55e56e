#include "backend/app/peer_answers.h"

#include <algorithm>
#include <boost/json.hpp>

namespace convoke::app {
namespace {

namespace json = boost::json;

constexpr core::TimeMs kSilentMs = 30'000;  // three signs of life

/// up: both directions. sending: we reach it, and have not heard of it lately. down: we do not reach it.
/// shut: it has lied.
const char* state_of(const core::Peer& peer, const egress::PeerSender* sender, core::TimeMs now) {
  if (!peer.shut.empty()) return "shut";
  if (!sender || !sender->up()) return "down";
  const bool heard = peer.heard_ms > 0 && now - peer.heard_ms <= kSilentMs;
  return heard ? "up" : "sending";
}

json::object shown(const core::State& state, const core::Peer& peer, const egress::PeerSender* sender,
                   core::TimeMs now, std::int64_t real_ms) {
  const auto count = [&](auto is) {
    return std::count_if(state.groups.begin(), state.groups.end(), [&](const auto& entry) {
      return entry.second.state == core::GroupState::open && is(entry.second);
    });
  };
  json::object refused;
  for (const auto& [reason, n] : peer.refused) refused[reason] = n;
  return {
      {"site", peer.site.str()},
      {"host", peer.host},
      {"port", peer.port},
      {"state", state_of(peer, sender, now)},
      {"waiting", peer.waiting()},
      {"lag_ms", sender ? sender->lag_ms(real_ms) : 0},
      {"heard_ms", peer.heard_ms ? json::value(peer.heard_ms) : json::value(nullptr)},
      {"last_error", sender ? sender->last_error() : ""},
      {"shut", peer.shut},
      {"version", peer.version},
      {"features", json::value_from(peer.features)},
      {"groups_here", count([&](const core::Group& g) { return g.sites.contains(peer.site) && !g.home; })},
      {"groups_there", count([&](const core::Group& g) { return g.home == peer.site; })},
      {"may", json::value_from(peer.may)},
      {"refused", std::move(refused)}};
}

}  // namespace

ApiResponse list_peers(const Loop& loop, core::TimeMs now, std::int64_t real_ms) {
  const core::State& state = loop.engine().state();
  json::array peers;
  for (const auto& [site, peer] : state.peers)
    peers.push_back(shown(state, peer, loop.peer(site), now, real_ms));
  return {200, json::serialize(json::object{{"site", state.site.str()}, {"peers", std::move(peers)}})};
}

}  // namespace convoke::app
