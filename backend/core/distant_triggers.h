#pragma once

#include <optional>
#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// What plans of this site wait for at other sites: that an area there fills or empties, that a user there
/// becomes available. Those sites tell whether it holds; what they have not told does not.
namespace convoke::core {

/// Levels that came to hold longer ago are older than what may follow them on the link.
inline constexpr TimeMs kFreshMs = 60'000;

/// What the start or the end waits for at another site; nothing: at none.
std::optional<WatchedThere> waits_for(const Trigger& trigger);
std::optional<WatchedThere> waits_for(const End& end);
/// Whether it holds, as its site has told.
bool told_to_hold(const PlanRecord& record, const WatchedThere& there);

/// The plan may wait for something else at other sites than before: these are asked anew.
void ask_levels(State& state, PlanRecord& record, Context& ctx);
/// The plan is withdrawn.
void withdraw_levels(State& state, PlanRecord& record, Context& ctx);
/// The site does not know what it was asked before: everything.
void ask_all_levels(State& state, const SiteId& site, Context& ctx);
/// The site is no peer any more.
void forget_levels(State& state, const SiteId& site, Context& ctx);

/// Says why it is refused.
std::string take_holds(State& state, const SiteId& from, const messages::PeerHolds& item, Context& ctx);

}  // namespace convoke::core
