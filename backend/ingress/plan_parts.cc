#include "backend/ingress/plan_parts.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "backend/core/mail_header.h"
#include "backend/core/recurrence.h"
#include "topics/messages/json_reader.h"
#include "topics/messages/limits.h"

namespace convoke::ingress {
namespace {

namespace json = boost::json;
using core::TimeMs;

constexpr std::size_t kMaxSites = 100;
constexpr std::size_t kMaxListed = 10'000;
constexpr TimeMs kDefaultGraceMs = 30'000;

bool is_e164(std::string_view text) {
  return text.size() >= 4 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// What follows a "+" is not part of a plan's address: it names a person.
bool is_mail_address(std::string_view text) {
  const auto at = text.find('@');
  return at != text.npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos &&
         text.find_first_of(" +<>") == text.npos;
}

/// In order.
template <class Id>
std::vector<Id> read_ids(PlanReader& r, const json::object& o, const char* key, const std::string& path,
                         std::size_t max, const char* expected) {
  std::vector<Id> ids;
  r.each(o, key, path, max, [&](const json::value& v, const std::string& at) {
    const Id id = v.is_string() ? Id::parse(std::string_view(v.get_string())) : Id();
    if (id)
      ids.push_back(id);
    else
      r.problem(at, expected);
  });
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::optional<core::Condition> read_condition(PlanReader& r, const json::value& v, const std::string& path) {
  const json::object* o =
      r.object(v, path, {"area", "within", "users", "attribute", "equals", "registered", "member_of"});
  if (!o) return std::nullopt;
  const int kinds = o->contains("area") + o->contains("users") + o->contains("attribute") +
                    o->contains("registered") + o->contains("member_of");
  if (kinds != 1) {
    r.problem(path, "exactly one of area, users, attribute, registered, member_of");
    return std::nullopt;
  }
  if (o->contains("equals") && !o->contains("attribute"))
    r.problem(path + ".equals", "no such key without attribute");
  if (o->contains("within") && !o->contains("area")) r.problem(path + ".within", "no such key without area");
  if (o->contains("area")) {
    core::InArea in;
    std::tie(in.area, in.site) = r.area(*o, "area", path);
    if (o->contains("within")) in.within_ms = r.duration(*o, "within", path);
    return in;
  }
  if (o->contains("member_of")) return core::IsMember{r.id<topics::PlanId>(*o, "member_of", path)};
  if (const json::value* registered = o->if_contains("registered")) {
    if (registered->is_bool() && registered->get_bool()) return core::IsRegistered{};
    if (registered->is_string() && topics::is_plain_id(std::string_view(registered->get_string())))
      return core::IsRegistered{std::string(registered->get_string())};
    r.problem(path + ".registered", "true, or the name of a source, as \"staff\" or \"self\"");
    return std::nullopt;
  }
  if (o->contains("attribute")) {
    core::HasAttribute has{r.string(*o, "attribute", path, messages::kMaxIdBytes), {}};
    if (o->contains("equals")) has.equals = r.string(*o, "equals", path, 256);
    return has;
  }
  return core::OneOf{read_ids<topics::UserId>(r, *o, "users", path, kMaxListed, "a user id")};
}

void read_conditions(PlanReader& r, const json::object& o, const char* key, const std::string& path,
                     std::vector<core::Condition>& out) {
  r.each(o, key, path, 100, [&](const json::value& c, const std::string& at) {
    if (auto condition = read_condition(r, c, at)) out.push_back(std::move(*condition));
  });
}

core::Audience read_audience(PlanReader& r, const json::value& v, const std::string& path) {
  core::Audience audience;
  const json::object* o = r.object(v, path, {"any", "all", "none", "presence", "max", "follow", "sites"});
  if (!o) return audience;
  read_conditions(r, *o, "any", path, audience.any);
  read_conditions(r, *o, "all", path, audience.all);
  read_conditions(r, *o, "none", path, audience.none);
  if (const json::value* p = o->if_contains("presence")) {
    if (p->is_string() && p->get_string() == "any")
      audience.only_available = false;
    else if (!p->is_string() || p->get_string() != "available")
      r.problem(path + ".presence", "\"available\" or \"any\"");
  }
  if (o->contains("follow")) audience.follow_ms = r.duration(*o, "follow", path);
  audience.sites = read_ids<topics::SiteId>(r, *o, "sites", path, kMaxSites, "the id of a site");
  audience.sites.erase(std::unique(audience.sites.begin(), audience.sites.end()), audience.sites.end());
  if (o->contains("max")) audience.max = r.count(*o, "max", path, 100'000);
  return audience;
}

/// The "on" of a start or end, or "" with a problem noted.
std::string read_on(PlanReader& r, const json::value& v, const std::string& path, const char* allowed) {
  const json::object* o = v.if_object();
  const json::value* on = o ? o->if_contains("on") : nullptr;
  if (on && on->is_string()) return std::string(on->get_string());
  r.problem(path + ".on", allowed);
  return {};
}

core::Trigger read_schedule(PlanReader& r, const json::value& v, const std::string& path) {
  const json::object& all = v.get_object();
  if (!all.contains("rule")) {
    const json::object* o = r.object(v, path, {"on", "at"});
    return core::OnSchedule{r.time(*o, "at", path)};
  }
  const json::object* o = r.object(v, path, {"on", "rule", "from", "zone", "except"});
  core::OnRecurrence repeats{
      r.string(*o, "rule", path, 512), r.string(*o, "from", path, 32), r.string(*o, "zone", path, 64), {}};
  r.each(*o, "except", path, 366, [&](const json::value& day, const std::string& at) {
    if (day.is_string())
      repeats.except.emplace_back(day.get_string());
    else
      r.problem(at, "a local date, as 2026-12-25");
  });
  if (r.stored()) return repeats;  // the time zone database may have changed
  const auto checked = core::checked_recurrence(repeats);
  if (!checked) r.problem(path + "." + checked.error().field, checked.error().expected);
  return repeats;
}

core::Trigger read_occupancy(PlanReader& r, const json::value& v, const std::string& path) {
  const json::object& all = v.get_object();
  if (all.contains("falls_to")) {
    const json::object* o = r.object(v, path, {"on", "area", "falls_to"});
    core::OnEmptying falls;
    std::tie(falls.area, falls.site) = r.area(*o, "area", path);
    falls.falls_to = r.count(*o, "falls_to", path, 1'000'000, 0);
    return falls;
  }
  const json::object* o = r.object(v, path, {"on", "area", "reaches", "falls_to", "again"});
  core::OnOccupancy full;
  std::tie(full.area, full.site) = r.area(*o, "area", path);
  full.reaches = r.count(*o, "reaches", path, 1'000'000);
  if (o->contains("again")) full.again_ms = r.duration(*o, "again", path);
  return full;
}

core::Trigger read_event(PlanReader& r, const json::value& v, const std::string& path) {
  const json::object* o = r.object(v, path, {"on", "type", "source", "subject"});
  core::OnEvent event{r.string(*o, "type", path, core::kMaxEventBytes), {}, {}};
  if (o->contains("source")) event.source = r.string(*o, "source", path, core::kMaxEventBytes);
  if (o->contains("subject")) event.subject = r.string(*o, "subject", path, core::kMaxEventBytes);
  return event;
}

core::Trigger read_mail(PlanReader& r, const json::value& v, const std::string& path) {
  const json::object* o = r.object(v, path, {"on", "user", "to", "subject"});
  core::OnMail mail{r.id<topics::UserId>(*o, "user", path), {}, {}};
  if (o->contains("to")) {
    mail.to = lower(r.string(*o, "to", path, 254));
    if (!is_mail_address(*mail.to)) r.problem(path + ".to", "a mail address without a \"+\"");
  }
  if (o->contains("subject")) mail.subject = r.string(*o, "subject", path, 100);
  return mail;
}

std::optional<core::HasHeader> read_header(PlanReader& r, const json::value& v, const std::string& path) {
  const json::object* o = r.object(v, path, {"name", "equals"});
  if (!o) return std::nullopt;
  core::HasHeader header{lower(r.string(*o, "name", path, core::kMaxHeaderNameBytes)),
                         r.string(*o, "equals", path, core::kMaxHeaderValueBytes)};
  if (!core::plans_may_ask_for_header(header.name))
    r.problem(
        path + ".name",
        "a header field's name out of A-Z a-z 0-9 _ -, as \"X-Campaign\"; none that says who sent a mail, to "
        "whom, when or which way, as From or Received; Subject and List-Id are the keys subject and list");
  return header;
}

core::Trigger read_mailing(PlanReader& r, const json::value& v, const std::string& path) {
  const json::object* o = r.object(v, path, {"on", "domain", "list", "subject", "header"});
  core::OnMailing mailing{lower(r.string(*o, "domain", path, 253)), {}, {}};
  if (o->contains("list")) mailing.list = lower(r.string(*o, "list", path, 200));
  if (o->contains("subject")) mailing.subject = r.string(*o, "subject", path, 100);
  if (const json::value* header = o->if_contains("header"))
    mailing.header = read_header(r, *header, path + ".header");
  return mailing;
}

std::optional<core::Trigger> read_start(PlanReader& r, const json::value& v, const std::string& path) {
  constexpr const char* kAllowed =
      "\"occupancy\", \"enter\", \"schedule\", \"available\", \"event\", \"mail\" or \"mailing\"";
  const std::string on = read_on(r, v, path, kAllowed);
  if (on.empty()) return std::nullopt;
  if (on == "schedule") return read_schedule(r, v, path);
  if (on == "event") return read_event(r, v, path);
  if (on == "mail") return read_mail(r, v, path);
  if (on == "mailing") return read_mailing(r, v, path);
  if (on == "available") {
    const json::object* o = r.object(v, path, {"on", "user"});
    return core::OnAvailable{r.id<topics::UserId>(*o, "user", path)};
  }
  if (on == "enter") {
    const json::object* o = r.object(v, path, {"on", "area"});
    core::OnEnter enter;
    std::tie(enter.area, enter.site) = r.area(*o, "area", path);
    return enter;
  }
  if (on == "occupancy") return read_occupancy(r, v, path);
  r.problem(path + ".on", kAllowed);
  return std::nullopt;
}

std::optional<core::End> read_end(PlanReader& r, const json::value& v, const std::string& path) {
  constexpr const char* kAllowed = "\"duration\", \"set-time\", \"unavailable\", \"idle\" or \"empty\"";
  const std::string on = read_on(r, v, path, kAllowed);
  if (on.empty()) return std::nullopt;
  if (on == "duration") {
    const json::object* o = r.object(v, path, {"on", "after"});
    return core::AfterDuration{r.duration(*o, "after", path)};
  }
  if (on == "set-time") {
    const json::object* o = r.object(v, path, {"on", "at"});
    return core::AtTime{r.time(*o, "at", path)};
  }
  if (on == "unavailable") {
    const json::object* o = r.object(v, path, {"on", "user", "grace"});
    core::WhenUnavailable gone{r.id<topics::UserId>(*o, "user", path), kDefaultGraceMs};
    if (o->contains("grace")) gone.grace_ms = r.duration(*o, "grace", path);
    return gone;
  }
  if (on == "idle") {
    const json::object* o = r.object(v, path, {"on", "after"});
    return core::WhenIdle{r.duration(*o, "after", path)};
  }
  if (on == "empty") {
    const json::object* o = r.object(v, path, {"on", "area"});
    core::WhenEmpty empty;
    std::tie(empty.area, empty.site) = r.area(*o, "area", path);
    return empty;
  }
  r.problem(path + ".on", kAllowed);
  return std::nullopt;
}

core::ChatDefaults read_chat(PlanReader& r, const json::value& v, const std::string& path) {
  core::ChatDefaults chat;
  const json::object* o =
      r.object(v, path, {"announcement_only", "slow", "per_minute", "anonymous", "staff", "muted"});
  if (!o) return chat;
  chat.rules.announcement_only = r.flag(*o, "announcement_only", path);
  chat.anonymous = r.flag(*o, "anonymous", path);
  if (o->contains("slow")) {
    const TimeMs slow = r.duration(*o, "slow", path);
    if (slow > messages::kMaxSlowMs) r.problem(path + ".slow", "at most 1d");
    chat.rules.slow_ms = static_cast<std::uint32_t>(std::min<TimeMs>(slow, messages::kMaxSlowMs));
  }
  if (o->contains("per_minute"))
    chat.rules.per_minute = r.count(*o, "per_minute", path, messages::kMaxPerMinute, 1);
  read_conditions(r, *o, "staff", path, chat.staff);
  read_conditions(r, *o, "muted", path, chat.muted);
  return chat;
}

/// Start and end timing: one of the keys in `allowed`, or none.
template <class Timing>
Timing read_timing(PlanReader& r, const json::object& plan, const char* key, const std::string& path) {
  constexpr bool kStart = std::is_same_v<Timing, core::StartTiming>;
  const json::value* v = plan.if_contains(key);
  if (!v) return core::AtOnce{};
  const std::string at = path + "." + key;
  std::set<std::string> allowed = {"delay", "at", "spread"};
  if (kStart) allowed.insert("when_available");
  const json::object* o = r.object(*v, at, allowed);
  if (!o) return core::AtOnce{};
  if (o->size() != 1) r.problem(at, "exactly one of " + join(allowed));
  if (o->contains("delay")) return core::Delayed{r.duration(*o, "delay", at)};
  if (o->contains("at")) return core::SetTime{r.time(*o, "at", at)};
  if (o->contains("spread")) return core::Spread{r.duration(*o, "spread", at)};
  if constexpr (kStart)
    if (o->contains("when_available")) return core::NextAvailable{r.duration(*o, "when_available", at)};
  return core::AtOnce{};
}

/// One of the registrars under "call", "mail" or "ticket".
void read_registrars(PlanReader& r, const json::object& o, const std::string& path,
                     std::vector<core::Registrar>& by) {
  constexpr std::size_t kMany = 20;
  r.each(o, "call", path, kMany, [&](const json::value& v, const std::string& at) {
    const json::object* call = r.object(v, at, {"number", "attested"});
    if (!call) return;
    core::ByCall registrar{r.string(*call, "number", at, 16), {}};
    if (!is_e164(registrar.number)) r.problem(at + ".number", "a telephone number as +4930123456");
    if (call->contains("attested")) {
      registrar.attested = r.string(*call, "attested", at, 1);
      if (*registrar.attested < "A" || *registrar.attested > "C")
        r.problem(at + ".attested", "\"A\", \"B\" or \"C\"");
    }
    by.push_back(std::move(registrar));
  });
  r.each(o, "mail", path, kMany, [&](const json::value& v, const std::string& at) {
    const json::object* mail = r.object(v, at, {"address", "unverified"});
    if (!mail) return;
    core::ByMail registrar{lower(r.string(*mail, "address", at, 254)), r.flag(*mail, "unverified", at)};
    if (!is_mail_address(registrar.address)) r.problem(at + ".address", "a mail address without a \"+\"");
    by.push_back(std::move(registrar));
  });
  r.each(o, "ticket", path, kMany, [&](const json::value& v, const std::string& at) {
    const json::object* ticket = r.object(v, at, {"shop", "product"});
    if (!ticket) return;
    core::ByTicket registrar{r.name(*ticket, "shop", at), {}};
    if (ticket->contains("product")) registrar.product = r.string(*ticket, "product", at, 100);
    by.push_back(std::move(registrar));
  });
}

core::Registering read_registering(PlanReader& r, const json::value& v, const std::string& path) {
  core::Registering rules;
  const json::object* o = r.object(v, path, {"self", "from", "until", "call", "mail", "ticket"});
  if (!o) return rules;
  rules.self = r.flag(*o, "self", path);
  if (o->contains("from")) rules.from_ms = r.time(*o, "from", path);
  if (o->contains("until")) rules.until_ms = r.time(*o, "until", path);
  read_registrars(r, *o, path, rules.by);
  return rules;
}

}  // namespace

constexpr core::TimeMs kMaxKeepDays = 3650;

core::Plan read_plan(PlanReader& r, const json::value& v, std::string path) {
  core::Plan plan;
  if (const json::object* named = v.if_object())
    if (const json::value* id = named->if_contains("id"); id && id->is_string())
      path += "(" + std::string(id->get_string()).substr(0, 64) + ")";
  const json::object* o = r.object(v, path,
                                   {"id", "name", "enabled", "audience", "start", "start_timing", "end",
                                    "end_timing", "warn", "registration", "keep", "chat"});
  if (!o) return plan;
  plan.id = r.id<topics::PlanId>(*o, "id", path);
  plan.name = o->contains("name") ? r.string(*o, "name", path, messages::kMaxNameBytes) : plan.id.str();
  if (o->contains("enabled")) plan.enabled = r.flag(*o, "enabled", path);
  if (const json::value* audience = o->if_contains("audience"))
    plan.audience = read_audience(r, *audience, path + ".audience");
  else
    r.problem(path + ".audience", "a table: who takes part");
  if (const json::value* registration = o->if_contains("registration"))
    plan.registering = read_registering(r, *registration, path + ".registration");
  if (const json::value* chat = o->if_contains("chat")) plan.chat = read_chat(r, *chat, path + ".chat");
  r.each(*o, "start", path, 100, [&](const json::value& s, const std::string& at) {
    if (auto start = read_start(r, s, at)) plan.starts.push_back(std::move(*start));
  });
  r.each(*o, "end", path, 100, [&](const json::value& e, const std::string& at) {
    if (auto end = read_end(r, e, at)) plan.ends.push_back(std::move(*end));
  });
  plan.start_timing = read_timing<core::StartTiming>(r, *o, "start_timing", path);
  plan.end_timing = read_timing<core::EndTiming>(r, *o, "end_timing", path);
  if (const json::value* keep = o->if_contains("keep"))
    plan.keep_ms = r.duration(keep, path + ".keep", kMaxKeepDays);
  r.each(*o, "warn", path, 10, [&](const json::value& before, const std::string& at) {
    plan.warn_ms.push_back(r.duration(&before, at));
  });
  const bool sure = std::any_of(plan.ends.begin(), plan.ends.end(), [](const core::End& end) {
    return std::holds_alternative<core::AfterDuration>(end) || std::holds_alternative<core::AtTime>(end);
  });
  const json::value* ends = o->if_contains("end");
  const bool unread = ends && ends->is_array() && ends->get_array().size() != plan.ends.size();
  if (!ends || (!sure && !unread && !r.stored()))
    r.problem(path + ".end", "at least one end of kind duration or set-time, so that no chat is forgotten");
  return plan;
}

}  // namespace convoke::ingress
