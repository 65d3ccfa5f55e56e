#pragma once

#include <string>
#include <vector>

#include "backend/core/plan.h"
#include "ops/rehearsal/plan_check.h"

namespace convoke::rehearsal {

/// What the plan will do, in words.
std::vector<PlanLine> in_words(const core::Plan& plan);

/// "45 minutes", "1 hour 30 minutes".
std::string duration_in_words(core::TimeMs ms);

/// "2026-06-01T19:30:00Z", with milliseconds only where there are any.
std::string time_in_words(core::TimeMs at);

}  // namespace convoke::rehearsal
