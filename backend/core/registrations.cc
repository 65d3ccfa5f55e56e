#include "backend/core/registrations.h"

#include <algorithm>
#include <utility>

#include "backend/core/follow.h"
#include "backend/core/presence.h"

namespace convoke::core {

bool registered_by(const PlanRecord& plan, const UserId& user, const std::string& source) {
  const auto it = plan.registrations.find(user);
  return it != plan.registrations.end() &&
         std::any_of(it->second.begin(), it->second.end(),
                     [&](const Registration& r) { return r.source == source; });
}

std::string act_key(const std::string& source, const std::string& act) { return source + "/" + act; }

namespace {

void note_act(State& state, const PlanRecord& plan, const UserId& user, const Registration& r) {
  if (!r.act.empty()) state.by_act[act_key(r.source, r.act)][plan.plan.id].insert(user);
}

void forget_act(State& state, const PlanRecord& plan, const UserId& user, const Registration& r) {
  const auto act = state.by_act.find(act_key(r.source, r.act));
  if (act == state.by_act.end()) return;
  const auto in = act->second.find(plan.plan.id);
  if (in == act->second.end()) return;
  in->second.erase(user);
  if (in->second.empty()) act->second.erase(in);
  if (act->second.empty()) state.by_act.erase(act);
}

}  // namespace

void note_acts(State& state, const PlanRecord& plan, const UserId& user) {
  for (const Registration& r : plan.registrations.at(user)) note_act(state, plan, user, r);
}

void erase_registrations(State& state, PlanRecord& plan, const UserId& user, Context& ctx) {
  const auto all = plan.registrations.find(user);
  if (all == plan.registrations.end()) return;
  for (const Registration& r : all->second) forget_act(state, plan, user, r);
  plan.registrations.erase(all);
  ctx.fx.registrations.insert({plan.plan.id, user});
}

std::set<UserId> registered_by_act(const State& state, const PlanRecord& plan, const std::string& source,
                                   const std::string& act) {
  const auto found = state.by_act.find(act_key(source, act));
  if (found == state.by_act.end()) return {};
  const auto in = found->second.find(plan.plan.id);
  return in == found->second.end() ? std::set<UserId>() : in->second;
}

void put_registration(State& state, PlanRecord& plan, const UserId& user, Registration registration,
                      Context& ctx) {
  ensure_user(state, user, ctx);
  if (asks_registered(state, plan.plan.id)) state.registered_with[user].insert(plan.plan.id);
  std::vector<Registration>& all = plan.registrations[user];
  std::erase_if(all, [&](const Registration& r) {
    return r.source == registration.source && r.act == registration.act;
  });
  if (all.size() == kMaxRegistrations) {
    forget_act(state, plan, user, all.front());
    all.erase(all.begin());
  }
  note_act(state, plan, user, registration);
  all.push_back(std::move(registration));
  ctx.fx.registrations.insert({plan.plan.id, user});
  follow_user(state, user, ctx);
}

namespace {

void not_with(State& state, const PlanRecord& plan, const UserId& user) {
  const auto with = state.registered_with.find(user);
  if (with == state.registered_with.end()) return;
  with->second.erase(plan.plan.id);
  if (with->second.empty()) state.registered_with.erase(with);
}

template <class Taken>
bool take(State& state, PlanRecord& plan, const UserId& user, Taken taken, Context& ctx) {
  const auto it = plan.registrations.find(user);
  if (it == plan.registrations.end()) return false;
  const auto take_one = [&](const Registration& r) {
    const bool goes = taken(r);
    if (goes) forget_act(state, plan, user, r);
    return goes;
  };
  if (std::erase_if(it->second, take_one) == 0) return false;
  if (it->second.empty()) {
    plan.registrations.erase(it);
    not_with(state, plan, user);
  }
  ctx.fx.registrations.insert({plan.plan.id, user});
  follow_user(state, user, ctx);
  return true;
}

}  // namespace

bool take_registration(State& state, PlanRecord& plan, const UserId& user, const std::string& source,
                       Context& ctx) {
  return take(
      state, plan, user, [&](const Registration& r) { return source.empty() || r.source == source; }, ctx);
}

void take_act(State& state, PlanRecord& plan, const UserId& user, const std::string& source,
              const std::string& act, Context& ctx) {
  take(
      state, plan, user, [&](const Registration& r) { return r.source == source && r.act == act; }, ctx);
}

void take_registrations(State& state, PlanRecord& plan, Context& ctx) {
  for (const auto& [user, registrations] : plan.registrations) {
    ctx.fx.registrations.insert({plan.plan.id, user});
    not_with(state, plan, user);
    for (const Registration& r : registrations) forget_act(state, plan, user, r);
  }
  plan.registrations.clear();
}

bool may_register(const Plan& plan, TimeMs now) {
  const Registering& rules = plan.registering;
  return plan.enabled && rules.self && (!rules.from_ms || *rules.from_ms <= now) &&
         (!rules.until_ms || now < *rules.until_ms);
}

}  // namespace convoke::core
