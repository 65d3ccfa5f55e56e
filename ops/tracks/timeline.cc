#include "ops/tracks/timeline.h"

#include <utility>

namespace convoke::tracks {

Timeline shorten_gaps(std::vector<TrackFix> fixes, std::int64_t max_gap_ms, std::int64_t to_ms) {
  Timeline result{std::move(fixes)};
  if (result.fixes.empty()) return result;
  std::int64_t previous = result.fixes.front().position.time_ms;
  for (TrackFix& fix : result.fixes) {
    const std::int64_t recorded = fix.position.time_ms;
    if (recorded - previous > max_gap_ms) {
      ++result.gaps;
      result.cut_ms += recorded - previous - to_ms;
    }
    fix.position.time_ms = recorded - result.cut_ms;
    previous = recorded;
  }
  return result;
}

}  // namespace convoke::tracks
