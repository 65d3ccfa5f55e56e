#include "backend/core/registrars.h"

#include <algorithm>
#include <set>
#include <utility>

#include "backend/core/identities.h"
#include "backend/core/registrations.h"

namespace convoke::core {
namespace {

constexpr TimeMs kDayMs = 86'400'000;
constexpr TimeMs kRemembered = 40 * kDayMs;  // the longest that a provider repeats something is far below
constexpr TimeMs kWaits = 30 * kDayMs;
constexpr TimeMs kForgetEvery = kDayMs / 4;

std::string telling_key(const Act& act) { return act.source + "/" + act.provider + "/" + act.id; }
/// What a registration is taken back by. Two shops may give their orders the same names.
std::string about(const Act& act) {
  return act.source == kByTicket ? act.provider + "/" + act.subject : act.subject;
}
std::string subject_key(const Act& act) { return act.source + "#" + act.provider + "/" + act.subject; }

enum class News {
  none,    // told before, or something newer was told about its subject
  first,   // of its subject
  change,  // of an order of which something else was told before
};

News take_note(State& state, const Act& act, Context& ctx) {
  const std::string key = telling_key(act), subject = subject_key(act);
  if (state.acts.contains(key)) return News::none;
  state.acts[key] = {act.at_ms, ctx.now};
  ctx.fx.acts.insert(key);
  if (act.source != kByTicket) return News::first;
  const TimeMs told = std::max(act.at_ms, act.told_ms);
  const auto newest = state.acts.find(subject);
  const bool change = newest != state.acts.end();
  if (change && told < newest->second.at_ms) return News::none;
  state.acts[subject] = {told, ctx.now};
  ctx.fx.acts.insert(subject);
  return change ? News::change : News::first;
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

/// Whether the plan is about such acts, whenever they are done.
bool is_about(const Plan& plan, const Act& act) {
  const auto& by = plan.registering.by;
  return std::any_of(by.begin(), by.end(), [&](const Registrar& one) {
    return std::visit([&](const auto& registrar) { return fits(registrar, act); }, one);
  });
}

/// A disabled plan takes nobody, but lets go.
bool waits_for(const Plan& plan, const Act& act) {
  return (plan.enabled || act.withdrawn) && is_about(plan, act);
}

/// Anybody can call or write without end where nobody vouches for it. So of that only what a plan is about is
/// remembered; an order can be told of before its plan is there.
bool is_to_be_forgotten(const State& state, const Act& act) {
  if (act.verified || act.source == kByTicket) return false;
  const auto plans = state.plan_index.of(Concern::registers, acts_of(act.source, act.to));
  return std::none_of(plans.begin(), plans.end(),
                      [&](const PlanId& id) { return is_about(state.plans.at(id).plan, act); });
}

/// Whether it was done in time. What is taken back is so whenever that comes.
bool is_in_time(const Registering& rules, const Act& act) {
  return act.withdrawn || ((!rules.from_ms || *rules.from_ms <= act.at_ms) &&
                           (!rules.until_ms || act.at_ms < *rules.until_ms));
}

/// The plans in which something came by acts like this.
std::set<PlanId> plans_with(const State& state, const Act& act) {
  std::set<PlanId> plans;
  const std::string key = act_key(act.source, about(act));
  if (const auto by = state.by_act.find(key); by != state.by_act.end())
    for (const auto& [id, users] : by->second) plans.insert(id);
  if (const auto by = state.waiting_by_act.find(key); by != state.waiting_by_act.end())
    for (const auto& [id, identities] : by->second) plans.insert(id);
  return plans;
}

/// Takes back what came by an act like this of all but these users.
void withdraw_others(State& state, PlanRecord& plan, const Act& act, const std::set<UserId>& but,
                     ActOutcome& outcome, Context& ctx) {
  withdraw_waiting(state, plan, act.source, about(act), ctx);
  for (const UserId& user : registered_by_act(state, plan, act.source, about(act))) {
    if (but.contains(user)) continue;
    take_act(state, plan, user, act.source, about(act), ctx);
    ++outcome.withdrawn;
  }
}

/// An order is what was last told of it: whom it names no more has no ticket any more.
void withdraw_unnamed(State& state, PlanRecord& plan, const Act& act, ActOutcome& outcome, Context& ctx) {
  std::set<UserId> named;
  for (const Identity& who : act.who)
    if (const UserId owner = proven_owner(state, who.key)) named.insert(owner);
  withdraw_others(state, plan, act, is_about(plan.plan, act) ? named : std::set<UserId>(), outcome, ctx);
}

void register_all(State& state, PlanRecord& plan, const Act& act, ActOutcome& outcome, Context& ctx) {
  const Registration registration{act.source, act.proof, act.at_ms, about(act)};
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
      await_identity(state, plan, who.key, registration, until, ctx);
      ++outcome.waiting;
    }
  }
}

bool has(const std::string& text, const std::optional<std::string>& part) {
  return !part || text.find(*part) != std::string::npos;
}

bool has(const Mail& mail, const std::optional<HasHeader>& header) {
  if (!header) return true;
  const auto found = mail.headers.find(header->name);
  return found != mail.headers.end() && found->second == header->equals;
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
           has(mail.subject, by->subject) && has(mail, by->header);
  return false;
}

}  // namespace

bool attested_as(const std::string& had, const std::string& wanted) { return !had.empty() && had <= wanted; }

ActOutcome act(State& state, const Act& act, Context& ctx) {
  ActOutcome outcome;
  if (is_to_be_forgotten(state, act)) return outcome;
  const News news = take_note(state, act, ctx);
  outcome.known = news == News::none;
  if (outcome.known) return outcome;
  // Any plan may have a registration by an order of before: also one that asks for no such tickets any more.
  if (news == News::change && !act.withdrawn)
    for (const PlanId& id : plans_with(state, act))
      withdraw_unnamed(state, state.plans.at(id), act, outcome, ctx);
  for (const PlanId& id : state.plan_index.of(Concern::registers, acts_of(act.source, act.to))) {
    PlanRecord& plan = state.plans.at(id);
    if (!waits_for(plan.plan, act) || !is_in_time(plan.plan.registering, act)) continue;
    ++outcome.plans;
    if (act.withdrawn)
      withdraw_others(state, plan, act, {}, outcome, ctx);
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
  std::set<PlanId> concerned;
  if (from) state.plan_index.add(Concern::start_mail, from.str(), concerned);
  if (!mail.domain.empty()) state.plan_index.add(Concern::start_mailing, mail.domain, concerned);
  for (const PlanId& id : concerned) {
    PlanRecord& plan = state.plans.at(id);
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
  for (auto& [id, plan] : state.plans) forget_waiting(state, plan, ctx.now, ctx);
  state.timers.set({TimerKind::forget_acts, ""}, ctx.now + kForgetEvery);
}

}  // namespace convoke::core
