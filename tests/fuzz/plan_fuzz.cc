// Plan files: TOML, JSON and repeating times. What is accepted must be written and read back the same, and
// its next start must be ahead.

#include "backend/ingress/plan_file.h"

#include <cstdint>
#include <string_view>

#include "backend/core/triggers.h"
#include "tests/fuzz/check.h"

namespace {

using convoke::ingress::PlanFile;

constexpr convoke::core::TimeMs kNow = 1'767'225'600'000;

void check(const PlanFile& file) {
  FUZZ_CHECK(file.plans.empty() || file.problems.empty());
  for (const auto& plan : file.plans) {
    const std::string json = convoke::ingress::plan_to_json(plan);
    const PlanFile again = convoke::ingress::parse_plan_json(json);
    FUZZ_CHECK(again.plans.size() == 1);
    FUZZ_CHECK(convoke::ingress::plan_to_json(again.plans[0]) == json);
    convoke::core::PlanRecord record;
    record.plan = plan;
    record.scheduled_up_to = kNow;
    const auto next = convoke::core::next_schedule(record);
    FUZZ_CHECK(!next || *next > kNow);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(convoke::ingress::parse_plans_toml(text));
  check(convoke::ingress::parse_plans_json(text));
  return 0;
}
