#include "geo/area_properties.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "geo/feature_reader.h"
#include "topics/rfc3339.h"

namespace convoke::geo {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxGroups = 32;
constexpr std::size_t kMaxMetadata = 64;
constexpr std::size_t kMaxKeyBytes = 64;
constexpr std::size_t kMaxValueBytes = 1024;
constexpr std::size_t kMaxSpans = 24;
constexpr std::size_t kMaxExceptions = 1000;
constexpr std::uint32_t kDayMs = 86'400'000;
constexpr std::array kDays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr std::array<std::string_view, 11> kNames = {"name",  "radius_m", "width_m",  "altitude_m",
                                                     "floor", "groups",   "metadata", "rule",
                                                     "from",  "until",    "schedule"};

/// Calls `f` with name, member, lowest and highest value of each member of a rule.
template <class Rule, class F>
void each_member(Rule& rule, F f) {
  f("enter_margin_m", rule.enter_margin_m, 0, 10'000);
  f("enter_margin_accuracy", rule.enter_margin_accuracy, 0, 10);
  f("enter_margin_share", rule.enter_margin_share, 0, 1);
  f("exit_margin_m", rule.exit_margin_m, 0, 10'000);
  f("exit_margin_accuracy", rule.exit_margin_accuracy, 0, 10);
  f("confirm", rule.confirm, 1, 8);
  f("of_last", rule.of_last, 1, 8);
  f("enter_dwell_ms", rule.enter_dwell_ms, 0, kDayMs);
  f("exit_dwell_ms", rule.exit_dwell_ms, 0, kDayMs);
  f("pass_through", rule.pass_through, 0, 1);
}

/// Reads the properties of one feature.
class PropertyReader {
 public:
  PropertyReader(const json::object& properties, std::vector<AreaProblem>& errors)
      : properties_(properties), errors_(errors) {}

  void read(Area& area) {
    with("name", [&](const json::value& v) { read_name(v, area.name); });
    with("altitude_m", [&](const json::value& v) { area.altitude_m = read_range(v, -12'000, 100'000); });
    with("floor", [&](const json::value& v) { area.floor = read_range(v, -1000, 1000); });
    with("groups", [&](const json::value& v) { read_groups(v, area.groups); });
    with("metadata", [&](const json::value& v) { read_metadata(v, area.metadata); });
    with("rule", [&](const json::value& v) { area.rule = read_rule(v); });
    with("from", [&](const json::value& v) { area.from_ms = read_time(v); });
    with("until", [&](const json::value& v) { area.until_ms = read_time(v); });
    with("schedule", [&](const json::value& v) { area.schedule = read_schedule(v); });
    path_ = "until";
    if (area.from_ms && area.until_ms && *area.from_ms >= *area.until_ms)
      fail("", "expected a time after `from`");
  }

 private:
  template <class F>
  void with(const char* name, F f) {
    path_ = name;
    if (const json::value* value = member(properties_, name)) f(*value);
  }

  void fail(const std::string& below, std::string what) {
    errors_.push_back({", properties." + path_ + below, std::move(what)});
  }

  void read_name(const json::value& value, std::string& name) {
    if (!value.is_string() || value.get_string().size() > kMaxNameBytes)
      return fail("", "expected a string of at most " + std::to_string(kMaxNameBytes) + " bytes");
    name = std::string(value.get_string());
  }

  /// [low, high], where null has no limit; a number alone is both.
  std::optional<Range> read_range(const json::value& value, double lowest, double highest) {
    const auto good = [&](double x) { return x >= lowest && x <= highest; };
    if (value.is_number() && good(value.to_number<double>()))
      return Range{value.to_number<double>(), value.to_number<double>()};
    Range range;
    const json::array* ends = value.if_array();
    bool ok = ends != nullptr && ends->size() == 2 && !((*ends)[0].is_null() && (*ends)[1].is_null());
    for (std::size_t i = 0; ok && i < 2; ++i) {
      const json::value& end = (*ends)[i];
      if (end.is_null()) continue;
      ok = end.is_number() && good(end.to_number<double>());
      if (ok) (i == 0 ? range.low : range.high) = end.to_number<double>();
    }
    if (ok && range.low <= range.high) return range;
    fail("", "expected [low, high] from " + std::to_string(static_cast<int>(lowest)) + " to " +
                 std::to_string(static_cast<int>(highest)) + ", low first; null at one end is no limit");
    return std::nullopt;
  }

  void read_groups(const json::value& value, std::vector<std::string>& groups) {
    const json::array* array = value.if_array();
    if (array == nullptr || array->size() > kMaxGroups)
      return fail("", "expected an array of at most " + std::to_string(kMaxGroups) + " names");
    for (std::size_t i = 0; i < array->size(); ++i) {
      const json::string* name = (*array)[i].if_string();
      const std::string at = "[" + std::to_string(i) + "]";
      if (name == nullptr || !is_plain_id(*name))
        return fail(at, "expected 1 to 64 characters out of A-Z a-z 0-9 . _ -");
      if (std::find(groups.begin(), groups.end(), std::string_view(*name)) != groups.end())
        return fail(at, "the group occurs twice");
      groups.emplace_back(*name);
    }
  }

  void read_metadata(const json::value& value, std::map<std::string, std::string>& metadata) {
    const json::object* object = value.if_object();
    if (object == nullptr || object->size() > kMaxMetadata)
      return fail("", "expected an object of at most " + std::to_string(kMaxMetadata) + " strings");
    for (const auto& [key, text] : *object) {
      if (key.empty() || key.size() > kMaxKeyBytes)
        return fail("", "expected names of 1 to " + std::to_string(kMaxKeyBytes) + " bytes");
      if (!text.is_string() || text.get_string().size() > kMaxValueBytes)
        return fail("." + std::string(key),
                    "expected a string of at most " + std::to_string(kMaxValueBytes) + " bytes");
      metadata.emplace(key, text.get_string());
    }
  }

  std::optional<AreaRule> read_rule(const json::value& value) {
    static constexpr const char* kPresets = R"(expected "strict", "balanced" or "calm")";
    if (const json::string* name = value.if_string()) {
      const auto rule = AreaRule::preset(*name);
      if (!rule) fail("", kPresets);
      return rule;
    }
    const json::object* object = value.if_object();
    if (object == nullptr) {
      fail("", std::string(kPresets) + ", or an object");
      return std::nullopt;
    }
    AreaRule rule = AreaRule::balanced();
    if (const json::value* name = member(*object, "preset")) {
      const auto preset = name->is_string() ? AreaRule::preset(name->get_string()) : std::nullopt;
      if (!preset) fail(".preset", kPresets);
      rule = preset.value_or(rule);
    }
    read_members(*object, rule);
    return rule;
  }

  void read_members(const json::object& object, AreaRule& rule) {
    for (const auto& entry : object) {
      const std::string_view key = entry.key();
      std::string names = "preset";
      bool known = key == "preset";
      each_member(rule, [&](const char* name, auto& member, double low, double high) {
        names += std::string(", ") + name;
        if (key != name) return;
        known = true;
        read_member("." + std::string(name), entry.value(), member, low, high);
      });
      if (!known) return fail("." + std::string(key), "not a part of a rule: expected one of " + names);
    }
    if (rule.of_last < rule.confirm)
      fail(".of_last", "expected at least as many as confirm, " + std::to_string(rule.confirm));
  }

  template <class T>
  void read_member(const std::string& at, const json::value& value, T& member, double low, double high) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!value.is_bool()) return fail(at, "expected true or false");
      member = value.get_bool();
    } else {
      const double number = value.is_number() ? value.to_number<double>() : -1;
      const bool whole = std::is_floating_point_v<T> || number == std::floor(number);
      if (!(number >= low && number <= high) || !whole) {
        return fail(at, std::string("expected a ") + (std::is_floating_point_v<T> ? "" : "whole ") +
                            "number from " + std::to_string(static_cast<long>(low)) + " to " +
                            std::to_string(static_cast<long>(high)));
      }
      member = static_cast<T>(number);
    }
  }

