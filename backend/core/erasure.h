#pragma once

#include <string>
#include <string_view>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "geo/fence_tracker.h"
#include "topics/messages/peer.h"

/// Forgetting a user. docs/privacy.md says what goes and what stays.
namespace convoke::core {

/// Everything that the core knows of the user goes: their chats end for them, and the others see them gone.
/// What only the store has goes after it (Effects::erased), and so do the tokens (Effects::revoked).
/// Other sites that were told of them do the same.
void erase_user(State& state, geo::FenceTracker& tracker, const UserId& user, Context& ctx);
/// The same of a user of that site, who says so. Says why the item is refused; empty: it is taken.
std::string take_erase(State& state, const SiteId& from, const messages::PeerErase& item, Context& ctx);

/// Whether the text names the user: the id stands in it, and no letter or digit before or after it.
bool mentions(std::string_view text, const UserId& user);

}  // namespace convoke::core
