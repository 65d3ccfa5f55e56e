#include "backend/ingress/plan_reader.h"

#include <charconv>

#include "topics/messages/json_reader.h"
#include "topics/rfc3339.h"

namespace convoke::ingress {

namespace json = boost::json;
using core::TimeMs;

namespace {

constexpr std::size_t kMaxProblems = 100;
constexpr TimeMs kDayMs = 24 * 3'600'000;

}  // namespace

std::string join(const std::set<std::string>& keys) {
  std::string out;
  for (const auto& k : keys) out += (out.empty() ? "" : ", ") + k;
  return out;
}

void PlanReader::problem(const std::string& path, std::string expected) {
  if (problems_.size() < kMaxProblems) problems_.push_back({path, std::move(expected)});
}

const json::object* PlanReader::object(const json::value& v, const std::string& path,
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

std::string PlanReader::string(const json::object& o, const char* key, const std::string& path,
                               std::size_t max_bytes) {
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

std::uint32_t PlanReader::count(const json::object& o, const char* key, const std::string& path,
                                std::uint32_t max, std::uint32_t min) {
  const json::value* v = o.if_contains(key);
  if (v && v->is_int64() && v->get_int64() >= min && v->get_int64() <= max)
    return static_cast<std::uint32_t>(v->get_int64());
  problem(path + "." + key, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return min;
}

TimeMs PlanReader::time(const json::object& o, const char* key, const std::string& path) {
  const json::value* v = o.if_contains(key);
  std::optional<TimeMs> t;
  if (v && v->is_string()) t = topics::parse_rfc3339(std::string_view(v->get_string()));
  if (!t || (!stored_ && (*t < 0 || *t > core::kMaxTimeMs)))
    problem(path + "." + key, "a time with offset from 1970 to 9999, as 2026-06-01T19:30:00Z");
  return t.value_or(0);
}

TimeMs PlanReader::duration(const json::object& o, const char* key, const std::string& path) {
  return duration(o.if_contains(key), path + "." + key);
}
TimeMs PlanReader::duration(const json::value* v, const std::string& at, TimeMs max_days) {
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
    if (error == std::errc() && ms > 0 && number >= 1 && number <= max_days * kDayMs / ms) return number * ms;
  }
  problem(at, "a number and a unit (s, m, h or d), as 45m, at most " + std::to_string(max_days) + "d");
  return 1000;
}

void PlanReader::each(const json::object& o, const char* key, const std::string& path, std::size_t max,
                      const Each& f) {
  const json::value* v = o.if_contains(key);
  if (!v) return;
  const json::array* a = v->if_array();
  if (!a || a->size() > max) return problem(path + "." + key, "a list of at most " + std::to_string(max));
  for (std::size_t i = 0; i < a->size(); ++i) f((*a)[i], path + "." + key + "[" + std::to_string(i) + "]");
}

std::pair<topics::AreaId, topics::SiteId> PlanReader::area(const json::object& o, const char* key,
                                                           const std::string& path) {
  const json::value* v = o.if_contains(key);
  const std::string_view text = v && v->is_string() ? std::string_view(v->get_string()) : std::string_view();
  const auto at = text.find('@');
  const auto area = topics::AreaId::parse(text.substr(0, at));
  const auto site = at == text.npos ? topics::SiteId() : topics::SiteId::parse(text.substr(at + 1));
  if (area && (site || at == text.npos)) return {area, site};
  problem(path + "." + key, "an area's id (1 to 64 characters out of A-Z a-z 0-9 . _ -), or area@site");
  return {};
}

bool PlanReader::flag(const json::object& o, const char* key, const std::string& path) {
  const json::value* v = o.if_contains(key);
  if (v && !v->is_bool()) problem(path + "." + key, "true or false");
  return v && v->is_bool() && v->get_bool();
}

std::string PlanReader::name(const json::object& o, const char* key, const std::string& path) {
  const json::value* v = o.if_contains(key);
  if (v && v->is_string() && topics::is_plain_id(std::string_view(v->get_string())))
    return std::string(v->get_string());
  problem(path + "." + key, "a name: 1 to 64 characters out of A-Z a-z 0-9 . _ -");
  return {};
}

}  // namespace convoke::ingress
