#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace convoke::geo {

/// How fixes near an area's edge become enter and exit; each area has one. docs/geofence.md has the presets'
/// figures. A fix is evidence for entering if it lies inside by the margin, for leaving if it lies outside by
/// more than the margin, where the margin is the larger of the fixed one and the fix's accuracy times its
/// factor. Enough evidence decides, or, if there is a dwell, that the evidence stays enough for so long
/// without any fix on the side where the user was.
struct AreaRule {
  double enter_margin_m = 0;         // 0 to 10,000
  double enter_margin_accuracy = 0;  // times the fix's accuracy; 0 to 10
  // No larger margin for entering than this share of the area's depth (the distance of its innermost point
  // from the edge) or of the fix's accuracy, whichever is larger: small halls can be entered with bad
  // accuracy, but nobody enters an area that is smaller than the accuracy. 0: no limit; to 1.
  double enter_margin_share = 0;
  double exit_margin_m = 0;          // 0 to 10,000
  double exit_margin_accuracy = 0;   // times the fix's accuracy; 0 to 10
  std::uint8_t confirm = 1;          // so many fixes with evidence … (1 to 8)
  std::uint8_t of_last = 1;          // … among so many last ones (confirm to 8)
  std::uint32_t enter_dwell_ms = 0;  // from the fix that confirmed; 0 to a day
  std::uint32_t exit_dwell_ms = 0;
  bool pass_through = false;  // report an area that lies between two fixes and holds neither

  /// Every fix decides: as near to the plain rule as rules are.
  static AreaRule strict();
  /// The default: one or two wild fixes decide nothing, and neither does noise two sigma from the edge.
  static AreaRule balanced();
  /// For areas where a wrong transition costs more than a late one.
  static AreaRule calm();
  /// "strict", "balanced" or "calm"; nothing for other names.
  static std::optional<AreaRule> preset(std::string_view name);
  /// The name of the preset that this is; "custom" if none.
  std::string_view name() const;
  /// Which member is out of range, and what was expected; empty if none is.
  std::string_view fault() const;

  friend bool operator==(const AreaRule&, const AreaRule&) = default;
};

}  // namespace convoke::geo
