#pragma once

#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// What members of shared groups signal (that they type, what they have received or read), between sites. It
/// is told at once or not at all: nothing of it is kept, and none waits for a link.
namespace convoke::core {

/// Whether the server hears the group's signals: those of other groups concern the phones only.
bool hears_signals(const Group& group);

/// A member of this site has signalled: each other site of the group is told, in one batch a second at most.
void note_signal(State& state, const GroupId& group, const UserId& user, const messages::Signal& signal,
                 Context& ctx);
/// That timer fired.
void peer_signals_due(State& state, const SiteId& site, Context& ctx);
/// Members of that site have: says so here. Says why the link is to be shut, where it is.
std::string take_signals(const State& state, const SiteId& from,
                         const std::vector<messages::PeerSignal>& signals, Context& ctx);

}  // namespace convoke::core
