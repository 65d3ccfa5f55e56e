#include "backend/ingress/plan_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <boost/json.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <set>
#include <sstream>

#include "backend/core/recurrence.h"
#include "topics/messages/json_reader.h"
#include "topics/messages/limits.h"
#include "topics/rfc3339.h"

namespace convoke::ingress {
namespace {

namespace json = boost::json;
using core::TimeMs;

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxStoredBytes = 2 * kMaxBytes;  // with the keys and escapes that TOML can do without
constexpr std::size_t kMaxProblems = 100;
constexpr TimeMs kDefaultGraceMs = 30'000;
constexpr TimeMs kMaxDurationMs = 30LL * 24 * 3'600'000;

/// Collects problems while one file is read. `path` in the functions below is where we are.
struct Reader {
  std::vector<PlanProblem>& problems;
  bool stored = false;  // an earlier server accepted it, which may have had fewer rules

  void problem(const std::string& path, std::string expected) {
    if (problems.size() < kMaxProblems) problems.push_back({path, std::move(expected)});
  }

  const json::object* object(const json::value& v, const std::string& path,
                             const std::set<std::string>& keys) {
    const json::object* o = v.if_object();
    if (!o) {
      problem(path, "a table");
      return nullptr;
    }
    for (const auto& kv : *o)
      if (!keys.contains(std::string(kv.key())))
        problem(path + "." + std::string(kv.key()), "no such key; allowed are " + join(keys));
    return o;
  }

  static std::string join(const std::set<std::string>& keys) {
    std::string out;
    for (const auto& k : keys) out += (out.empty() ? "" : ", ") + k;
    return out;
  }

  std::string string(const json::object& o, const char* key, const std::string& path, std::size_t max_bytes) {
    const json::value* v = o.if_contains(key);
    if (v && v->is_string()) {
      const json::string& text = v->get_string();
      if (!text.empty() && text.size() <= max_bytes && !messages::has_control(std::string_view(text)))
        return std::string(text);
    }
    problem(path + "." + key,
            "a string of 1 to " + std::to_string(max_bytes) + " bytes without control characters");
    return {};
  }

  template <class IdType>
  IdType id(const json::object& o, const char* key, const std::string& path) {
    const json::value* v = o.if_contains(key);
    IdType parsed = v && v->is_string() ? IdType::parse(std::string_view(v->get_string())) : IdType();
    if (!parsed) problem(path + "." + key, "an id: 1 to 64 characters out of A-Z a-z 0-9 . _ -");
    return parsed;
  }

  /// False where it is absent.
  bool flag(const json::object& o, const char* key, const std::string& path) {
    const json::value* v = o.if_contains(key);
    if (v && !v->is_bool()) problem(path + "." + key, "true or false");
    return v && v->is_bool() && v->get_bool();
  }

  /// A name that is chosen in the server's configuration.
  std::string name(const json::object& o, const char* key, const std::string& path) {
    const json::value* v = o.if_contains(key);
    if (v && v->is_string() && topics::is_plain_id(std::string_view(v->get_string())))
      return std::string(v->get_string());
    problem(path + "." + key, "a name: 1 to 64 characters out of A-Z a-z 0-9 . _ -");
    return {};
  }

