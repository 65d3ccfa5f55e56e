#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// What plans of other sites wait for here: they are told whether it holds, at once and whenever that
/// changes.
namespace convoke::core {

inline constexpr std::size_t kMaxWatches = 10'000;  // of one site

/// What a plan of that site waits for from now on; answers it. Says why it is refused.
std::string take_watch(State& state, const SiteId& from, const messages::PeerWatch& item, Context& ctx);
/// No plan of that site waits for anything any more.
void forget_watches(State& state, const SiteId& site, Context& ctx);
/// What the site may ask is another now than `before`.
void watches_allowed(State& state, const SiteId& site, const std::set<std::string>& before, Context& ctx);

/// The user has come into the area or gone out of it.
void watched_area_changed(State& state, const AreaId& area, const User& user, bool enter, Context& ctx);
/// The user is available, or is not any more, or is not known any more.
void watched_user_changed(State& state, const UserId& user, Context& ctx);

/// After loading: what was told follows from how things are.
void load_watches(State& state);

}  // namespace convoke::core
