#include <boost/json.hpp>

#include "backend/core/sites.h"
#include "backend/ingress/plan_file.h"
#include "topics/rfc3339.h"

namespace convoke::ingress {
namespace {

namespace json = boost::json;
using core::TimeMs;

std::string seconds(TimeMs ms) { return std::to_string(ms / 1000) + "s"; }

json::value condition_to_json(const core::Condition& condition) {
  if (auto* in = std::get_if<core::InArea>(&condition)) {
    json::object area{{"area", core::area_of(*in)}};
    if (in->within_ms) area["within"] = seconds(*in->within_ms);
    return area;
  }
  if (auto* of = std::get_if<core::IsMember>(&condition)) return {{"member_of", of->plan.str()}};
  if (auto* registered = std::get_if<core::IsRegistered>(&condition)) {
    if (!registered->source) return {{"registered", true}};
    return {{"registered", *registered->source}};
  }
  if (auto* has = std::get_if<core::HasAttribute>(&condition)) {
    json::object o{{"attribute", has->name}};
    if (has->equals) o["equals"] = *has->equals;
    return o;
  }
  json::array users;
  for (const auto& u : std::get<core::OneOf>(condition).users) users.emplace_back(u.str());
  return {{"users", std::move(users)}};
}

json::array conditions_to_json(const std::vector<core::Condition>& conditions) {
  json::array a;
  for (const auto& c : conditions) a.push_back(condition_to_json(c));
  return a;
}

json::value audience_to_json(const core::Audience& audience) {
  json::object o{{"any", conditions_to_json(audience.any)},
                 {"all", conditions_to_json(audience.all)},
                 {"none", conditions_to_json(audience.none)},
                 {"presence", audience.only_available ? "available" : "any"},
                 {"max", audience.max}};
  if (!audience.sites.empty()) {
    json::array sites;
    for (const auto& site : audience.sites) sites.emplace_back(site.str());
    o["sites"] = std::move(sites);
  }
  if (audience.follow_ms) o["follow"] = seconds(*audience.follow_ms);
  return o;
}

json::value start_to_json(const core::Trigger& trigger) {
  if (auto* s = std::get_if<core::OnSchedule>(&trigger))
    return {{"on", "schedule"}, {"at", topics::format_rfc3339(s->at_ms)}};
  if (auto* e = std::get_if<core::OnEnter>(&trigger)) return {{"on", "enter"}, {"area", core::area_of(*e)}};
  if (auto* u = std::get_if<core::OnAvailable>(&trigger))
    return {{"on", "available"}, {"user", u->user.str()}};
  if (auto* f = std::get_if<core::OnEmptying>(&trigger))
    return {{"on", "occupancy"}, {"area", core::area_of(*f)}, {"falls_to", f->falls_to}};
  if (auto* r = std::get_if<core::OnRecurrence>(&trigger)) {
    json::object repeats{{"on", "schedule"}, {"rule", r->rule}, {"from", r->from}, {"zone", r->zone}};
    if (!r->except.empty()) repeats["except"] = json::value_from(r->except);
    return repeats;
  }
  if (auto* e = std::get_if<core::OnEvent>(&trigger)) {
    json::object event{{"on", "event"}, {"type", e->type}};
    if (e->source) event["source"] = *e->source;
    if (e->subject) event["subject"] = *e->subject;
    return event;
  }
  if (auto* m = std::get_if<core::OnMail>(&trigger)) {
    json::object mail{{"on", "mail"}, {"user", m->user.str()}};
    if (m->to) mail["to"] = *m->to;
    if (m->subject) mail["subject"] = *m->subject;
    return mail;
  }
  if (auto* m = std::get_if<core::OnMailing>(&trigger)) {
    json::object mailing{{"on", "mailing"}, {"domain", m->domain}};
    if (m->list) mailing["list"] = *m->list;
    if (m->subject) mailing["subject"] = *m->subject;
    if (m->header) mailing["header"] = {{"name", m->header->name}, {"equals", m->header->equals}};
    return mailing;
  }
  const auto& o = std::get<core::OnOccupancy>(trigger);
  json::object full{{"on", "occupancy"}, {"area", core::area_of(o)}, {"reaches", o.reaches}};
  if (o.again_ms) full["again"] = seconds(*o.again_ms);
  return full;
}

json::value end_to_json(const core::End& end) {
  if (auto* after = std::get_if<core::AfterDuration>(&end))
    return {{"on", "duration"}, {"after", seconds(after->duration_ms)}};
  if (auto* gone = std::get_if<core::WhenUnavailable>(&end))
    return {{"on", "unavailable"}, {"user", gone->user.str()}, {"grace", seconds(gone->grace_ms)}};
  if (auto* idle = std::get_if<core::WhenIdle>(&end))
    return {{"on", "idle"}, {"after", seconds(idle->after_ms)}};
  if (auto* empty = std::get_if<core::WhenEmpty>(&end))
    return {{"on", "empty"}, {"area", core::area_of(*empty)}};
  return {{"on", "set-time"}, {"at", topics::format_rfc3339(std::get<core::AtTime>(end).at_ms)}};
}

void write_registrars(json::object& o, const std::vector<core::Registrar>& by) {
  json::array calls, mails, tickets;
  for (const core::Registrar& registrar : by) {
    if (auto* call = std::get_if<core::ByCall>(&registrar)) {
      json::object c{{"number", call->number}};
      if (call->attested) c["attested"] = *call->attested;
      calls.push_back(std::move(c));
    } else if (auto* mail = std::get_if<core::ByMail>(&registrar)) {
      mails.push_back({{"address", mail->address}, {"unverified", mail->unverified}});
    } else {
      const auto& ticket = std::get<core::ByTicket>(registrar);
      json::object t{{"shop", ticket.shop}};
      if (ticket.product) t["product"] = *ticket.product;
      tickets.push_back(std::move(t));
    }
  }
  for (auto& [key, list] :
       {std::pair("call", &calls), std::pair("mail", &mails), std::pair("ticket", &tickets)})
    if (!list->empty()) o[key] = std::move(*list);
}

json::value registering_to_json(const core::Registering& rules) {
  json::object o{{"self", rules.self}};
  if (rules.from_ms) o["from"] = topics::format_rfc3339(*rules.from_ms);
  if (rules.until_ms) o["until"] = topics::format_rfc3339(*rules.until_ms);
  write_registrars(o, rules.by);
  return o;
}

json::object chat_to_json(const core::ChatDefaults& chat) {
  json::object o;
  if (chat.rules.announcement_only) o["announcement_only"] = true;
  if (chat.rules.slow_ms) o["slow"] = seconds(chat.rules.slow_ms);
  if (chat.rules.per_minute) o["per_minute"] = chat.rules.per_minute;
  if (chat.anonymous) o["anonymous"] = true;
  if (!chat.staff.empty()) o["staff"] = conditions_to_json(chat.staff);
  if (!chat.muted.empty()) o["muted"] = conditions_to_json(chat.muted);
  return o;
}

/// Nothing where it is at once.
template <class Timing>
void write_timing(json::object& plan, const char* key, const Timing& timing) {
  if (auto* delayed = std::get_if<core::Delayed>(&timing)) plan[key] = {{"delay", seconds(delayed->by_ms)}};
  if (auto* set = std::get_if<core::SetTime>(&timing))
    plan[key] = {{"at", topics::format_rfc3339(set->at_ms)}};
  if (auto* spread = std::get_if<core::Spread>(&timing)) plan[key] = {{"spread", seconds(spread->over_ms)}};
  if constexpr (std::is_same_v<Timing, core::StartTiming>)
    if (auto* next = std::get_if<core::NextAvailable>(&timing))
      plan[key] = {{"when_available", seconds(next->within_ms)}};
}

}  // namespace

std::string plan_to_json(const core::Plan& plan) {
  json::array starts, ends;
  for (const auto& s : plan.starts) starts.push_back(start_to_json(s));
  for (const auto& e : plan.ends) ends.push_back(end_to_json(e));
  json::object o{{"id", plan.id.str()},        {"name", plan.name},
                 {"enabled", plan.enabled},    {"audience", audience_to_json(plan.audience)},
                 {"start", std::move(starts)}, {"end", std::move(ends)}};
  if (plan.registering.self || plan.registering.from_ms || plan.registering.until_ms ||
      !plan.registering.by.empty())
    o["registration"] = registering_to_json(plan.registering);
  if (json::object chat = chat_to_json(plan.chat); !chat.empty()) o["chat"] = std::move(chat);
  write_timing(o, "start_timing", plan.start_timing);
  write_timing(o, "end_timing", plan.end_timing);
  if (plan.keep_ms != core::kDefaultKeepMs) o["keep"] = seconds(plan.keep_ms);
  if (!plan.warn_ms.empty()) {
    json::array warn;
    for (const TimeMs before : plan.warn_ms) warn.emplace_back(seconds(before));
    o["warn"] = std::move(warn);
  }
  return json::serialize(o);
}

}  // namespace convoke::ingress