  std::uint32_t count(const json::object& o, const char* key, const std::string& path, std::uint32_t max,
                      std::uint32_t min = 1) {
    const json::value* v = o.if_contains(key);
    if (v && v->is_int64() && v->get_int64() >= min && v->get_int64() <= max)
      return static_cast<std::uint32_t>(v->get_int64());
    problem(path + "." + key, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
    return min;
  }

  TimeMs time(const json::object& o, const char* key, const std::string& path) {
    const json::value* v = o.if_contains(key);
    std::optional<TimeMs> t;
    if (v && v->is_string()) t = topics::parse_rfc3339(std::string_view(v->get_string()));
    if (!t || (!stored && (*t < 0 || *t > core::kMaxTimeMs)))
      problem(path + "." + key, "a time with offset from 1970 to 9999, as 2026-06-01T19:30:00Z");
    return t.value_or(0);
  }

  TimeMs duration(const json::object& o, const char* key, const std::string& path) {
    return duration(o.if_contains(key), path + "." + key);
  }
  TimeMs duration(const json::value* v, const std::string& at) {
    if (v && v->is_string()) {
      std::string_view text(v->get_string());
      TimeMs number = 0;
      auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
      const TimeMs ms = unit == "s"   ? 1000
                        : unit == "m" ? 60'000
                        : unit == "h" ? 3'600'000
                        : unit == "d" ? 86'400'000
                                      : 0;
      if (error == std::errc() && ms > 0 && number >= 1 && number <= kMaxDurationMs / ms) return number * ms;
    }
    problem(at, "a number and a unit (s, m, h or d), as 45m, at most 30d");
    return 1000;
  }

  template <class F>
  void each(const json::object& o, const char* key, const std::string& path, std::size_t max, F f) {
    const json::value* v = o.if_contains(key);
    if (!v) return;
    const json::array* a = v->if_array();
    if (!a || a->size() > max) return problem(path + "." + key, "a list of at most " + std::to_string(max));
    for (std::size_t i = 0; i < a->size(); ++i) f((*a)[i], path + "." + key + "[" + std::to_string(i) + "]");
  }
};

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

std::optional<core::Condition> read_condition(Reader& r, const json::value& v, const std::string& path) {
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
    core::InArea in{r.id<topics::AreaId>(*o, "area", path)};
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
  core::OneOf list;
  r.each(*o, "users", path, 10'000, [&](const json::value& user, const std::string& at) {
    auto id =
        user.is_string() ? topics::UserId::parse(std::string_view(user.get_string())) : topics::UserId();
    if (id)
      list.users.push_back(id);
    else
      r.problem(at, "a user id");
  });
  std::sort(list.users.begin(), list.users.end());
  return list;
}

core::Audience read_audience(Reader& r, const json::value& v, const std::string& path) {
  core::Audience audience;
  const json::object* o = r.object(v, path, {"any", "all", "none", "presence", "max", "follow"});
  if (!o) return audience;
  auto conditions = [&](const char* key, std::vector<core::Condition>& out) {
    r.each(*o, key, path, 100, [&](const json::value& c, const std::string& at) {
      if (auto condition = read_condition(r, c, at)) out.push_back(std::move(*condition));
    });
  };
  conditions("any", audience.any);
  conditions("all", audience.all);
  conditions("none", audience.none);
  if (const json::value* p = o->if_contains("presence")) {
    if (p->is_string() && p->get_string() == "any")
      audience.only_available = false;
    else if (!p->is_string() || p->get_string() != "available")
      r.problem(path + ".presence", "\"available\" or \"any\"");
  }
  if (o->contains("follow")) audience.follow_ms = r.duration(*o, "follow", path);
  if (o->contains("max")) audience.max = r.count(*o, "max", path, 100'000);
  return audience;
}

/// The "on" of a start or end, or "" with a problem noted.
std::string read_on(Reader& r, const json::value& v, const std::string& path, const char* allowed) {
  const json::object* o = v.if_object();
  const json::value* on = o ? o->if_contains("on") : nullptr;
  if (on && on->is_string()) return std::string(on->get_string());
  r.problem(path + ".on", allowed);
  return {};
}

core::Trigger read_schedule(Reader& r, const json::value& v, const std::string& path) {
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
  if (r.stored) return repeats;  // the time zone database may have changed
  const auto checked = core::checked_recurrence(repeats);
  if (!checked) r.problem(path + "." + checked.error().field, checked.error().expected);
  return repeats;
}

core::Trigger read_occupancy(Reader& r, const json::value& v, const std::string& path) {
  const json::object& all = v.get_object();
  if (all.contains("falls_to")) {
    const json::object* o = r.object(v, path, {"on", "area", "falls_to"});
    return core::OnEmptying{r.id<topics::AreaId>(*o, "area", path),
                            r.count(*o, "falls_to", path, 1'000'000, 0)};
  }
  const json::object* o = r.object(v, path, {"on", "area", "reaches", "falls_to", "again"});
  core::OnOccupancy full{r.id<topics::AreaId>(*o, "area", path), r.count(*o, "reaches", path, 1'000'000)};
  if (o->contains("again")) full.again_ms = r.duration(*o, "again", path);
  return full;
}

core::Trigger read_event(Reader& r, const json::value& v, const std::string& path) {
  const json::object* o = r.object(v, path, {"on", "type", "source", "subject"});
  core::OnEvent event{r.string(*o, "type", path, core::kMaxEventBytes), {}, {}};
  if (o->contains("source")) event.source = r.string(*o, "source", path, core::kMaxEventBytes);
  if (o->contains("subject")) event.subject = r.string(*o, "subject", path, core::kMaxEventBytes);
  return event;
}

core::Trigger read_mail(Reader& r, const json::value& v, const std::string& path) {
  const json::object* o = r.object(v, path, {"on", "user", "to", "subject"});
  core::OnMail mail{r.id<topics::UserId>(*o, "user", path), {}, {}};
  if (o->contains("to")) {
    mail.to = lower(r.string(*o, "to", path, 254));
    if (!is_mail_address(*mail.to)) r.problem(path + ".to", "a mail address without a \"+\"");
  }
  if (o->contains("subject")) mail.subject = r.string(*o, "subject", path, 100);
  return mail;
}

core::Trigger read_mailing(Reader& r, const json::value& v, const std::string& path) {
  const json::object* o = r.object(v, path, {"on", "domain", "list", "subject"});
  core::OnMailing mailing{lower(r.string(*o, "domain", path, 253)), {}, {}};
  if (o->contains("list")) mailing.list = lower(r.string(*o, "list", path, 200));
  if (o->contains("subject")) mailing.subject = r.string(*o, "subject", path, 100);
  return mailing;
}

std::optional<core::Trigger> read_start(Reader& r, const json::value& v, const std::string& path) {
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
    return core::OnEnter{r.id<topics::AreaId>(*o, "area", path)};
  }
  if (on == "occupancy") return read_occupancy(r, v, path);
  r.problem(path + ".on", kAllowed);
  return std::nullopt;
}

std::optional<core::End> read_end(Reader& r, const json::value& v, const std::string& path) {
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
    return core::WhenEmpty{r.id<topics::AreaId>(*o, "area", path)};
  }
  r.problem(path + ".on", kAllowed);
  return std::nullopt;
}

/// Start and end timing: one of the keys in `allowed`, or none.
template <class Timing>
Timing read_timing(Reader& r, const json::object& plan, const char* key, const std::string& path) {
  constexpr bool kStart = std::is_same_v<Timing, core::StartTiming>;
  const json::value* v = plan.if_contains(key);
  if (!v) return core::AtOnce{};
  const std::string at = path + "." + key;
  std::set<std::string> allowed = {"delay", "at", "spread"};
  if (kStart) allowed.insert("when_available");
  const json::object* o = r.object(*v, at, allowed);
  if (!o) return core::AtOnce{};
  if (o->size() != 1) r.problem(at, "exactly one of " + Reader::join(allowed));
  if (o->contains("delay")) return core::Delayed{r.duration(*o, "delay", at)};
  if (o->contains("at")) return core::SetTime{r.time(*o, "at", at)};
  if (o->contains("spread")) return core::Spread{r.duration(*o, "spread", at)};
  if constexpr (kStart)
    if (o->contains("when_available")) return core::NextAvailable{r.duration(*o, "when_available", at)};
  return core::AtOnce{};
}

/// One of the registrars under "call", "mail" or "ticket".
void read_registrars(Reader& r, const json::object& o, const std::string& path,
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

core::Registering read_registering(Reader& r, const json::value& v, const std::string& path) {
  core::Registering rules;
  const json::object* o = r.object(v, path, {"self", "from", "until", "call", "mail", "ticket"});
  if (!o) return rules;
  rules.self = r.flag(*o, "self", path);
  if (o->contains("from")) rules.from_ms = r.time(*o, "from", path);
  if (o->contains("until")) rules.until_ms = r.time(*o, "until", path);
  read_registrars(r, *o, path, rules.by);
  return rules;
}

core::Plan read_plan(Reader& r, const json::value& v, std::string path) {
  core::Plan plan;
  if (const json::object* named = v.if_object())
    if (const json::value* id = named->if_contains("id"); id && id->is_string())
      path += "(" + std::string(id->get_string()).substr(0, 64) + ")";
  const json::object* o = r.object(v, path,
                                   {"id", "name", "enabled", "audience", "start", "start_timing", "end",
                                    "end_timing", "warn", "registration"});
  if (!o) return plan;
  plan.id = r.id<topics::PlanId>(*o, "id", path);
  plan.name = o->contains("name") ? r.string(*o, "name", path, messages::kMaxNameBytes) : plan.id.str();
  if (const json::value* enabled = o->if_contains("enabled")) {
    if (enabled->is_bool())
      plan.enabled = enabled->get_bool();
    else
      r.problem(path + ".enabled", "true or false");
  }
  if (const json::value* audience = o->if_contains("audience"))
    plan.audience = read_audience(r, *audience, path + ".audience");
  else
    r.problem(path + ".audience", "a table: who takes part");
  if (const json::value* registration = o->if_contains("registration"))
    plan.registering = read_registering(r, *registration, path + ".registration");
  r.each(*o, "start", path, 100, [&](const json::value& s, const std::string& at) {
    if (auto start = read_start(r, s, at)) plan.starts.push_back(std::move(*start));
  });
  r.each(*o, "end", path, 100, [&](const json::value& e, const std::string& at) {
    if (auto end = read_end(r, e, at)) plan.ends.push_back(std::move(*end));
  });
  plan.start_timing = read_timing<core::StartTiming>(r, *o, "start_timing", path);
  plan.end_timing = read_timing<core::EndTiming>(r, *o, "end_timing", path);
  r.each(*o, "warn", path, 10, [&](const json::value& before, const std::string& at) {
    plan.warn_ms.push_back(r.duration(&before, at));
  });
  const bool sure = std::any_of(plan.ends.begin(), plan.ends.end(), [](const core::End& end) {
    return std::holds_alternative<core::AfterDuration>(end) || std::holds_alternative<core::AtTime>(end);
  });
  const json::value* ends = o->if_contains("end");
  const bool unread = ends && ends->is_array() && ends->get_array().size() != plan.ends.size();
  if (!ends || (!sure && !unread && !r.stored))
    r.problem(path + ".end", "at least one end of kind duration or set-time, so that no chat is forgotten");
  return plan;
}

PlanFile read_file(const json::value& root) {
  PlanFile file;
  Reader r{file.problems};
  const json::object* o = r.object(root, "file", {"schema", "plan"});
  if (!o) return file;
  const json::value* schema = o->if_contains("schema");
  if (!schema || !schema->is_int64() || schema->get_int64() != 1)
    r.problem("schema", "the number 1, the version of the format");
  if (!o->contains("plan")) r.problem("plan", "at least one [[plan]]");
  std::set<std::string> seen;
  r.each(*o, "plan", "file", 1'000, [&](const json::value& v, const std::string& at) {
    file.plans.push_back(read_plan(r, v, at.substr(5)));
    if (file.plans.back().id && !seen.insert(file.plans.back().id.str()).second)
      r.problem(at.substr(5) + ".id", "an id that no other plan of the file has");
  });
  if (!file.problems.empty()) file.plans.clear();
  return file;
}

json::value to_json(const toml::node& node) {
  if (auto* t = node.as_table()) {
    json::object o;
    for (auto&& [k, v] : *t) o[std::string(k.str())] = to_json(v);
    return o;
  }
  if (auto* a = node.as_array()) {
    json::array out;
    for (auto&& v : *a) out.push_back(to_json(v));
    return out;
  }
  if (auto* s = node.as_string()) return json::value(s->get());
  if (auto* i = node.as_integer()) return json::value(i->get());
  if (auto* f = node.as_floating_point()) return json::value(f->get());
  if (auto* b = node.as_boolean()) return json::value(b->get());
  std::ostringstream text;  // dates and times, written as RFC 3339
  if (auto* dt = node.as_date_time()) text << dt->get();
  if (auto* d = node.as_date()) text << d->get();
  if (auto* t = node.as_time()) text << t->get();
  return json::value(text.str());
}

/// Finds the first key that is twice in one object, of which Boost.JSON would keep the last.
class DuplicateFinder {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();
  using Code = json::error_code;
  using Text = json::string_view;

