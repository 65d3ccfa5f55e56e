#pragma once

#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// Chat messages between sites. Each server takes what its own users say to every other site of the group,
/// and says on its own broker, in their name, what others' users said. The order is the one in which the
/// home's broker has the messages: home tells the others where each stands, and they their phones.
namespace convoke::core {

inline constexpr std::size_t kMaxRelayed = 10'000;  // of one group, that wait for the broker
inline constexpr std::size_t kMaxHeld = 1'000;      // beyond so many nothing is held for home to decide

/// A message of a member was archived for the first time.
void message_archived(State& state, Group& group, const messages::ArchivedMessage& message, Context& ctx);

/// What staff or the server said here was archived.
void notice_archived(State& state, const Group& group, messages::Notice notice, const messages::Stamp& place,
                     Context& ctx);

/// Tells the phones of a mirror where messages stand in home's order; that timer fired.
void places_due(State& state, Group& group, Context& ctx);

/// Says again what has not come back from the broker.
void repeat_relayed(const State& state, const Group& group, Context& ctx);

// They say why the item is refused; empty: it is taken.
std::string take_said(State& state, const SiteId& from, const messages::PeerSaid& item, Context& ctx);
std::string take_place(State& state, const SiteId& from, const messages::PeerPlace& item, Context& ctx);
std::string take_presence(State& state, const SiteId& from, const messages::PeerPresence& item, Context& ctx);

}  // namespace convoke::core
