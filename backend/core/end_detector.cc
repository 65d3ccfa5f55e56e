#include "backend/core/end_detector.h"

#include <algorithm>
#include <string>
#include <vector>

#include "backend/core/announce.h"
#include "backend/core/distant_triggers.h"
#include "backend/core/organizer.h"

namespace convoke::core {
namespace {

constexpr const char* kUnavailable = "unavailable";
constexpr const char* kIdle = "idle";
constexpr const char* kAreaEmpty = "area-empty";

/// An event has decided the end, which is on its way: no other one counts.
bool decided(const Group& group) {
  return group.end_kind == kUnavailable || group.end_kind == kIdle || group.end_kind == kAreaEmpty;
}

/// When the end comes if nothing more happens; nothing if it depends on more than time.
std::optional<TimeMs> due(const State& state, const Group& group, const End& end) {
  if (const auto* idle = std::get_if<WhenIdle>(&end))
    return std::max(group.watched_from_ms, group.last_message_ms) + idle->after_ms;
  const auto* gone = std::get_if<WhenUnavailable>(&end);
  if (!gone) return std::nullopt;
  const User* user = state.user(gone->user);
  // Who was never there during the chat cannot go.
  if (!user || user->presence == PresenceState::available || user->unavailable_since_ms < group.started_ms)
    return std::nullopt;
  return std::max(user->unavailable_since_ms, group.watched_from_ms) + gone->grace_ms;
}

struct NextEnd {
  TimeMs at_ms;
  const char* reason;
};
std::optional<NextEnd> next_end(const State& state, const Group& group) {
  std::optional<NextEnd> next;
  if (decided(group)) return next;
  for (const End& end : state.plan_of(group).ends) {
    const auto at = due(state, group, end);
    if (at && (!next || *at < next->at_ms))
      next = {*at, std::holds_alternative<WhenIdle>(end) ? kIdle : kUnavailable};
  }
  // Where the chat is over before, there is nothing to watch.
  if (next && group.ends_ms && closes_at(state.plan_of(group).end_timing, next->at_ms) >= *group.ends_ms)
    return std::nullopt;
  return next;
}

/// An end event has occurred: the group closes when the plan's timing says.
void end_event(State& state, Group& group, const std::string& reason, TimeMs event_ms, Context& ctx) {
  const EndTiming timing = state.plan_of(group).end_timing;
  const TimeMs at = closes_at(timing, event_ms);
  if (at <= ctx.now) return end_group(state, group, reason, ctx);
  if (group.ends_ms && *group.ends_ms <= at) return;
  if (std::holds_alternative<Spread>(timing)) group.spread_from_ms = event_ms;
  set_end(state, group, at, reason, ctx);
}

/// The open groups of these plans that have an end of this kind for which `is_it(end)` holds.
template <class Kind, class IsIt>
std::vector<GroupId> groups_with(const State& state, const std::vector<PlanId>& plans, const IsIt& is_it) {
  std::vector<GroupId> found;
  for (const PlanId& id : plans) {
    const PlanRecord& record = state.plans.at(id);
    const Group* group = record.live ? state.group(*record.live) : nullptr;
    if (!group || group->state != GroupState::open) continue;
    const std::vector<End>& ends = state.plan_of(*group).ends;
    const bool has = std::any_of(ends.begin(), ends.end(), [&](const End& end) {
      const auto* of_kind = std::get_if<Kind>(&end);
      return of_kind != nullptr && is_it(*of_kind);
    });
    if (has) found.push_back(group->id);
  }
  return found;
}

/// "5 minutes".
std::string in_words(TimeMs ms) {
  const auto rounded = [&](TimeMs unit, const char* name) {
    const TimeMs n = (ms + unit / 2) / unit;
    return std::to_string(n) + " " + name + (n == 1 ? "" : "s");
  };
  constexpr TimeMs kMinute = 60'000, kHour = 60 * kMinute;
  if (ms < 2 * kMinute - 30'000) return ms < kMinute ? rounded(1000, "second") : rounded(kMinute, "minute");
  return ms < 2 * kHour ? rounded(kMinute, "minute") : rounded(kHour, "hour");
}

}  // namespace

KnownEnd known_end(const Plan& plan, TimeMs opened_ms) {
  KnownEnd first;
  const auto add = [&](TimeMs at, const char* kind) {
    if (!first.at_ms || at < *first.at_ms) first = {at, kind};
  };
  for (const End& end : plan.ends) {
    if (const auto* after = std::get_if<AfterDuration>(&end)) add(opened_ms + after->duration_ms, "duration");
    if (const auto* at = std::get_if<AtTime>(&end)) add(at->at_ms, "set-time");
  }
  return first;
}

TimeMs closes_at(const EndTiming& timing, TimeMs event_ms) {
  if (const auto* delayed = std::get_if<Delayed>(&timing)) return event_ms + delayed->by_ms;
  if (const auto* set = std::get_if<SetTime>(&timing)) return std::max(event_ms, set->at_ms);
  if (const auto* spread = std::get_if<Spread>(&timing)) return event_ms + spread->over_ms;
  return event_ms;
}

void watch_ends(State& state, const Group& group) {
  const TimerKey timer{TimerKind::group_watch, group.id.str()};
  if (const auto next = next_end(state, group))
    state.timers.set(timer, next->at_ms);
  else
    state.timers.cancel(timer);
}

void watch_due(State& state, Group& group, Context& ctx) {
  const auto next = next_end(state, group);
  if (next && next->at_ms <= ctx.now) return end_event(state, group, next->reason, next->at_ms, ctx);
  watch_ends(state, group);  // a message has put it off
}

void arm_warning(State& state, const Group& group) {
  const TimerKey timer{TimerKind::group_warn, group.id.str()};
  std::optional<TimeMs> next;
  for (const TimeMs before : state.plan_of(group).warn_ms) {
    if (!group.ends_ms || *group.ends_ms - before <= group.warned_up_to_ms) continue;
    next = std::min(*group.ends_ms - before, next.value_or(kMaxTimeMs));
  }
  if (next)
    state.timers.set(timer, *next);
  else
    state.timers.cancel(timer);
}

void warning_due(State& state, Group& group, Context& ctx) {
  group.warned_up_to_ms = ctx.now;
  ctx.fx.groups.insert(group.id);
  if (group.ends_ms && *group.ends_ms > ctx.now)
    announce(state, group, messages::kSystem, "This chat ends in " + in_words(*group.ends_ms - ctx.now) + ".",
             state.site.str(), ctx);
  arm_warning(state, group);
}

void watch_availability(State& state, const UserId& id) {
  const auto is_it = [&](const WhenUnavailable& end) { return end.user == id; };
  User* user = state.user(id);
  const auto plans = state.plan_index.of(Concern::end_user, id.str());
  for (const GroupId& of : groups_with<WhenUnavailable>(state, plans, is_it)) {
    const Group& group = *state.group(of);
    // Who goes now was there during the chat, also where the clock has been put back to before its opening.
    if (user && user->presence != PresenceState::available)
      user->unavailable_since_ms = std::max(user->unavailable_since_ms, group.started_ms);
    watch_ends(state, group);
  }
}

void area_emptied(State& state, const AreaId& area, Context& ctx) {
  const auto is_it = [&](const WhenEmpty& end) { return end.area == area && !end.site; };
  const auto plans = state.plan_index.of(Concern::end_area, area.str());
  for (const GroupId& id : groups_with<WhenEmpty>(state, plans, is_it)) {
    Group* group = state.live_group(id);
    if (group && !decided(*group)) end_event(state, *group, kAreaEmpty, ctx.now, ctx);
  }
}

void distant_area_emptied(State& state, const PlanId& plan, const WatchedThere& area, TimeMs at_ms,
                          Context& ctx) {
  const auto is_it = [&](const WhenEmpty& end) { return waits_for(end) == area; };
  for (const GroupId& id : groups_with<WhenEmpty>(state, {plan}, is_it)) {
    Group* group = state.live_group(id);
    const bool before_it = at_ms < group->started_ms && ctx.now - at_ms > kFreshMs;  // clocks differ a little
    if (!before_it && !decided(*group)) end_event(state, *group, kAreaEmpty, ctx.now, ctx);
  }
}

}  // namespace convoke::core