  std::optional<std::int64_t> read_time(const json::value& value) {
    const json::string* text = value.if_string();
    const auto time = text != nullptr ? topics::parse_rfc3339(*text) : std::nullopt;
    if (time && *time >= 0) return time;
    fail("", "expected a time as 2026-06-01T19:30:00Z or …+02:00, from 1970 on");
    return std::nullopt;
  }

  std::optional<Schedule> read_schedule(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) {
      fail("", "expected an object with time_zone, and hours or exceptions");
      return std::nullopt;
    }
    Schedule schedule;
    const json::value* zone = member(*object, "time_zone");
    if (zone == nullptr || !zone->is_string() || zone->get_string().empty()) {
      fail(".time_zone", "expected the IANA name of a time zone, as Europe/Berlin");
    } else {
      schedule.time_zone = std::string(zone->get_string());
    }
    if (const json::value* hours = member(*object, "hours")) read_week(*hours, schedule);
    if (const json::value* dates = member(*object, "exceptions")) read_exceptions(*dates, schedule);
    for (const auto& [key, part] : *object) {
      if (key != "time_zone" && key != "hours" && key != "exceptions")
        fail("." + std::string(key), "not a part of a schedule: expected time_zone, hours, exceptions");
    }
    return schedule;
  }

  void read_week(const json::value& value, Schedule& schedule) {
    const json::object* object = value.if_object();
    if (object == nullptr) return fail(".hours", "expected an object of days: mon, tue, … sun");
    for (const auto& [key, spans] : *object) {
      const std::string at = ".hours." + std::string(key);
      const auto day = std::find(kDays.begin(), kDays.end(), key);
      if (day == kDays.end()) return fail(at, "not a day: expected mon, tue, wed, thu, fri, sat or sun");
      schedule.week[static_cast<std::size_t>(day - kDays.begin())] = read_spans(at, spans);
    }
  }

  void read_exceptions(const json::value& value, Schedule& schedule) {
    const json::object* object = value.if_object();
    if (object == nullptr || object->size() > kMaxExceptions)
      return fail(".exceptions",
                  "expected an object of at most " + std::to_string(kMaxExceptions) + " dates");
    for (const auto& [key, spans] : *object) {
      const std::string at = ".exceptions." + std::string(key);
      const auto date = parse_date(key);
      if (!date) return fail(at, "expected a date as 2026-12-24");
      schedule.exceptions[*date] = read_spans(at, spans);
    }
  }

  std::vector<Hours> read_spans(const std::string& at, const json::value& value) {
    std::vector<Hours> spans;
    const json::array* array = value.if_array();
    if (array == nullptr || array->size() > kMaxSpans) {
      fail(at, "expected an array of at most " + std::to_string(kMaxSpans) + " spans; [] is closed");
      return spans;
    }
    for (std::size_t i = 0; i < array->size(); ++i) {
      const json::string* text = (*array)[i].if_string();
      const auto hours = text != nullptr ? parse_hours(*text) : std::nullopt;
      if (hours) spans.push_back(*hours);
      if (!hours) fail(at + "[" + std::to_string(i) + "]", "expected local times as \"18:00-02:00\"");
    }
    return spans;
  }

  const json::object& properties_;
  std::vector<AreaProblem>& errors_;
  std::string path_;
};

