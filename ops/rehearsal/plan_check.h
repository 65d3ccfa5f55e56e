#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::rehearsal {

/// One sentence about a plan, and what it is about: "who", "registers", "starts", "opens", "ends", "closes",
/// "chat", "warns", "keeps".
struct PlanLine {
  std::string part, says;
};

/// What a plan of a file would do.
struct CheckedPlan {
  std::string id, name;
  std::vector<PlanLine> lines;
  std::optional<std::int64_t> next_start_ms;  // its next set time; other starts cannot be known
  bool over = false;                          // a set-time end has passed: it starts no chat
};

struct PlanCheck {
  std::vector<CheckedPlan> plans;     // none if there are problems
  std::vector<std::string> problems;  // every one: "plan[0](hall).end: expected …"
};

/// Reads a file of plans as the server would at `now_ms`.
PlanCheck check_plans(std::string_view text, bool is_json, std::int64_t now_ms);

}  // namespace convoke::rehearsal
