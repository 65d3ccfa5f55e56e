#pragma once

#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "geo/fence_tracker.h"
#include "geo/measure.h"
#include "topics/messages/position.h"

/// Telling phones where they may keep silent, and calling it back in time. What was told is kept in memory
/// only. A region is of the user's last position, whichever device reported it; each device holds it against
/// its own fixes.
namespace convoke::core {

/// So long a phone within its region may keep silent.
inline constexpr std::uint32_t kSafeRegionAgeS = 600;

/// A phone has reported, `newest` last, and all of it is decided. Tells the user's phones a region unless the
/// last one still holds: at most six at once and then one in 10 s, and none while a decision is pending.
/// `takes_regions` false: an app that does not know them; it is told of only if others of the user do.
void tell_safe_region(State& state, const geo::FenceTracker& tracker, const UserId& user,
                      const messages::Fix& newest, bool takes_regions, Context& ctx);

/// A phone of the user has connected anew and holds none: its next report is answered with one.
void forget_safe_region(State& state, const UserId& user);

/// These areas are new or changed, and the tracker knows it. Whoever was told a region that may meet one gets
/// another, or is asked for a position. To be called before anything else is said of the change: the phones
/// concerned are to hear it first.
void call_back_safe_regions(State& state, const geo::FenceTracker& tracker,
                            const std::vector<geo::Area>& changed, Context& ctx);

/// The server has started, and does not know what phones were told before. Until the last of that is over
/// they are asked for a position where an area changes near them.
void safe_regions_unknown(State& state, TimeMs now);

}  // namespace convoke::core