/// The letters and digits of a name, small.
std::string letters(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') result += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) result += c;
  }
  return result;
}

/// One letter too many, too few or another, or a missing unit: "Radius", "altitude", "group", "radius-m".
bool is_near(const std::string& a, const std::string& b) {
  if (a == b || a + "m" == b || a == b + "m") return true;
  if (a.size() < 4 || std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > 1) return false;
  const auto [x, y] = std::mismatch(a.begin(), a.begin() + std::min(a.size(), b.size()), b.begin());
  const std::string rest_a(x, a.end()), rest_b(y, b.end());
  if (rest_a.size() > rest_b.size()) return rest_a.substr(1) == rest_b;
  if (rest_b.size() > rest_a.size()) return rest_b.substr(1) == rest_a;
  return rest_a.empty() || rest_a.substr(1) == rest_b.substr(1);
}

void note_misspelt(const json::object& properties, std::vector<AreaProblem>& notes) {
  for (const auto& [key, value] : properties) {
    if (key.size() > 20 || std::find(kNames.begin(), kNames.end(), key) != kNames.end()) continue;
    for (const std::string_view name : kNames) {
      if (!is_near(letters(key), letters(name))) continue;
      notes.push_back(
          {", properties." + std::string(key),
           "not read: no property of an area is called so; is it meant for " + std::string(name) + "?"});
      break;
    }
  }
}

