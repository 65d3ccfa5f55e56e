#pragma once

#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Chat start events: what happens in areas and at set times, turned into starts of plans.
namespace convoke::core {

/// A user came into or went out of an area: keeps the presence database and starts what waits for it.
void area_transition(State& state, const UserId& user, const AreaId& area, bool enter, Context& ctx);

/// Adds or replaces a plan. An occupancy trigger whose area is already full enough fires at once.
void put_plan(State& state, Plan plan, Context& ctx);
/// Withdraws a plan; its live group ends. False if there is none of that id.
bool delete_plan(State& state, const PlanId& id, Context& ctx);

/// The plan's schedule timer fired: starts what is due and sets the timer for the next.
void plan_schedule_due(State& state, PlanRecord& plan, Context& ctx);
/// The plan's other timer fired: occupancy triggers whose time has come arm again and are checked.
void plan_again_due(State& state, PlanRecord& plan, Context& ctx);
/// A chat of the plan has ended: from now on counts when its triggers arm again.
void plan_chat_ended(State& state, PlanRecord& plan, Context& ctx);
/// Sets the timers for the plan's next set time and for the next trigger to arm again, if there are any.
void arm_plan_timers(State& state, const PlanRecord& plan);
/// The plan's next set time after those that had their turn.
std::optional<TimeMs> next_schedule(const PlanRecord& plan);

}  // namespace convoke::core
