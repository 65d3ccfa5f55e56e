#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "ops/cli/context.h"

namespace convoke::cli {

/// A transition (docs/protocol/http.md) as one line for people: when, what, where, who, how many are inside
/// now, and why.
std::string transition_line(const boost::json::value& event, bool colour);

/// Adds `watch` to the commands of areas.
void add_area_watch_command(CLI::App& area, Context& context);

}  // namespace convoke::cli
