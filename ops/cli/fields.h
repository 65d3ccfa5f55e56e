#pragma once

#include <boost/json/value.hpp>
#include <ostream>
#include <string>
#include <string_view>

namespace convoke::cli {

/// The field `key` of an object; null if `value` is no object or has none. Lives as long as `value`.
const boost::json::value& field(const boost::json::value& value, std::string_view key);

/// The array in field `key`; an empty one if there is none.
const boost::json::array& list(const boost::json::value& value, std::string_view key);

/// A value for people: text as it is, numbers and words as written, null as nothing, arrays with commas, an
/// object as "key value, key value". Fields whose key ends in `_ms` and look like a date are shown as one.
std::string show(const boost::json::value& value, std::string_view key = {});

/// The fields of an object one a line, keys aligned, objects inside as `outer.inner`.
void print_fields(std::ostream& out, const boost::json::value& value);

}  // namespace convoke::cli
