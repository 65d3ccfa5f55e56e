#pragma once

#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// The links to other sites' servers: what is sent over each has a number, is kept until the other says that
/// it has it, and is taken once. docs/federation.md.
namespace convoke::core {

inline constexpr std::uint64_t kMaxPeerWaiting = 100'000;  // items for one site
inline constexpr std::size_t kMaxPeers = 100;
inline constexpr const char* kPeerRemoved = "site-removed";  // why its users are out
// Items of any kind for one site: then presence waits too, and is newer then, and signals are not told.
inline constexpr std::uint64_t kPresenceWaits = 256;

/// Sends the item; without such a peer nothing happens. Where too much waits already, all that waits is given
/// up, and the peer is told everything anew.
void send(State& state, const SiteId& site, const messages::PeerItem& item, Context& ctx);

/// Whether there is such a peer and it has that feature (topics/messages/peer.h). What needs one is sent to
/// no other.
bool has_feature(const State& state, const SiteId& site, const char* feature);

/// Adds a peer, or changes its address and keys. A link that was shut is open again.
void put_peer(State& state, const SiteId& site, std::string host, int port, std::string keys, Context& ctx);
/// Its users leave our groups, ours leave its groups, and it can say nothing any more. False: there is none.
bool delete_peer(State& state, const SiteId& site, Context& ctx);
/// The time of this site went back to that of a backup: its peers have numbers from it that it would give
/// once more. All of them are told everything anew.
void tell_peers_anew(State& state, Context& ctx);
/// What the broker plugin must know of peers.
std::vector<messages::FeedOp> feed_peers(const State& state);

/// What a batch did: why some of its items were refused, whether it was put off, because there is too
/// much of it: the sender will send it again; and why the link was shut by it, empty if it was not.
struct PeerTaken {
  std::vector<std::string> refused;
  bool put_off = false;
  std::string shut;
};
/// Nothing is sent to the site or taken from it any more, until an operator adds it again: it has said what
/// no honest server says. Its users stay in the chats, as when the link is cut.
void shut_link(Peer& peer, const std::string& why, Context& ctx);
/// A batch came from the site's server. Items that were taken before are passed over.
PeerTaken take_batch(State& state, const SiteId& site, const messages::PeerBatch& batch, Context& ctx);

/// The user has another presence, or name: the sites that share a chat with them are told, each in one batch
/// a second.
void tell_peers_presence(State& state, const User& user, Context& ctx);
void tell_peers_name(State& state, const User& user, Context& ctx);
/// The same of all in this group, to this site.
void tell_peer_presences(State& state, const Group& group, const SiteId& site, TimeMs now);
/// That timer fired.
void peer_presence_due(State& state, const SiteId& site, Context& ctx);
/// The site was told of this user of ours.
void note_known_at(State& state, const UserId& user, const SiteId& site, Context& ctx);
/// The user of ours is erased: sites that were told of them are to know.
void tell_erasure(State& state, const User& user, Context& ctx);

/// After loading: nobody knows what was told before.
void arm_peers(State& state, TimeMs now);

}  // namespace convoke::core
