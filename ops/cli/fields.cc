#include "ops/cli/fields.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

constexpr std::int64_t kLooksLikeADate = 946'684'800'000;  // the year 2000: shorter is a duration

std::string joined(const boost::json::array& values) {
  std::string out;
  for (const auto& value : values) out += (out.empty() ? "" : ", ") + show(value);
  return out;
}

std::string joined(const boost::json::object& object) {
  std::string out;
  for (const auto& [key, value] : object) {
    out += (out.empty() ? "" : ", ") + std::string(key) + " " + show(value, key);
  }
  return out;
}

using Rows = std::vector<std::vector<std::string>>;

void flatten(const boost::json::object& object, const std::string& prefix, Rows& rows) {
  for (const auto& [key, value] : object) {
    const std::string name = prefix + std::string(key);
    if (const auto* inner = value.if_object(); inner != nullptr && !inner->empty()) {
      flatten(*inner, name + ".", rows);
    } else {
      rows.push_back({name, show(value, key)});
    }
  }
}

}  // namespace

const boost::json::value& field(const boost::json::value& value, std::string_view key) {
  static const boost::json::value kNull;
  const auto* object = value.if_object();
  const auto* found = object == nullptr ? nullptr : object->if_contains(key);
  return found == nullptr ? kNull : *found;
}

const boost::json::array& list(const boost::json::value& value, std::string_view key) {
  static const boost::json::array kNone;
  const auto* array = field(value, key).if_array();
  return array == nullptr ? kNone : *array;
}

std::string show(const boost::json::value& value, std::string_view key) {
  if (value.is_null()) return {};
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_array()) return joined(value.get_array());
  if (value.is_object()) return joined(value.get_object());
  if (value.is_double()) return fmt::format("{}", value.get_double());
  const bool is_time = key.size() > 3 && key.substr(key.size() - 3) == "_ms";
  if (is_time && value.is_int64() && value.get_int64() >= kLooksLikeADate)
    return format_time(value.get_int64());
  return boost::json::serialize(value);
}

void print_fields(std::ostream& out, const boost::json::value& value) {
  Rows rows;
  if (const auto* object = value.if_object()) flatten(*object, {}, rows);
  print_table(out, {"field", "value"}, rows, "nothing");
}

}  // namespace convoke::cli
