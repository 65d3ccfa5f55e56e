#include "backend/core/triggers.h"

#include <algorithm>

#include "backend/core/distant_triggers.h"
#include "backend/core/end_detector.h"
#include "backend/core/follow.h"
#include "backend/core/identities.h"
#include "backend/core/invitations.h"
#include "backend/core/kept_questions.h"
#include "backend/core/presence.h"
#include "backend/core/recurrence.h"
#include "backend/core/registrations.h"
#include "backend/core/sites.h"
#include "backend/core/watches.h"
#include "topics/rfc3339.h"

namespace convoke::core {
namespace {

constexpr TimeMs kPutOffMs = 1000;

// So long an old level waits for what comes behind it on the link, which tells every 10 s.
constexpr TimeMs kSettleMs = 15'000;

/// Whether what the trigger waits for is so now: its area is full or empty enough, its user is available.
bool holds(const State& state, const PlanRecord& record, const Trigger& trigger) {
  if (const auto there = waits_for(trigger)) return told_to_hold(record, *there);
  if (const auto* full = std::get_if<OnOccupancy>(&trigger))
    return state.occupancy(full->area) >= full->reaches;
  const auto* falls = std::get_if<OnEmptying>(&trigger);
  return falls && state.occupancy(falls->area) <= falls->falls_to;
}

/// Why such a trigger starts a chat.
std::string in_words(const Trigger& trigger) {
  if (const auto* full = std::get_if<OnOccupancy>(&trigger))
    return "occupancy: " + area_of(*full) + " reached " + std::to_string(full->reaches);
  if (const auto* falls = std::get_if<OnEmptying>(&trigger))
    return "occupancy: " + area_of(*falls) + " fell to " + std::to_string(falls->falls_to);
  const auto* on = std::get_if<OnAvailable>(&trigger);
  return on ? "available: " + on->user.str() + " became available" : "";
}

/// Fires the trigger if what it waits for holds and has not held all the time since it last fired.
void check_level(State& state, PlanRecord& record, std::size_t index, Context& ctx) {
  if (!holds(state, record, record.plan.starts[index])) {
    if (record.disarmed.erase(index)) ctx.fx.plans.insert(record.plan.id);
    if (record.again.erase(index)) arm_plan_timers(state, record);
    return;
  }
  if (record.disarmed.contains(index)) return;
  const auto outcome = start_group(state, record, in_words(record.plan.starts[index]), "", ctx);
  if (!outcome.group) return;
  record.disarmed.insert(index);
  ctx.fx.plans.insert(record.plan.id);
}

/// The same when another site has told something of it.
void check_told(State& state, PlanRecord& record, std::size_t index, const LevelTold& told, Context& ctx) {
  const Trigger& trigger = record.plan.starts[index];
  const bool fresh = ctx.now - told.at_ms <= kFreshMs;
  if (const auto* enter = std::get_if<OnEnter>(&trigger)) {
    if (told.holds && fresh)
      start_group(state, record, "enter: somebody entered " + area_of(*enter), "", ctx);
    return;
  }
  if (told.holds && !told.before && std::holds_alternative<OnEmptying>(trigger)) {
    record.disarmed.insert(index);  // nobody knows of more people there before
    return;
  }
  if (!told.holds || fresh) return check_level(state, record, index, ctx);
  if (record.disarmed.contains(index)) return;
  record.again[index] = ctx.now + kSettleMs;
  arm_plan_timers(state, record);
}

/// A plan is new or has changed: which of its triggers fire because things are as they are.
void check_present(State& state, PlanRecord& record, const std::optional<Plan>& before, Context& ctx) {
  const auto waited_for = [&](const UserId& user) {
    return before && before->enabled &&
           std::any_of(before->starts.begin(), before->starts.end(), [&](const Trigger& trigger) {
             const auto* on = std::get_if<OnAvailable>(&trigger);
             return on != nullptr && on->user == user;
           });
  };
  for (std::size_t i = 0; i < record.plan.starts.size(); ++i) {
    const Trigger& trigger = record.plan.starts[i];
    if (std::holds_alternative<OnOccupancy>(trigger)) check_level(state, record, i, ctx);
    const auto* on = std::get_if<OnAvailable>(&trigger);
    const User* user = on && !is_remote(on->user) ? state.user(on->user) : nullptr;
    if (user && user->presence == PresenceState::available && !waited_for(on->user))
      start_group(state, record, "available: " + on->user.str() + " is available", "", ctx);
  }
}

/// The trigger's next set time after this one.
std::optional<TimeMs> next_time(const Trigger& trigger, TimeMs after) {
  if (const auto* once = std::get_if<OnSchedule>(&trigger); once && once->at_ms > after) return once->at_ms;
  if (const auto* again = std::get_if<OnRecurrence>(&trigger)) return next_occurrence(*again, after);
  return std::nullopt;
}

/// Which of the plan's triggers have this as their next set time.
std::vector<std::size_t> scheduled_at(const PlanRecord& record, TimeMs at) {
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < record.plan.starts.size(); ++i)
    if (next_time(record.plan.starts[i], record.scheduled_up_to) == at) which.push_back(i);
  return which;
}

/// What a plan says of this site by its name it says of what is here.
void name_own_site(Plan& plan, const SiteId& site) {
  Audience& audience = plan.audience;
  std::erase(audience.sites, site);
  for (auto* conditions : {&audience.any, &audience.all, &audience.none, &plan.chat.staff, &plan.chat.muted})
    for (Condition& c : *conditions)
      if (auto* in = std::get_if<InArea>(&c); in && in->site == site) in->site = SiteId();
  const auto own = [&](SiteId& named) {
    if (named == site) named = SiteId();
  };
  const auto own_user = [&](UserId& user) {
    if (site_of(user) == site) user = UserId::parse(user.str().substr(0, user.str().find('@')));
  };
  for (Trigger& start : plan.starts) {
    if (auto* full = std::get_if<OnOccupancy>(&start)) own(full->site);
    if (auto* falls = std::get_if<OnEmptying>(&start)) own(falls->site);
    if (auto* enter = std::get_if<OnEnter>(&start)) own(enter->site);
    if (auto* on = std::get_if<OnAvailable>(&start)) own_user(on->user);
  }
  for (End& end : plan.ends) {
    if (auto* empty = std::get_if<WhenEmpty>(&end)) own(empty->site);
    if (auto* gone = std::get_if<WhenUnavailable>(&end)) own_user(gone->user);
  }
}

bool fits(const OnEvent& trigger, const ExternalEvent& event) {
  return trigger.type == event.type && (!trigger.source || trigger.source == event.source) &&
         (!trigger.subject || trigger.subject == event.subject);
}

}  // namespace

