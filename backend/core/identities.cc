#include "backend/core/identities.h"

#include <algorithm>
#include <utility>

#include "backend/core/presence.h"
#include "backend/core/registrations.h"

namespace convoke::core {
namespace {

constexpr std::size_t kMaxWaiting = 100'000;  // identities of a plan
constexpr std::size_t kMaxActsWaiting = 16;   // of an identity

std::string act_of(const WaitingAct& act) { return act_key(act.registration.source, act.registration.act); }

void note_act(State& state, const PlanRecord& plan, const std::string& key, const WaitingAct& act) {
  state.waiting_by_act[act_of(act)][plan.plan.id].insert(key);
  state.waiting_in[key].insert(plan.plan.id);
}

void forget_act(State& state, const PlanRecord& plan, const std::string& key, const WaitingAct& act) {
  const auto by = state.waiting_by_act.find(act_of(act));
  if (by == state.waiting_by_act.end()) return;
  std::set<std::string>& keys = by->second[plan.plan.id];
  keys.erase(key);
  if (keys.empty()) by->second.erase(plan.plan.id);
  if (by->second.empty()) state.waiting_by_act.erase(by);
}

/// Takes those out that `goes` says, and returns them.
template <class Goes>
std::vector<WaitingAct> take_waiting(State& state, PlanRecord& plan, const std::string& key, const Goes& goes,
                                     Context& ctx) {
  std::vector<WaitingAct> taken;
  const auto waits = plan.waiting.find(key);
  if (waits == plan.waiting.end()) return taken;
  std::erase_if(waits->second, [&](const WaitingAct& act) {
    if (!goes(act)) return false;
    forget_act(state, plan, key, act);
    taken.push_back(act);
    return true;
  });
  if (!taken.empty()) ctx.fx.waiting.insert({plan.plan.id, key});
  if (!waits->second.empty()) return taken;
  plan.waiting.erase(waits);
  const auto in = state.waiting_in.find(key);
  in->second.erase(plan.plan.id);
  if (in->second.empty()) state.waiting_in.erase(in);
  return taken;
}

constexpr auto kAllOfThem = [](const WaitingAct&) { return true; };

std::set<PlanId> waiting_in(const State& state, const std::string& key) {
  const auto in = state.waiting_in.find(key);
  return in == state.waiting_in.end() ? std::set<PlanId>() : in->second;
}

/// What waited in each plan for this identity registers its owner.
void register_waiting(State& state, const UserId& user, const std::string& key, Context& ctx) {
  for (const PlanId& id : waiting_in(state, key)) {
    PlanRecord& plan = state.plans.at(id);
    for (const WaitingAct& act : take_waiting(state, plan, key, kAllOfThem, ctx))
      if (ctx.now < act.until_ms) put_registration(state, plan, user, act.registration, ctx);
  }
}

void take_from(State& state, const UserId& owner, const std::string& key) {
  if (User* user = state.user(owner)) user->identities.erase(key);
}

}  // namespace

LinkResult link_identity(State& state, const UserId& user, const Identity& identity, bool proven,
                         const std::string& source, Context& ctx) {
  const auto had = state.identities.find(identity.key);
  const bool own = had != state.identities.end() && had->second.user == user;
  if (had != state.identities.end() && !own && had->second.proven && !proven) return LinkResult::taken;
  if (own && had->second.proven && !proven) return LinkResult::linked;
  User& owner = ensure_user(state, user, ctx);
  if (!own && owner.identities.size() >= kMaxIdentities) return LinkResult::too_many;
  if (had != state.identities.end()) take_from(state, had->second.user, identity.key);
  owner.identities.insert(identity.key);
  state.identities[identity.key] = {user, proven, source, ctx.now, identity.sealed};
  ctx.fx.identities.insert(identity.key);
  if (proven) register_waiting(state, user, identity.key, ctx);
  return LinkResult::linked;
}

void sign_in(State& state, const UserId& user, const std::vector<Identity>& proven, TimeMs issued_ms,
             Context& ctx) {
  const auto erased = state.erased_ms.find(user);
  if (erased != state.erased_ms.end() && issued_ms <= erased->second) return;
  for (const Identity& identity : proven) {
    const auto had = state.identities.find(identity.key);
    const bool known = had != state.identities.end() && had->second.proven && issued_ms <= had->second.at_ms;
    if (known || link_identity(state, user, identity, true, kByToken, ctx) != LinkResult::linked) continue;
    state.identities[identity.key].at_ms = std::min(issued_ms, ctx.now);
  }
}

bool unlink_identity(State& state, const UserId& user, const std::string& key, Context& ctx) {
  const auto it = state.identities.find(key);
  if (it == state.identities.end() || it->second.user != user) return false;
  take_from(state, user, key);
  state.identities.erase(it);
  ctx.fx.identities.insert(key);
  return true;
}

UserId proven_owner(const State& state, const std::string& key) {
  const auto it = state.identities.find(key);
  return it != state.identities.end() && it->second.proven ? it->second.user : UserId();
}

void note_waiting(State& state, const PlanRecord& plan, const std::string& key) {
  for (const WaitingAct& act : plan.waiting.at(key)) note_act(state, plan, key, act);
}

void await_identity(State& state, PlanRecord& plan, const std::string& key, Registration registration,
                    TimeMs until_ms, Context& ctx) {
  if (plan.waiting.size() >= kMaxWaiting && !plan.waiting.contains(key)) return;
  std::vector<WaitingAct>& acts = plan.waiting[key];
  std::erase_if(acts, [&](const WaitingAct& act) {
    return act.registration.source == registration.source && act.registration.act == registration.act;
  });
  if (acts.size() >= kMaxActsWaiting) return;
  acts.push_back({std::move(registration), until_ms});
  note_act(state, plan, key, acts.back());
  ctx.fx.waiting.insert({plan.plan.id, key});
}

void withdraw_waiting(State& state, PlanRecord& plan, const std::string& source, const std::string& act,
                      Context& ctx) {
  const std::string taken_back = act_key(source, act);
  const auto by = state.waiting_by_act.find(taken_back);
  if (by == state.waiting_by_act.end()) return;
  const auto in = by->second.find(plan.plan.id);
  if (in == by->second.end()) return;
  for (const std::string& key : std::set<std::string>(in->second))
    take_waiting(
        state, plan, key, [&](const WaitingAct& waits) { return act_of(waits) == taken_back; }, ctx);
}

void forget_waiting_for(State& state, const std::string& key, Context& ctx) {
  for (const PlanId& id : waiting_in(state, key))
    take_waiting(state, state.plans.at(id), key, kAllOfThem, ctx);
}

void forget_waiting(State& state, PlanRecord& plan, TimeMs until, Context& ctx) {
  std::vector<std::string> keys;
  for (const auto& [key, acts] : plan.waiting) keys.push_back(key);
  for (const std::string& key : keys)
    take_waiting(
        state, plan, key, [&](const WaitingAct& act) { return act.until_ms <= until; }, ctx);
}

}  // namespace convoke::core
