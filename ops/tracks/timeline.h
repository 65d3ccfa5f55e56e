#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ops/tracks/fixes.h"

namespace convoke::tracks {

inline constexpr std::int64_t kMaxGapMs = 10 * 60'000;
inline constexpr std::int64_t kGapToMs = 60'000;

/// Fixes with the long silences taken out.
struct Timeline {
  std::vector<TrackFix> fixes;
  std::size_t gaps = 0;     // how many were shortened
  std::int64_t cut_ms = 0;  // by how much altogether
};

/// Where nobody has a fix for longer than `max_gap_ms`, moves all later fixes, of all users together, so that
/// `to_ms` remain. `fixes` in order of time, as load_fixes gives them; 0 <= to_ms <= max_gap_ms.
Timeline shorten_gaps(std::vector<TrackFix> fixes, std::int64_t max_gap_ms = kMaxGapMs,
                      std::int64_t to_ms = kGapToMs);

}  // namespace convoke::tracks
