#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "backend/core/plan.h"

namespace convoke::ingress {

/// One thing wrong with a file of plans: where ("plan[0](hall-a).end[1].after"), and what was expected there.
struct PlanProblem {
  std::string where;
  std::string expected;
};

struct PlanFile {
  std::vector<core::Plan> plans;      // empty if there are problems: all or nothing
  std::vector<PlanProblem> problems;  // every one that was found, at most 100
};

/// Reads plans (docs/protocol/plans.md), at most 1 MiB. For TOML that does not parse, the problem names line
/// and column.
PlanFile parse_plans_toml(std::string_view text);
PlanFile parse_plans_json(std::string_view text);

/// One plan as JSON, as `parse_plans_json` reads it inside its "plan" list. `parse_plan_json` reads it back.
std::string plan_to_json(const core::Plan& plan);
PlanFile parse_plan_json(std::string_view text);

}  // namespace convoke::ingress
