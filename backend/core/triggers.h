#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/organizer.h"
#include "backend/core/state.h"

/// Chat start events: what happens in areas, at set times, to users and outside, turned into starts of plans.
namespace convoke::core {

/// An event from outside, as CloudEvents describes it. Source and id together name it for ever.
struct ExternalEvent {
  std::string id, source, type;  // 1 to kMaxEventBytes each
  std::optional<std::string> subject;
};

/// A user came into or went out of an area: keeps the presence database and starts what waits for it.
void area_transition(State& state, const UserId& user, const AreaId& area, bool enter, Context& ctx);

/// A user became available, or is not any more.
void availability_changed(State& state, const UserId& user, Context& ctx);

/// Starts the plans that wait for such an event; which, and the group of each. The same event again gives the
/// same groups.
std::vector<std::pair<PlanId, StartOutcome>> external_event(State& state, const ExternalEvent& event,
                                                            Context& ctx);

/// Adds or replaces a plan; a group of it that has not ended keeps the one that it began with. An occupancy
/// trigger whose area is already full enough fires at once, and so does one for a user who is available, if
/// it is new.
void put_plan(State& state, Plan plan, Context& ctx);
/// Withdraws a plan; its live group ends. False if there is none of that id.
bool delete_plan(State& state, const PlanId& id, Context& ctx);

/// Another site has told whether something there holds that the plan waits for (distant_triggers.h).
struct LevelTold {
  WatchedThere there;
  std::optional<bool> before;  // absent: that was not known
  bool holds = false;          // of `enter`: it has happened
  TimeMs at_ms = 0;            // when that was so, on the clocks there
};
void level_told(State& state, PlanRecord& plan, const LevelTold& level, Context& ctx);

/// The plan's schedule timer fired: starts what is due and sets the timer for the next.
void plan_schedule_due(State& state, PlanRecord& plan, Context& ctx);
/// The plan's other timer fired: triggers whose time has come arm again and are checked.
void plan_again_due(State& state, PlanRecord& plan, Context& ctx);
/// A chat of the plan has ended: from now on counts when its triggers arm again.
void plan_chat_ended(State& state, PlanRecord& plan, Context& ctx);
/// Sets the timers for the plan's next set time and for the next trigger to arm again, if there are any.
void arm_plan_timers(State& state, const PlanRecord& plan);
/// The plan's next set time after those that had their turn; repeating ones among them.
std::optional<TimeMs> next_schedule(const PlanRecord& plan);

}  // namespace convoke::core