std::string quoted(std::string_view text) {
  return json::serialize(json::string_view(text.data(), text.size()));
}

void append_member(std::string& out, const char* name, const std::string& value) {
  out += std::string(",\"") + name + "\":" + value;
}

std::string range_text(const Range& range) {
  std::string out = "[";
  append_number(out, range.low);
  out += ',';
  append_number(out, range.high);
  return out + ']';
}

/// The items, each as `text` puts it, separated by commas.
template <class Items, class Text>
std::string joined(const Items& items, Text text) {
  std::string out;
  for (const auto& item : items) out += (out.empty() ? "" : ",") + text(item);
  return out;
}

std::string rule_text(const AreaRule& rule) {
  if (AreaRule::preset(rule.name())) return quoted(rule.name());
  std::string out;
  each_member(rule, [&](const char* name, const auto& value, double, double) {
    out += std::string(out.empty() ? "{\"" : ",\"") + name + "\":";
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, bool>) {
      out += value ? "true" : "false";
    } else {
      append_number(out, value);
    }
  });
  return out + '}';
}

std::string spans_text(const std::vector<Hours>& spans) {
  return "[" + joined(spans, [](Hours hours) { return quoted(to_string(hours)); }) + "]";
}

std::string schedule_text(const Schedule& schedule) {
  std::string days;
  for (std::size_t i = 0; i < kDays.size(); ++i) {
    if (schedule.week[i].empty()) continue;
    days += (days.empty() ? "" : ",") + quoted(kDays[i]) + ":" + spans_text(schedule.week[i]);
  }
  const std::string exceptions = joined(schedule.exceptions, [](const auto& exception) {
    return quoted(to_string(exception.first)) + ":" + spans_text(exception.second);
  });
  return "{\"time_zone\":" + quoted(schedule.time_zone) + ",\"hours\":{" + days + "},\"exceptions\":{" +
         exceptions + "}}";
}

}  // namespace

const json::value* member(const json::object& object, std::string_view key) {
  const auto it = object.find(key);
  return it == object.end() || it->value().is_null() ? nullptr : &it->value();
}

void read_properties(const json::object& properties, Area& area, std::vector<AreaProblem>& errors,
                     std::vector<AreaProblem>& notes) {
  PropertyReader(properties, errors).read(area);
  note_misspelt(properties, notes);
}

void append_number(std::string& out, double value) {
  char text[32];
  if (!std::isfinite(value)) {
    out += "null";
  } else {
    // -0 is written as 0, for it is read as that.
    out.append(text, std::to_chars(text, text + sizeof text, value + 0.0).ptr);
  }
}

void append_properties(std::string& out, const Area& area) {
  out += "\"name\":" + quoted(area.name);
  if (area.altitude_m) append_member(out, "altitude_m", range_text(*area.altitude_m));
  if (area.floor) append_member(out, "floor", range_text(*area.floor));
  if (!area.groups.empty())
    append_member(out, "groups", "[" + joined(area.groups, [](const auto& g) { return quoted(g); }) + "]");
  if (!area.metadata.empty())
    append_member(out, "metadata", "{" + joined(area.metadata, [](const auto& entry) {
                                     return quoted(entry.first) + ":" + quoted(entry.second);
                                   }) + "}");
  if (area.rule) append_member(out, "rule", rule_text(*area.rule));
  if (area.from_ms) append_member(out, "from", quoted(topics::format_rfc3339(*area.from_ms)));
  if (area.until_ms) append_member(out, "until", quoted(topics::format_rfc3339(*area.until_ms)));
  if (area.schedule) append_member(out, "schedule", schedule_text(*area.schedule));
}

}  // namespace convoke::geo
