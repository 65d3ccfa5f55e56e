#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace convoke::geo {

/// How fixes near an area's edge become enter and exit; each area has one. docs/geofence.md has the presets'
/// figures. A fix is evidence for entering if it lies inside by more than the margin, for leaving if it lies
/// outside by more than the margin, where the margin is the larger of the fixed one and the accuracy times
/// its factor. Enough evidence, and the dwell time after it without any fix to the contrary, decides.
struct AreaRule {
  double enter_margin_m = 0;         // 0 to 10,000
  double enter_margin_accuracy = 0;  // times the fix's accuracy; 0 to 10
  double exit_margin_m = 0;
  double exit_margin_accuracy = 0;
  std::uint8_t confirm = 1;          // so many fixes with evidence … (1 to 8)
  std::uint8_t of_last = 1;          // … among so many last ones (confirm to 8)
  std::uint32_t enter_dwell_ms = 0;  // from the fix that confirmed; 0 to a day
  std::uint32_t exit_dwell_ms = 0;
  bool pass_through = false;  // report an area that lies between two fixes and holds neither

  /// Every fix decides: as near to the plain rule as rules are.
  static AreaRule strict();
  /// The default: one or two wild fixes decide nothing, and neither does noise of half the margin.
  static AreaRule balanced();
  /// For areas where a wrong transition costs more than a late one.
  static AreaRule calm();
  /// "strict", "balanced" or "calm"; nothing for other names.
  static std::optional<AreaRule> preset(std::string_view name);
  /// The name of the preset that this is; "custom" if none.
  std::string_view name() const;

  friend bool operator==(const AreaRule&, const AreaRule&) = default;
};

}  // namespace convoke::geo
