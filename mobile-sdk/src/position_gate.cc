#include "mobile-sdk/src/position_gate.h"

#include <algorithm>
#include <utility>

namespace convoke::sdk {

namespace {

bool inside(const messages::SafeRegion& region, const messages::Fix& fix) {
  return holds(region, fix.lat, fix.lon);
}

}  // namespace

PositionGate::Fixes PositionGate::fix(const messages::Fix& fix, Now now) {
  const bool safe = region_ && inside(*region_, fix);
  if (safe && now.steady_ms < due_ms()) {
    kept_ = fix;
    ++suppressed_;
    return {};
  }
  Fixes out;
  if (region_ && !safe) {
    out = send_kept(now);
    region_.reset();
  }
  kept_.reset();
  out.push_back(fix);
  count_sent(fix, now);
  return out;
}

PositionGate::Fixes PositionGate::told(messages::SafeRegion region, Now now) {
  if (!on_) return {};
  if (!agrees(region)) return wanted(now);
  region_ = std::move(region);
  return tick(now);
}

/// What was sent before the region's own fix does not matter any more. A phone that has not sent anything on
/// this connection, or so much since that it does not remember, takes no region.
bool PositionGate::agrees(const messages::SafeRegion& region) const {
  if (recent_.empty()) return false;
  if (recent_.size() == kRecent && recent_.front().time_ms > region.time_ms) return false;
  const bool sent = std::all_of(recent_.begin(), recent_.end(), [&](const messages::Fix& fix) {
    return fix.time_ms <= region.time_ms || inside(region, fix);
  });
  return sent && inside(region, kept_ ? *kept_ : recent_.back());
}

PositionGate::Fixes PositionGate::wanted(Now now) {
  region_.reset();
  return send_kept(now);
}

PositionGate::Fixes PositionGate::disconnected(Now now) {
  Fixes out = wanted(now);
  recent_.clear();
  return out;
}

PositionGate::Fixes PositionGate::tick(Now now) {
  const std::optional<std::int64_t> due = next_due();
  return due && now.steady_ms >= *due ? send_kept(now) : Fixes{};
}

std::optional<std::int64_t> PositionGate::next_due() const {
  return region_ && kept_ ? std::optional(due_ms()) : std::nullopt;
}

PositionGate::Fixes PositionGate::send_kept(Now now) {
  if (!kept_) return {};
  const messages::Fix fix = *std::exchange(kept_, std::nullopt);
  --suppressed_;
  count_sent(fix, now);
  return {fix};
}

void PositionGate::count_sent(const messages::Fix& fix, Now now) {
  ++sent_;
  sent_ms_ = now.steady_ms;
  recent_.push_back(fix);
  if (recent_.size() > kRecent) recent_.pop_front();
}

}  // namespace convoke::sdk
