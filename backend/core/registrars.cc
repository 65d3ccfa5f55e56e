#include "backend/core/registrars.h"

#include <algorithm>
#include <utility>

#include "backend/core/identities.h"
#include "backend/core/registrations.h"

namespace convoke::core {
namespace {

constexpr TimeMs kDayMs = 86'400'000;
constexpr TimeMs kRemembered = 40 * kDayMs;  // the longest that a provider repeats something is far below
constexpr TimeMs kWaits = 30 * kDayMs;
constexpr TimeMs kForgetEvery = kDayMs / 4;

std::string act_key(const Act& act) { return act.source + "/" + act.provider + "/" + act.id; }
std::string subject_key(const Act& act) { return act.source + "#" + act.provider + "/" + act.subject; }

/// Whether it counts: it does not if it was told before, or if something newer was told about its subject.
bool take_note(State& state, const Act& act, Context& ctx) {
  const std::string key = act_key(act), subject = subject_key(act);
  if (state.acts.contains(key)) return false;
  state.acts[key] = {act.at_ms, ctx.now};
  ctx.fx.acts.insert(key);
  if (act.source != kByTicket) return true;
  const TimeMs told = std::max(act.at_ms, act.told_ms);
  const auto newest = state.acts.find(subject);
  if (newest != state.acts.end() && told < newest->second.at_ms) return false;
  state.acts[subject] = {told, ctx.now};
  ctx.fx.acts.insert(subject);
  return true;
}

bool fits(const ByCall& by, const Act& act) {
  return act.source == kByCall && by.number == act.to &&
         (act.withdrawn || !by.attested || attested_as(act.attested, *by.attested));
}
bool fits(const ByMail& by, const Act& act) {
  return act.source == kByMail && by.address == act.to && (act.verified || by.unverified);
}
bool fits(const ByTicket& by, const Act& act) {
  return act.source == kByTicket && by.shop == act.to &&
         (act.withdrawn || !by.product ||
          std::find(act.products.begin(), act.products.end(), *by.product) != act.products.end());
}

/// Whether the plan takes such an act. What is taken back is so whenever that comes.
bool takes(const Plan& plan, const Act& act) {
  const Registering& rules = plan.registering;
  if (!plan.enabled) return false;
  if (!act.withdrawn && rules.from_ms && act.at_ms < *rules.from_ms) return false;
  if (!act.withdrawn && rules.until_ms && *rules.until_ms <= act.at_ms) return false;
  return std::any_of(rules.by.begin(), rules.by.end(), [&](const Registrar& by) {
    return std::visit([&](const auto& registrar) { return fits(registrar, act); }, by);
  });
}

void register_all(State& state, PlanRecord& plan, const Act& act, ActOutcome& outcome, Context& ctx) {
  const Registration registration{act.source, act.proof, act.at_ms, act.subject};
  const auto put = [&](const UserId& user) {
    put_registration(state, plan, user, registration, ctx);
    ++outcome.registered;
  };
  if (act.user) return put(*act.user);
  const TimeMs until = plan.plan.registering.until_ms.value_or(act.at_ms + kWaits);
  for (const Identity& who : act.who) {
    if (const UserId owner = proven_owner(state, who.key)) {
      put(owner);
    } else if (ctx.now < until) {
      await_identity(plan, who.key, registration, until, ctx);
      ++outcome.waiting;
    }
  }
}

void withdraw_all(State& state, PlanRecord& plan, const Act& act, ActOutcome& outcome, Context& ctx) {
  withdraw_waiting(plan, act.source, act.subject, ctx);
  std::vector<UserId> users;
  for (const auto& [user, all] : plan.registrations)
    if (std::any_of(all.begin(), all.end(),
                    [&](const Registration& r) { return r.source == act.source && r.act == act.subject; }))
      users.push_back(user);
  std::sort(users.begin(), users.end());
  for (const UserId& user : users) take_act(state, plan, user, act.source, act.subject, ctx);
  outcome.withdrawn += users.size();
}

bool has(const std::string& text, const std::optional<std::string>& part) {
  return !part || text.find(*part) != std::string::npos;
}

/// Who sent it, if that is sure.
UserId sender(const State& state, const Mail& mail) {
  if (mail.personal)
    if (const UserId owner = proven_owner(state, mail.personal->key)) return owner;
  return mail.verified && mail.from ? proven_owner(state, mail.from->key) : UserId();
}

bool starts(const Trigger& trigger, const Mail& mail, const UserId& from) {
  if (const auto* by = std::get_if<OnMail>(&trigger))
    return from && by->user == from && (!by->to || *by->to == mail.to) && has(mail.subject, by->subject);
  if (const auto* by = std::get_if<OnMailing>(&trigger))
    return !mail.domain.empty() && by->domain == mail.domain && (!by->list || *by->list == mail.list) &&
           has(mail.subject, by->subject);
  return false;
}

}  // namespace

bool attested_as(const std::string& had, const std::string& wanted) { return !had.empty() && had <= wanted; }

ActOutcome act(State& state, const Act& act, Context& ctx) {
  ActOutcome outcome;
  if (!take_note(state, act, ctx)) {
    outcome.known = true;
    return outcome;
  }
  for (auto& [id, plan] : state.plans) {
    if (!takes(plan.plan, act)) continue;
    ++outcome.plans;
    if (act.withdrawn)
      withdraw_all(state, plan, act, outcome, ctx);
    else
      register_all(state, plan, act, outcome, ctx);
  }
  // Whoever waits for such acts as for any event from outside.
  if (act.verified && !act.withdrawn)
    external_event(state, {act.id, "/" + act.source + "/" + act.to, "convoke." + act.source, {}}, ctx);
  return outcome;
}

MailOutcome mail(State& state, const Mail& mail, Context& ctx) {
  MailOutcome outcome;
  const UserId from = sender(state, mail);
  if (mail.from || from) {
    Act act{.source = kByMail, .provider = mail.to, .id = mail.id, .at_ms = mail.at_ms, .to = mail.to};
    // All mails of one sender are about the same: the sender, who may ask to be left out.
    act.subject = from ? from.str() : mail.from->key;
    if (from) act.user = from;
    if (mail.from) act.who = {*mail.from};
    act.verified = mail.verified || from;
    act.proof = mail.proof;
    act.withdrawn = mail.stops;
    outcome.act = core::act(state, act, ctx);
  }
  for (auto& [id, plan] : state.plans) {
    const bool waits =
        plan.plan.enabled && std::any_of(plan.plan.starts.begin(), plan.plan.starts.end(),
                                         [&](const Trigger& trigger) { return starts(trigger, mail, from); });
    if (!waits) continue;
    const std::string reason = from ? "mail from " + from.str() : "mailing from " + mail.domain;
    outcome.starts.emplace_back(id, start_group(state, plan, reason, "mail:" + mail.id, ctx));
  }
  return outcome;
}

void forget_acts(State& state, Context& ctx) {
  for (auto it = state.acts.begin(); it != state.acts.end();) {
    if (ctx.now < it->second.heard_ms + kRemembered) {
      ++it;
      continue;
    }
    ctx.fx.acts.insert(it->first);
    it = state.acts.erase(it);
  }
  for (auto& [id, plan] : state.plans) forget_waiting(plan, ctx.now, ctx);
  state.timers.set({TimerKind::forget_acts, ""}, ctx.now + kForgetEvery);
}

}  // namespace convoke::core