void area_transition(State& state, const UserId& user, const AreaId& area, bool enter, Context& ctx) {
  User& u = ensure_user(state, user, ctx);
  ctx.fx.users.insert(user);
  if (enter) {
    u.areas.insert(area);
    state.occupants[area].insert(&u);
    note_area_entered(state, u, area, ctx);
  } else {
    u.areas.erase(area);
    state.occupants[area].erase(&u);
    note_area_left(state, u, area, ctx);
    if (state.occupancy(area) == 0) area_emptied(state, area, ctx);
  }
  follow_user(state, user, ctx);
  watched_area_changed(state, area, u, enter, ctx);
  for (const PlanId& id : state.plan_index.of(Concern::start_area, area.str())) {
    PlanRecord& record = state.plans.at(id);
    if (!record.plan.enabled) continue;
    for (std::size_t i = 0; i < record.plan.starts.size(); ++i) {
      const Trigger& trigger = record.plan.starts[i];
      if (waits_for(trigger)) continue;
      if (auto* full = std::get_if<OnOccupancy>(&trigger); full && full->area == area)
        check_level(state, record, i, ctx);
      if (auto* falls = std::get_if<OnEmptying>(&trigger); falls && falls->area == area)
        check_level(state, record, i, ctx);
      if (auto* in = std::get_if<OnEnter>(&trigger); enter && in && in->area == area)
        start_group(state, record, "enter: " + user.str() + " entered " + area.str(), "", ctx);
    }
  }
}

void availability_changed(State& state, const UserId& user, Context& ctx) {
  watch_availability(state, user);
  watched_user_changed(state, user, ctx);
  if (state.user(user)->presence != PresenceState::available) return;
  invited_is_available(state, user, ctx);
  follow_user(state, user, ctx);
  for (const PlanId& id : state.plan_index.of(Concern::start_user, user.str())) {
    PlanRecord& record = state.plans.at(id);
    if (!record.plan.enabled) continue;
    const bool waits =
        std::any_of(record.plan.starts.begin(), record.plan.starts.end(), [&](const Trigger& trigger) {
          const auto* on = std::get_if<OnAvailable>(&trigger);
          return on != nullptr && on->user == user;
        });
    if (waits) start_group(state, record, "available: " + user.str() + " became available", "", ctx);
  }
}

