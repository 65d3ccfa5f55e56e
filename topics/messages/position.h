#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics/messages/result.h"

namespace convoke::messages {

/// One position of one phone. WGS84 degrees.
struct Fix {
  std::int64_t time_ms = 0;     // Unix time of the measurement, UTC milliseconds
  double lat = 0;               // -90 to 90
  double lon = 0;               // -180 to 180
  std::optional<double> acc_m;  // radius in metres that holds the true place with 68 %; 0 to 1e6
  std::optional<double> alt_m;  // metres above the ellipsoid; -1e4 to 1e5
  std::optional<double> speed_mps;
  std::optional<int> floor = {};  // storeys above the ground floor, as the building counts; -127 to 127
  friend bool operator==(const Fix&, const Fix&) = default;
};

/// Payload of `…/pos`: 1 to kMaxFixes fixes, oldest first (several after an offline spell).
///   {"fixes":[{"t":1767225600000,"lat":39.99,"lon":116.32,"acc":8}]}
struct PositionReport {
  std::vector<Fix> fixes;
};

[[nodiscard]] Result<PositionReport> decode_position_report(std::string_view payload);
std::string encode(const PositionReport&);

}  // namespace convoke::messages
