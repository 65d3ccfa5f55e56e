#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "geo/area_file.h"

namespace convoke::geo {

/// The member, or null if it is missing or null.
const boost::json::value* member(const boost::json::object& object, std::string_view key);

/// Reads what a feature's properties say of an area, other than its shape. What is wrong adds to `errors`,
/// under the property's path (", properties.rule.confirm"); names that look misspelt add to `notes`.
void read_properties(const boost::json::object& properties, Area& area, std::vector<AreaProblem>& errors,
                     std::vector<AreaProblem>& notes);

/// Appends the same as members of a JSON object, beginning with the name.
void append_properties(std::string& out, const Area& area);

/// The shortest text that reads back to the same number; `null` if it is not finite.
void append_number(std::string& out, double value);

}  // namespace convoke::geo
