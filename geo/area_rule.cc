#include "geo/area_rule.h"

namespace convoke::geo {

AreaRule AreaRule::strict() { return {}; }

AreaRule AreaRule::balanced() {
  return {.enter_margin_m = 0,
          .enter_margin_accuracy = 1.3,
          .exit_margin_m = 0,
          .exit_margin_accuracy = 1.3,
          .confirm = 3,
          .of_last = 4};
}

AreaRule AreaRule::calm() {
  return {.enter_margin_m = 5,
          .enter_margin_accuracy = 2.5,
          .exit_margin_m = 5,
          .exit_margin_accuracy = 2.5,
          .confirm = 4,
          .of_last = 5};
}

std::optional<AreaRule> AreaRule::preset(std::string_view name) {
  if (name == "strict") return strict();
  if (name == "balanced") return balanced();
  if (name == "calm") return calm();
  return std::nullopt;
}

std::string_view AreaRule::name() const {
  if (*this == strict()) return "strict";
  if (*this == balanced()) return "balanced";
  if (*this == calm()) return "calm";
  return "custom";
}

}  // namespace convoke::geo