  std::string found;  // its path; empty: none

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return begin(false); }
  bool on_object_end(std::size_t, Code&) { return end(); }
  bool on_array_begin(Code&) { return begin(true); }
  bool on_array_end(std::size_t, Code&) { return end(); }
  bool on_key_part(Text s, std::size_t, Code&) { return part_ += std::string_view(s), true; }
  bool on_key(Text s, std::size_t, Code&) {
    levels_.back().at = part_ + std::string(s);
    part_.clear();
    if (!levels_.back().keys.insert(levels_.back().at).second && found.empty()) found = path();
    return true;
  }
  bool on_string_part(Text, std::size_t, Code&) { return true; }
  bool on_string(Text, std::size_t, Code&) { return value(); }
  bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t, Text, Code&) { return value(); }
  bool on_uint64(std::uint64_t, Text, Code&) { return value(); }
  bool on_double(double, Text, Code&) { return value(); }
  bool on_bool(bool, Code&) { return value(); }
  bool on_null(Code&) { return value(); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

 private:
  struct Level {
    bool list = false;
    std::size_t index = 0;
    std::string at;
    std::set<std::string> keys;
  };
  bool begin(bool list) { return levels_.push_back({list, 0, {}, {}}), true; }
  bool end() { return levels_.pop_back(), value(); }
  bool value() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  std::string path() const {
    std::string out;
    for (const Level& level : levels_)
      out += level.list ? "[" + std::to_string(level.index) + "]" : (out.empty() ? "" : ".") + level.at;
    return out;
  }

  std::vector<Level> levels_;
  std::string part_;
};

