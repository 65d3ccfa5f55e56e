#include "geo/track.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

namespace convoke::geo {
namespace {

constexpr double kDegreeM = kEarthRadiusM * std::numbers::pi / 180;

/// Of two fixes of the same time. Compares every member, so that the order in which they came cannot matter.
bool better(const Position& a, const Position& b) {
  const auto order = [](const Position& p) {
    return std::tuple(p.acc_m.value_or(std::numeric_limits<double>::infinity()), p.at.lat, p.at.lon, p.alt_m,
                      p.floor);
  };
  return order(a) < order(b);
}

}  // namespace

std::string_view TrackRule::fault() const {
  constexpr std::uint32_t kDayMs = 86'400'000;
  const auto within = [](double value, double least) { return value >= least && value <= 100'000; };
  if (!within(max_accuracy_m, 1)) return "max_accuracy_m must be 1 to 100000";
  if (!within(assumed_accuracy_m, 0)) return "assumed_accuracy_m must be 0 to 100000";
  if (!within(max_speed_mps, 1)) return "max_speed_mps must be 1 to 100000";
  if (reorder_ms > 60'000) return "reorder_ms must be at most 60000";
  if (stale_ms < 1000 || stale_ms > kDayMs) return "stale_ms must be 1000 to a day";
  if (presence_grace_ms > kDayMs) return "presence_grace_ms must be at most a day";
  return {};
}

std::int64_t fresh_until_ms(const TrackRule& rule, std::int64_t last_fix_ms,
                            std::optional<std::int64_t> presence_end_ms) {
  const std::int64_t until = last_fix_ms + rule.stale_ms;
  return presence_end_ms ? std::min(until, *presence_end_ms + rule.presence_grace_ms) : until;
}

bool plausible(const TrackRule& rule, LatLon from, std::int64_t from_ms, LatLon to, std::int64_t to_ms) {
  const double seconds = std::max(1.0, static_cast<double>(to_ms - from_ms) / 1000);
  const double reach = rule.max_speed_mps * seconds;
  // No great circle is longer than the way along the meridian and then along the parallel, whose degrees are
  // at most as long as the equator's. That settles nearly every fix.
  const double detour = kDegreeM * (std::abs(to.lat - from.lat) + std::abs(to.lon - from.lon));
  return detour <= reach || distance_m(from, to) <= reach;
}

Belief judge(const TrackRule& rule, const Position* last, const Position* held, const Position& fix) {
  if (last == nullptr || plausible(rule, *last, fix)) return Belief::counts;
  if (held != nullptr && plausible(rule, *held, fix)) return Belief::both_count;
  return Belief::held;
}

ReorderBuffer::Taken ReorderBuffer::push(const Position& fix, std::uint32_t window_ms) {
  if (fix.time_ms <= let_go_ms_) return Taken::late;
  const auto place =
      std::lower_bound(held_.begin(), held_.end(), fix.time_ms,
                       [](const Position& held, std::int64_t time_ms) { return held.time_ms > time_ms; });
  if (place != held_.end() && place->time_ms == fix.time_ms) {
    if (better(fix, *place)) *place = fix;
    return Taken::duplicate;
  }
  held_.insert(place, fix);
  let_go_ms_ = std::max(let_go_ms_, held_.front().time_ms - window_ms);
  if (held_.size() > kMaxHeld) let_go_ms_ = std::max(let_go_ms_, held_.back().time_ms);
  return Taken::kept;
}

void ReorderBuffer::advance(std::int64_t now_ms, std::uint32_t window_ms) {
  // Only as far as there are fixes, so that those of a slow clock are not all late.
  const auto place = std::find_if(held_.begin(), held_.end(),
                                  [&](const Position& held) { return held.time_ms <= now_ms - window_ms; });
  if (place != held_.end()) let_go_ms_ = std::max(let_go_ms_, place->time_ms);
}

std::optional<Position> ReorderBuffer::pop() {
  if (held_.empty() || held_.back().time_ms > let_go_ms_) return std::nullopt;
  const Position fix = held_.back();
  held_.pop_back();
  if (held_.empty()) held_ = std::vector<Position>();  // = {} would keep the memory
  return fix;
}

std::optional<std::int64_t> ReorderBuffer::due_ms(std::uint32_t window_ms) const {
  if (held_.empty()) return std::nullopt;
  return held_.back().time_ms + window_ms;
}

}  // namespace convoke::geo