std::vector<std::pair<PlanId, StartOutcome>> external_event(State& state, const ExternalEvent& event,
                                                            Context& ctx) {
  std::vector<std::pair<PlanId, StartOutcome>> outcomes;
  for (const PlanId& id : state.plan_index.of(Concern::start_event, event.type)) {
    PlanRecord& record = state.plans.at(id);
    if (!record.plan.enabled) continue;
    const bool waits =
        std::any_of(record.plan.starts.begin(), record.plan.starts.end(), [&](const Trigger& trigger) {
          const auto* on = std::get_if<OnEvent>(&trigger);
          return on != nullptr && fits(*on, event);
        });
    if (!waits) continue;
    const std::string reason = "event: " + event.type + " from " + event.source + ", id " + event.id;
    outcomes.emplace_back(id,
                          start_group(state, record, reason, "event:" + event.source + "#" + event.id, ctx));
  }
  return outcomes;
}

void put_plan(State& state, Plan plan, Context& ctx) {
  const PlanId id = plan.id;
  name_own_site(plan, state.site);
  PlanRecord& record = state.plans[id];
  const std::optional<Plan> before = record.plan.id ? std::optional(record.plan) : std::nullopt;
  if (record.live && !record.running) record.running = before;
  record.plan = std::move(plan);
  index_plan(state, record);
  record.disarmed.clear();
  record.again.clear();
  record.scheduled_up_to = std::max(record.scheduled_up_to, ctx.now);
  ctx.fx.plans.insert(id);
  arm_plan_timers(state, record);
  arm_all_forgetting(state, ctx.now);
  ask_levels(state, record, ctx);
  for (std::size_t i = 0; i < record.plan.starts.size(); ++i) {
    const Trigger& start = record.plan.starts[i];
    if (std::holds_alternative<OnEmptying>(start) && holds(state, record, start)) record.disarmed.insert(i);
  }
  if (record.plan.enabled) check_present(state, record, before, ctx);
}

bool delete_plan(State& state, const PlanId& id, Context& ctx) {
  auto it = state.plans.find(id);
  if (it == state.plans.end()) return false;
  if (it->second.live) end_group(state, *state.group(*it->second.live), "plan-withdrawn", ctx);
  state.timers.cancel({TimerKind::plan_schedule, id.str()});
  state.timers.cancel({TimerKind::plan_again, id.str()});
  std::vector<UserId> registered;
  for (const auto& [user, registrations] : it->second.registrations) registered.push_back(user);
  take_registrations(state, it->second, ctx);
  forget_waiting(state, it->second, kMaxTimeMs, ctx);
  withdraw_levels(state, it->second, ctx);
  state.plans.erase(it);
  state.plan_index.erase(id);
  if (any_keeps(state, Concern::from_registered, id.str()))
    for (const UserId& user : registered) tell_askers(state, user, ctx);
  arm_all_forgetting(state, ctx.now);
  ctx.fx.plans.insert(id);
  return true;
}

void level_told(State& state, PlanRecord& record, const LevelTold& told, Context& ctx) {
  ctx.fx.plans.insert(record.plan.id);
  if (record.plan.enabled)
    for (std::size_t i = 0; i < record.plan.starts.size(); ++i)
      if (waits_for(record.plan.starts[i]) == told.there) check_told(state, record, i, told, ctx);
  if (told.holds && told.before == false)
    distant_area_emptied(state, record.plan.id, told.there, told.at_ms, ctx);
}

std::optional<TimeMs> next_schedule(const PlanRecord& record) {
  std::optional<TimeMs> next;
  if (!record.plan.enabled) return next;
  for (const Trigger& trigger : record.plan.starts)
    if (const auto at = next_time(trigger, record.scheduled_up_to)) next = std::min(*at, next.value_or(*at));
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
    if (record.plan.enabled) check_level(state, record, index, ctx);
  }
  ctx.fx.plans.insert(record.plan.id);
  arm_plan_timers(state, record);
}

void plan_schedule_due(State& state, PlanRecord& record, Context& ctx) {
  auto due = next_schedule(record);
  if (!due || *due > ctx.now) return;
  if (ctx.fresh_ids.empty())
    return state.timers.set({TimerKind::plan_schedule, record.plan.id.str()}, ctx.now + kPutOffMs);
  const std::vector<std::size_t> which = scheduled_at(record, *due);
  record.scheduled_up_to = *due;
  ctx.fx.plans.insert(record.plan.id);
  const std::string at = topics::format_rfc3339(*due);
  // The first makes the group, each of the others is one more reason of it, and says which it is.
  for (const std::size_t i : which) {
    const std::string name = which.size() > 1 ? ", start[" + std::to_string(i) + "]" : "";
    const std::string key = "schedule:" + at + (i == which.front() ? "" : "#" + std::to_string(i));
    if (!start_group(state, record, "schedule: " + at + name, key, ctx).group) break;
  }
  arm_plan_timers(state, record);
}

}  // namespace convoke::core
