#include "ops/crowd/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "geo/fence_tracker.h"

namespace convoke::crowd {
namespace {

std::optional<std::int64_t> first_entry(const std::vector<tracks::TrackFix>& fixes, const Venue& venue) {
  for (const tracks::TrackFix& fix : fixes)
    if (!venue.index().covering(fix.position.at).empty()) return fix.position.time_ms;
  return std::nullopt;
}

}  // namespace

Recording load_recording(const std::string& path, const Venue* venue) {
  tracks::TrackFile file = tracks::load_fixes(path);
  if (!file.errors.empty()) throw std::runtime_error(path + ": " + file.errors[0].to_string());
  if (file.fixes.empty()) throw std::runtime_error(path + ": expected at least one fix");
  tracks::Timeline line = tracks::shorten_gaps(std::move(file.fixes));

  Recording recording;
  recording.first_ms = line.fixes.front().position.time_ms;
  recording.last_ms = line.fixes.back().position.time_ms;
  recording.gaps = line.gaps;
  recording.cut_ms = line.cut_ms;
  if (venue != nullptr) recording.first_entry_ms = first_entry(line.fixes, *venue);
  for (const tracks::TrackFix& fix : line.fixes) {
    recording.fixes[fix.user].push_back({.time_ms = fix.position.time_ms,
                                         .lat = fix.position.at.lat,
                                         .lon = fix.position.at.lon,
                                         .acc_m = fix.position.acc_m});
  }
  return recording;
}

topics::DevClock clock_for(const Recording& recording, std::int64_t real_now_ms,
                           std::optional<double> speed) {
  double factor = speed.value_or(kDefaultSpeed);
  if (!speed && recording.first_entry_ms) {
    const double needed = static_cast<double>(*recording.first_entry_ms - recording.first_ms) / kFirstEntryMs;
    factor = std::max(factor, std::ceil(needed));
  }
  return {recording.first_ms, real_now_ms + kLeadMs, std::min(factor, topics::DevClock::kMaxSpeed)};
}

std::string describe_gaps(const Recording& recording) {
  if (recording.gaps == 0) return "no gaps of over 10 min";
  const std::int64_t minutes = recording.cut_ms / 60'000;
  return fmt::format("{} gap{} of over 10 min shortened ({} h {} min left out)", recording.gaps,
                     recording.gaps == 1 ? "" : "s", minutes / 60, minutes % 60);
}

}  // namespace convoke::crowd
