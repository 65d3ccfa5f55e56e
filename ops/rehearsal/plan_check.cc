#include "ops/rehearsal/plan_check.h"

#include <algorithm>
#include <variant>

#include "backend/core/triggers.h"
#include "backend/gateways/call_numbers.h"
#include "backend/ingress/plan_file.h"
#include "ops/rehearsal/plan_words.h"

namespace convoke::rehearsal {
namespace {

CheckedPlan checked(const core::Plan& plan, std::int64_t now_ms) {
  core::PlanRecord record;
  record.plan = plan;
  record.scheduled_up_to = now_ms;
  CheckedPlan out{plan.id.str(), plan.name, in_words(plan), core::next_schedule(record), false};
  out.over = std::any_of(plan.ends.begin(), plan.ends.end(), [&](const core::End& end) {
    const auto* at = std::get_if<core::AtTime>(&end);
    return at != nullptr && at->at_ms <= now_ms;
  });
  return out;
}

}  // namespace

PlanCheck check_plans(std::string_view text, bool is_json, std::int64_t now_ms) {
  const ingress::PlanFile file = is_json ? ingress::parse_plans_json(text) : ingress::parse_plans_toml(text);
  PlanCheck out;
  for (const auto& problem : file.problems)
    out.problems.push_back(problem.where + ": expected " + problem.expected);
  for (std::string& problem : gateways::wrong_call_numbers(file.plans))
    out.problems.push_back(std::move(problem));
  if (!out.problems.empty()) return out;
  for (const auto& plan : file.plans) out.plans.push_back(checked(plan, now_ms));
  return out;
}

}  // namespace convoke::rehearsal
