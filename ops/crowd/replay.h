#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "convoke/types.h"
#include "ops/crowd/venue.h"
#include "ops/tracks/timeline.h"
#include "topics/dev_clock.h"

namespace convoke::crowd {

/// A recording, its long silences shortened, each user's fixes in order of time.
struct Recording {
  std::map<std::string, std::vector<sdk::Fix>> fixes;
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::size_t gaps = 0;     // shortened
  std::int64_t cut_ms = 0;  // by how much altogether
  // When somebody first comes into an area; set if areas were given.
  std::optional<std::int64_t> first_entry_ms;
};

/// Throws std::runtime_error naming file, line and what was expected.
Recording load_recording(const std::string& path, const Venue* venue);

inline constexpr double kDefaultSpeed = 30;
inline constexpr std::int64_t kLeadMs = 6'000;  // real time until the recording begins: the venue is set up
inline constexpr std::int64_t kFirstEntryMs = 3'500;  // real time from there until the first entry, at most

/// A clock that shows the recording's beginning kLeadMs from now. Without `speed`: kDefaultSpeed, or as much
/// faster as it takes to show the first entry within kFirstEntryMs.
topics::DevClock clock_for(const Recording& recording, std::int64_t real_now_ms, std::optional<double> speed);

/// "3 gaps of over 10 min shortened (12 h 5 min left out)", or "no gaps of over 10 min".
std::string describe_gaps(const Recording& recording);

}  // namespace convoke::crowd
