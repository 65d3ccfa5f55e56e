#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <string_view>

#include "ops/cli/context.h"

namespace convoke::cli {

/// Takes one of the server's live events (docs/protocol/http.md), pings too; false to end.
using TakeEvent = std::function<bool(std::string_view type, const boost::json::value& event)>;

/// Follows the live events until `take` has enough or `context.out` cannot be written. A server that goes
/// away after its first event is waited for. Throws Failure if it refuses, or does not come back.
void follow_events(const Context& context, const TakeEvent& take);

}  // namespace convoke::cli
