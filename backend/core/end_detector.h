#pragma once

#include <optional>
#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Chat end events: what ends a group, and when it takes effect.
namespace convoke::core {

/// The first of the plan's ends that are known when a chat opens: "duration" or "set-time"; no time if there
/// is none.
struct KnownEnd {
  std::optional<TimeMs> at_ms;
  const char* kind = "";
};
KnownEnd known_end(const Plan& plan, TimeMs opened_ms);

/// When a chat closes whose end event is at `event_ms`. Spread members have all ended by then.
TimeMs closes_at(const EndTiming& timing, TimeMs event_ms);

/// Sets the timer for the open group's next end that depends on what happens in it; also after loading.
void watch_ends(State& state, const Group& group);
/// That timer fired.
void watch_due(State& state, Group& group, Context& ctx);

/// Sets the timer for the open group's next warning of its end; also after loading.
void arm_warning(State& state, const Group& group);
/// That timer fired: the members are told how long it is to the end.
void warning_due(State& state, Group& group, Context& ctx);

/// The user has become available, or inaccessible.
void watch_availability(State& state, const UserId& user);
/// The last user has left the area.
void area_emptied(State& state, const AreaId& area, Context& ctx);
/// The same of an area of another site, at `at_ms`, as it tells this plan.
void distant_area_emptied(State& state, const PlanId& plan, const WatchedThere& area, TimeMs at_ms,
                          Context& ctx);

}  // namespace convoke::core
