#include "backend/core/triggers.h"

#include <algorithm>

#include "backend/core/organizer.h"
#include "backend/core/presence.h"

namespace convoke::core {
namespace {

constexpr TimeMs kPutOffMs = 1000;

/// Fires an occupancy trigger if its area is full enough and it has not fired since it last fell below.
void check_occupancy(State& state, PlanRecord& record, std::size_t index, Context& ctx) {
  const auto& trigger = std::get<OnOccupancy>(record.plan.starts[index]);
  if (state.occupancy(trigger.area) < trigger.reaches) {
    if (record.disarmed.erase(index)) ctx.fx.plans.insert(record.plan.id);
    record.again.erase(index);
    return;
  }
  if (record.disarmed.contains(index)) return;
  const auto outcome = start_group(
      state, record, "occupancy: " + trigger.area.str() + " reached " + std::to_string(trigger.reaches), "",
      ctx);
  if (!outcome.group) return;
  record.disarmed.insert(index);
  ctx.fx.plans.insert(record.plan.id);
}

}  // namespace

void area_transition(State& state, const UserId& user, const AreaId& area, bool enter, Context& ctx) {
  User& u = ensure_user(state, user, ctx);
  ctx.fx.users.insert(user);
  if (enter) {
    u.areas.insert(area);
    state.occupants[area].insert(user);
  } else {
    u.areas.erase(area);
    state.occupants[area].erase(user);
  }
  for (auto& [id, record] : state.plans) {
    if (!record.plan.enabled) continue;
    for (std::size_t i = 0; i < record.plan.starts.size(); ++i) {
      const Trigger& trigger = record.plan.starts[i];
      if (auto* full = std::get_if<OnOccupancy>(&trigger); full && full->area == area)
        check_occupancy(state, record, i, ctx);
      if (auto* in = std::get_if<OnEnter>(&trigger); enter && in && in->area == area)
        start_group(state, record, "enter: " + user.str() + " entered " + area.str(), "", ctx);
    }
  }
}

void put_plan(State& state, Plan plan, Context& ctx) {
  const PlanId id = plan.id;
  PlanRecord& record = state.plans[id];
  record.plan = std::move(plan);
  record.disarmed.clear();
  record.again.clear();
  record.scheduled_up_to = std::max(record.scheduled_up_to, ctx.now);
  ctx.fx.plans.insert(id);
  arm_plan_timers(state, record);
  if (!record.plan.enabled) return;
  for (std::size_t i = 0; i < record.plan.starts.size(); ++i)
    if (std::holds_alternative<OnOccupancy>(record.plan.starts[i])) check_occupancy(state, record, i, ctx);
}

bool delete_plan(State& state, const PlanId& id, Context& ctx) {
  auto it = state.plans.find(id);
  if (it == state.plans.end()) return false;
  if (it->second.live) end_group(state, *state.group(*it->second.live), "plan-withdrawn", ctx);
  state.timers.cancel({TimerKind::plan_schedule, id.str()});
  state.timers.cancel({TimerKind::plan_again, id.str()});
  state.plans.erase(it);
  ctx.fx.plans.insert(id);
  return true;
}

std::optional<TimeMs> next_schedule(const PlanRecord& record) {
  std::optional<TimeMs> next;
  if (!record.plan.enabled) return next;
  for (const Trigger& trigger : record.plan.starts) {
    const auto* at = std::get_if<OnSchedule>(&trigger);
    if (at && at->at_ms > record.scheduled_up_to && (!next || at->at_ms < *next)) next = at->at_ms;
  }
  return next;
}

void arm_plan_timers(State& state, const PlanRecord& record) {
  auto arm = [&](TimerKind kind, std::optional<TimeMs> at) {
    const TimerKey key{kind, record.plan.id.str()};
    if (at)
      state.timers.set(key, *at);
    else
      state.timers.cancel(key);
  };
  arm(TimerKind::plan_schedule, next_schedule(record));
  std::optional<TimeMs> again;
  for (const auto& [index, at] : record.again) again = std::min(at, again.value_or(at));
  arm(TimerKind::plan_again, again);
}

void plan_chat_ended(State& state, PlanRecord& record, Context& ctx) {
  for (std::size_t index : record.disarmed) {
    const auto* full = std::get_if<OnOccupancy>(&record.plan.starts[index]);
    if (full && full->again_ms) record.again[index] = ctx.now + *full->again_ms;
  }
  if (record.again.empty()) return;
  ctx.fx.plans.insert(record.plan.id);
  arm_plan_timers(state, record);
}

void plan_again_due(State& state, PlanRecord& record, Context& ctx) {
  std::vector<std::size_t> due;
  for (const auto& [index, at] : record.again)
    if (at <= ctx.now) due.push_back(index);
  for (std::size_t index : due) {
    record.again.erase(index);
    record.disarmed.erase(index);
    if (record.plan.enabled) check_occupancy(state, record, index, ctx);
  }
  ctx.fx.plans.insert(record.plan.id);
  arm_plan_timers(state, record);
}

void plan_schedule_due(State& state, PlanRecord& record, Context& ctx) {
  auto due = next_schedule(record);
  if (!due || *due > ctx.now) return;
  if (ctx.fresh_ids.empty())
    return state.timers.set({TimerKind::plan_schedule, record.plan.id.str()}, ctx.now + kPutOffMs);
  record.scheduled_up_to = *due;
  ctx.fx.plans.insert(record.plan.id);
  start_group(state, record, "schedule: the set time has come", "", ctx);
  arm_plan_timers(state, record);
}

}  // namespace convoke::core
