#include "backend/core/plan_index.h"

#include <variant>

#include "backend/core/distant_triggers.h"
#include "backend/core/registrars.h"

namespace convoke::core {
namespace {

using Keys = std::set<std::pair<Concern, std::string>>;

/// What other sites tell comes for each plan by itself (distant_triggers.h).
void add_start(const Trigger& start, Keys& keys) {
  if (waits_for(start)) return;
  if (const auto* full = std::get_if<OnOccupancy>(&start))
    keys.emplace(Concern::start_area, full->area.str());
  if (const auto* falls = std::get_if<OnEmptying>(&start))
    keys.emplace(Concern::start_area, falls->area.str());
  if (const auto* enter = std::get_if<OnEnter>(&start)) keys.emplace(Concern::start_area, enter->area.str());
  if (const auto* on = std::get_if<OnAvailable>(&start)) keys.emplace(Concern::start_user, on->user.str());
  if (const auto* on = std::get_if<OnEvent>(&start)) keys.emplace(Concern::start_event, on->type);
  if (const auto* by = std::get_if<OnMail>(&start)) keys.emplace(Concern::start_mail, by->user.str());
  if (const auto* by = std::get_if<OnMailing>(&start)) keys.emplace(Concern::start_mailing, by->domain);
}

void add_registrar(const Registrar& by, Keys& keys) {
  const auto add = [&](const char* source, const std::string& to) {
    keys.emplace(Concern::registers, acts_of(source, to));
  };
  if (const auto* call = std::get_if<ByCall>(&by)) add(kByCall, call->number);
  if (const auto* mail = std::get_if<ByMail>(&by)) add(kByMail, mail->address);
  if (const auto* ticket = std::get_if<ByTicket>(&by)) add(kByTicket, ticket->shop);
}

void add_end(const End& end, Keys& keys) {
  if (waits_for(end)) return;
  if (const auto* empty = std::get_if<WhenEmpty>(&end)) keys.emplace(Concern::end_area, empty->area.str());
  if (const auto* gone = std::get_if<WhenUnavailable>(&end))
    keys.emplace(Concern::end_user, gone->user.str());
}

/// For whom the condition can hold.
void add_source(const Plan& plan, const Condition& condition, Keys& keys) {
  if (const auto* in = std::get_if<InArea>(&condition); in && !in->site)
    keys.emplace(Concern::from_area, in->area.str());
  if (const auto* has = std::get_if<HasAttribute>(&condition)) keys.emplace(Concern::from_having, has->name);
  if (const auto* of = std::get_if<IsMember>(&condition)) keys.emplace(Concern::from_members, of->plan.str());
  if (std::holds_alternative<IsRegistered>(condition)) keys.emplace(Concern::from_registered, plan.id.str());
  if (const auto* list = std::get_if<OneOf>(&condition))
    for (const UserId& user : list->users) keys.emplace(Concern::from_list, user.str());
}

/// Whoever qualifies meets the first of `all`, or else one of `any`.
void add_sources(const Plan& plan, Keys& keys) {
  const Audience& audience = plan.audience;
  if (!audience.all.empty()) return add_source(plan, audience.all.front(), keys);
  if (audience.any.empty()) keys.emplace(Concern::from_all, "");
  for (const Condition& condition : audience.any) add_source(plan, condition, keys);
}

void add_condition(const Condition& condition, bool follows, Keys& keys) {
  if (const auto* in = std::get_if<InArea>(&condition); in && in->within_ms && !in->site)
    keys.emplace(Concern::left_area, in->area.str());
  if (const auto* of = std::get_if<IsMember>(&condition); of && follows)
    keys.emplace(Concern::members, of->plan.str());
}

void add_audience(const Plan& plan, bool follows, Keys& keys) {
  if (follows) add_sources(plan, keys);
  for (const auto* conditions : {&plan.audience.any, &plan.audience.all, &plan.audience.none})
    for (const Condition& condition : *conditions) add_condition(condition, follows, keys);
}

void add_plan(const Plan& plan, Keys& keys) {
  for (const Trigger& start : plan.starts) add_start(start, keys);
  for (const End& end : plan.ends) add_end(end, keys);
  for (const Registrar& by : plan.registering.by) add_registrar(by, keys);
  add_audience(plan, plan.audience.follow_ms.has_value(), keys);
}

}  // namespace

std::string acts_of(const std::string& source, const std::string& to) { return source + "/" + to; }

void PlanIndex::put(const PlanRecord& record) {
  Keys keys;
  add_plan(record.plan, keys);
  if (record.running) add_plan(*record.running, keys);
  put(record.plan.id, std::move(keys));
}

void PlanIndex::put_audience(const PlanId& id, const Plan& plan) {
  Keys keys;
  add_audience(plan, true, keys);
  put(id, std::move(keys));
}

void PlanIndex::put(const PlanId& id, std::set<Key> keys) {
  erase(id);
  for (const Key& key : keys) plans_[key].insert(id);
  keys_[id] = std::move(keys);
}

void PlanIndex::erase(const PlanId& id) {
  const auto keys = keys_.find(id);
  if (keys == keys_.end()) return;
  for (const Key& key : keys->second) {
    const auto plans = plans_.find(key);
    plans->second.erase(id);
    if (plans->second.empty()) plans_.erase(plans);
  }
  keys_.erase(keys);
}

std::vector<PlanId> PlanIndex::of(Concern concern, const std::string& id) const {
  const auto plans = plans_.find({concern, id});
  if (plans == plans_.end()) return {};
  return {plans->second.begin(), plans->second.end()};
}

void PlanIndex::add(Concern concern, const std::string& id, std::set<PlanId>& plans) const {
  if (const auto found = plans_.find({concern, id}); found != plans_.end())
    plans.insert(found->second.begin(), found->second.end());
}

}  // namespace convoke::core
