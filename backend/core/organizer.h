#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/core/audience.h"
#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Makes groups out of plans and ends them. States: scheduled (opens later) or gathering (opens with its
/// first member) → open → ending (end decided, messages on their way) → retired (the broker refuses its
/// topics). docs/groups.md has the table.
namespace convoke::core {

/// scheduled: a group is there and opens later. over: a set-time end of the plan has passed. put_off: no
/// fresh group id is left, another turn brings some.
enum class StartResult { started, scheduled, already_live, same_key, no_members, over, put_off };
struct StartOutcome {
  StartResult result = StartResult::no_members;
  GroupId group;  // empty unless started, scheduled, already_live or same_key
};

/// Starts the plan's chat for `reason` ("staff ana", "schedule: 2026-06-01T19:30:00Z", …), now or when the
/// plan's timing says. Who takes part is decided when it opens. A plan has one group at most that has not
/// ended: a further reason is recorded with it. The same non-empty `key` gives the same group for ever.
StartOutcome start_group(State& state, PlanRecord& plan, const std::string& reason, const std::string& key,
                         Context& ctx);

/// A chat that has started in this step is told of with all the reasons of the step, not the first alone.
void tell_all_reasons(const State& state, Effects& fx);

/// The group opens, or is given up, then.
void wait_to_open(State& state, Group& group, GroupState as, TimeMs until, Context& ctx);
/// The time has come for a scheduled or gathering group: it opens, or there is nobody for it.
void open_due(State& state, Group& group, Context& ctx);

/// Opens the group with its first members.
void open_group(State& state, Group& group, const std::vector<Chosen>& first, Context& ctx);
/// The same of one of which all else is known.
void open_with(State& state, Group& group, const std::vector<Chosen>& first, Context& ctx);

/// Ends a live group: chat-end with buddy-list-delete to every member, topics cleared, closed to everyone;
/// one that has not opened is retired at once. Reasons: "duration", "set-time", "unavailable", "idle",
/// "area-empty", "staff", "plan-withdrawn", "empty", "no-members".
void end_group(State& state, Group& group, const std::string& reason, Context& ctx);

/// What the plan wanted kept of an ended group has been kept long enough: only its id is left, for ever.
void forget_due(State& state, Group& group, Context& ctx);

/// The broker plugin has confirmed the end: the group's topics are refused from now on.
void group_retired(State& state, const GroupId& id, Context& ctx);

/// The open group ends then, for this reason; the members' lists say so.
void set_end(State& state, Group& group, TimeMs ends_ms, const std::string& kind, Context& ctx);
/// Moves the end by hand: silence and absence count anew from now. False, and no change, for a time after
/// kMaxTimeMs.
bool extend_group(State& state, Group& group, TimeMs ends_ms, Context& ctx);

/// Sets the timers of a loaded group that has not ended, or that somebody has not heard of the end of.
void arm_group_timers(State& state, const Group& group, TimeMs now);

}  // namespace convoke::core
