#include "backend/core/identities.h"

#include <algorithm>
#include <utility>

#include "backend/core/presence.h"
#include "backend/core/registrations.h"

namespace convoke::core {
namespace {

constexpr std::size_t kMaxWaiting = 100'000;  // identities of a plan
constexpr std::size_t kMaxActsWaiting = 16;   // of an identity

/// What waited in each plan for this identity registers its owner.
void register_waiting(State& state, const UserId& user, const std::string& key, Context& ctx) {
  for (auto& [id, plan] : state.plans) {
    const auto it = plan.waiting.find(key);
    if (it == plan.waiting.end()) continue;
    const std::vector<WaitingAct> acts = std::move(it->second);
    plan.waiting.erase(it);
    ctx.fx.waiting.insert({id, key});
    for (const WaitingAct& act : acts)
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

namespace {

std::string act_of(const Registration& r) { return r.source + "/" + r.act; }

}  // namespace

void note_waiting(PlanRecord& plan, const std::string& key) {
  for (const WaitingAct& act : plan.waiting.at(key))
    plan.waiting_by_act[act_of(act.registration)].insert(key);
}

void await_identity(PlanRecord& plan, const std::string& key, Registration registration, TimeMs until_ms,
                    Context& ctx) {
  if (plan.waiting.size() >= kMaxWaiting && !plan.waiting.contains(key)) return;
  std::vector<WaitingAct>& acts = plan.waiting[key];
  std::erase_if(acts, [&](const WaitingAct& act) {
    return act.registration.source == registration.source && act.registration.act == registration.act;
  });
  if (acts.size() >= kMaxActsWaiting) return;
  plan.waiting_by_act[act_of(registration)].insert(key);
  acts.push_back({std::move(registration), until_ms});
  ctx.fx.waiting.insert({plan.plan.id, key});
}

void withdraw_waiting(PlanRecord& plan, const std::string& source, const std::string& act, Context& ctx) {
  const auto noted = plan.waiting_by_act.find(source + "/" + act);
  if (noted == plan.waiting_by_act.end()) return;
  for (const std::string& key : noted->second) {
    const auto it = plan.waiting.find(key);
    if (it == plan.waiting.end()) continue;
    std::erase_if(it->second, [&](const WaitingAct& w) { return act_of(w.registration) == noted->first; });
    if (it->second.empty()) plan.waiting.erase(it);
    ctx.fx.waiting.insert({plan.plan.id, key});
  }
  plan.waiting_by_act.erase(noted);
}

void forget_waiting(PlanRecord& plan, TimeMs until, Context& ctx) {
  for (auto it = plan.waiting.begin(); it != plan.waiting.end();) {
    if (std::erase_if(it->second, [&](const WaitingAct& act) { return act.until_ms <= until; }) > 0)
      ctx.fx.waiting.insert({plan.plan.id, it->first});
    it = it->second.empty() ? plan.waiting.erase(it) : std::next(it);
  }
  plan.waiting_by_act.clear();
  for (const auto& [key, acts] : plan.waiting) note_waiting(plan, key);
}

}  // namespace convoke::core
