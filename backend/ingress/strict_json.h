#pragma once

#include <boost/json/value.hpp>
#include <string_view>
#include <vector>

#include "backend/ingress/plan_file.h"

namespace convoke::ingress {

/// JSON of bounded size and depth in which no object has a key twice; otherwise `problems` says what is
/// wrong.
boost::json::value parse_strict_json(std::string_view text, std::size_t max_bytes,
                                     std::vector<PlanProblem>& problems);

}  // namespace convoke::ingress
