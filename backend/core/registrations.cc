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

namespace {

std::string act_of(const std::string& source, const std::string& act) { return source + "/" + act; }

}  // namespace

void note_acts(PlanRecord& plan, const UserId& user) {
  for (const Registration& r : plan.registrations.at(user))
    if (!r.act.empty()) plan.by_act[act_of(r.source, r.act)].insert(user);
}

void forget_acts_of(PlanRecord& plan, const UserId& user) {
  for (auto it = plan.by_act.begin(); it != plan.by_act.end();) {
    it->second.erase(user);
    it = it->second.empty() ? plan.by_act.erase(it) : std::next(it);
  }
}

std::vector<UserId> registered_by_act(const PlanRecord& plan, const std::string& source,
                                      const std::string& act) {
  std::vector<UserId> users;
  const auto noted = plan.by_act.find(act_of(source, act));
  if (noted == plan.by_act.end()) return users;
  for (const UserId& user : noted->second) {
    const auto all = plan.registrations.find(user);
    if (all != plan.registrations.end() &&
        std::any_of(all->second.begin(), all->second.end(),
                    [&](const Registration& r) { return r.source == source && r.act == act; }))
      users.push_back(user);
  }
  return users;
}

void put_registration(State& state, PlanRecord& plan, const UserId& user, Registration registration,
                      Context& ctx) {
  ensure_user(state, user, ctx);
  if (state.plan_index.any(Concern::from_registered, plan.plan.id.str()))
    state.registered_with[user].insert(plan.plan.id);
  std::vector<Registration>& all = plan.registrations[user];
  std::erase_if(all, [&](const Registration& r) {
    return r.source == registration.source && r.act == registration.act;
  });
  if (all.size() == kMaxRegistrations) all.erase(all.begin());
  if (!registration.act.empty()) plan.by_act[act_of(registration.source, registration.act)].insert(user);
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
  if (it == plan.registrations.end() || std::erase_if(it->second, taken) == 0) return false;
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
  const auto noted = plan.by_act.find(act_of(source, act));
  if (noted == plan.by_act.end()) return;
  noted->second.erase(user);
  if (noted->second.empty()) plan.by_act.erase(noted);
}

void take_registrations(State& state, PlanRecord& plan, Context& ctx) {
  for (const auto& [user, registrations] : plan.registrations) {
    ctx.fx.registrations.insert({plan.plan.id, user});
    not_with(state, plan, user);
  }
  plan.registrations.clear();
  plan.by_act.clear();
}

bool may_register(const Plan& plan, TimeMs now) {
  const Registering& rules = plan.registering;
  return plan.enabled && rules.self && (!rules.from_ms || *rules.from_ms <= now) &&
         (!rules.until_ms || now < *rules.until_ms);
}

}  // namespace convoke::core
