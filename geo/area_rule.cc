#include "geo/area_rule.h"

namespace convoke::geo {

AreaRule AreaRule::strict() { return {}; }

// Measured by tests/unit/geo/noise_test.cc. The factor 1.5 is the smallest at which three of the last four
// fixes keep the promise even if sigma is taken per axis (a 68 % radius is 1.51 of those). The share of the
// depth acts only in areas where no place is two sigma from the edge.
AreaRule AreaRule::balanced() {
  return {.enter_margin_accuracy = 1.5,
          .enter_margin_share = 0.75,
          .exit_margin_m = 5,
          .exit_margin_accuracy = 1.5,
          .confirm = 3,
          .of_last = 4};
}

// At one sigma no margin that an area can bear is enough against noise that lasts a minute: time must help.
AreaRule AreaRule::calm() {
  return {.enter_margin_m = 5,
          .enter_margin_accuracy = 1.75,
          .exit_margin_m = 10,
          .exit_margin_accuracy = 1.75,
          .confirm = 4,
          .of_last = 5,
          .enter_dwell_ms = 20'000,
          .exit_dwell_ms = 20'000};
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

std::string_view AreaRule::fault() const {
  constexpr std::uint32_t kDayMs = 86'400'000;
  const auto within = [](double value, double most) { return value >= 0 && value <= most; };  // false for NaN
  if (!within(enter_margin_m, 10'000)) return "enter_margin_m must be 0 to 10000";
  if (!within(enter_margin_accuracy, 10)) return "enter_margin_accuracy must be 0 to 10";
  if (!within(enter_margin_share, 1)) return "enter_margin_share must be 0 to 1";
  if (!within(exit_margin_m, 10'000)) return "exit_margin_m must be 0 to 10000";
  if (!within(exit_margin_accuracy, 10)) return "exit_margin_accuracy must be 0 to 10";
  if (confirm < 1 || confirm > 8) return "confirm must be 1 to 8";
  if (of_last < confirm || of_last > 8) return "of_last must be confirm to 8";
  if (enter_dwell_ms > kDayMs) return "enter_dwell_ms must be at most a day";
  if (exit_dwell_ms > kDayMs) return "exit_dwell_ms must be at most a day";
  return {};
}

}  // namespace convoke::geo
