#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace convoke::geo {

/// Parses JSON with every number as the nearest double, which Boost.JSON 1.81 alone does not promise: one
/// in ten would be off by the last bit, and an area would not be the same after a trip through a file.
/// Returns the value, or where and why the text is not JSON ("line 3, column 5: …"). Nesting is limited
/// to 32.
std::variant<boost::json::value, std::string> parse_exact_json(std::string_view text);

}  // namespace convoke::geo