json::value parse_json(std::string_view text, std::size_t max_bytes, std::vector<PlanProblem>& problems) {
  if (text.size() > max_bytes) {
    problems.push_back({"file", "at most " + std::to_string(max_bytes >> 20) + " MiB"});
    return nullptr;
  }
  json::error_code error;
  json::parse_options options;
  options.max_depth = messages::kMaxJsonDepth;
  json::value root = json::parse(text, error, {}, options);
  if (error) {
    problems.push_back({"file", "JSON (" + error.message() + ")"});
    return root;
  }
  json::basic_parser<DuplicateFinder> keys(options);
  keys.write_some(false, text.data(), text.size(), error);
  if (const std::string& twice = keys.handler().found; !twice.empty())
    problems.push_back({twice, "no key twice in an object"});
  return root;
}

std::string seconds(TimeMs ms) { return std::to_string(ms / 1000) + "s"; }

json::value condition_to_json(const core::Condition& condition) {
  if (auto* in = std::get_if<core::InArea>(&condition)) {
    json::object area{{"area", in->area.str()}};
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

json::value audience_to_json(const core::Audience& audience) {
  auto list = [](const std::vector<core::Condition>& conditions) {
    json::array a;
    for (const auto& c : conditions) a.push_back(condition_to_json(c));
    return a;
  };
  json::object o{{"any", list(audience.any)},
                 {"all", list(audience.all)},
                 {"none", list(audience.none)},
                 {"presence", audience.only_available ? "available" : "any"},
                 {"max", audience.max}};
  if (audience.follow_ms) o["follow"] = seconds(*audience.follow_ms);
  return o;
}

json::value start_to_json(const core::Trigger& trigger) {
  if (auto* s = std::get_if<core::OnSchedule>(&trigger))
    return {{"on", "schedule"}, {"at", topics::format_rfc3339(s->at_ms)}};
  if (auto* e = std::get_if<core::OnEnter>(&trigger)) return {{"on", "enter"}, {"area", e->area.str()}};
  if (auto* u = std::get_if<core::OnAvailable>(&trigger))
    return {{"on", "available"}, {"user", u->user.str()}};
  if (auto* f = std::get_if<core::OnEmptying>(&trigger))
    return {{"on", "occupancy"}, {"area", f->area.str()}, {"falls_to", f->falls_to}};
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
    return mailing;
  }
  const auto& o = std::get<core::OnOccupancy>(trigger);
  json::object full{{"on", "occupancy"}, {"area", o.area.str()}, {"reaches", o.reaches}};
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
  if (auto* empty = std::get_if<core::WhenEmpty>(&end)) return {{"on", "empty"}, {"area", empty->area.str()}};
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

PlanFile parse_plans_toml(std::string_view text) {
  if (text.size() > kMaxBytes) return {{}, {{"file", "at most 1 MiB"}}};
  try {
    return read_file(to_json(toml::parse(text)));
  } catch (const toml::parse_error& e) {
    std::ostringstream where;
    where << "line " << e.source().begin.line << ", column " << e.source().begin.column;
    return {{}, {{where.str(), "TOML (" + std::string(e.description()) + ")"}}};
  }
}

PlanFile parse_plans_json(std::string_view text) {
  PlanFile file;
  json::value root = parse_json(text, kMaxBytes, file.problems);
  return file.problems.empty() ? read_file(root) : file;
}

PlanFile parse_plan_json(std::string_view text) {
  PlanFile file;
  json::value root = parse_json(text, kMaxStoredBytes, file.problems);
  if (!file.problems.empty()) return file;
  Reader r{file.problems, true};
  file.plans.push_back(read_plan(r, root, "plan"));
  if (!file.problems.empty()) file.plans.clear();
  return file;
}

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
  write_timing(o, "start_timing", plan.start_timing);
  write_timing(o, "end_timing", plan.end_timing);
  if (!plan.warn_ms.empty()) {
    json::array warn;
    for (const TimeMs before : plan.warn_ms) warn.emplace_back(seconds(before));
    o["warn"] = std::move(warn);
  }
  return json::serialize(o);
}

}  // namespace convoke::ingress
