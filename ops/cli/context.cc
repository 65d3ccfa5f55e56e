#include "ops/cli/context.h"

#include <boost/json.hpp>

#include "ops/cli/text.h"
#include "topics/ids.h"

namespace convoke::cli {
namespace {

CLI::Validator check(bool (*holds)(std::string_view), const std::string& expected, const std::string& type) {
  return CLI::Validator(
      [holds, expected](std::string& text) {
        return holds(text) ? std::string() : "expected " + expected + ", got '" + printable(text) + "'";
      },
      type);
}

bool is_duration(std::string_view text) { return parse_duration(text).has_value(); }

}  // namespace

const CLI::Validator kPlainId =
    check(topics::is_plain_id, "1 to 64 characters out of A-Z a-z 0-9 . _ -", "ID");
const CLI::Validator kUserId = check(topics::is_user_id, "a user id, or user@site", "USER");
const CLI::Validator kGroupId =
    check(topics::is_group_id, "a group id (32 hexadecimal digits, see: convokectl group list)", "GROUP");
const CLI::Validator kDuration = check(is_duration, "a number and a unit, as in 90s, 10m, 2h, 1d", "TIME");

void Context::print_json(const boost::json::value& value) const {
  out << boost::json::serialize(value) << '\n';
}

}  // namespace convoke::cli
