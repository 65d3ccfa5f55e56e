#include "backend/core/safe_regions.h"

#include <algorithm>
#include <cmath>

#include "topics/messages/inbox.h"
#include "topics/messages/limits.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr TimeMs kEachMs = 10'000;
constexpr TimeMs kBurst = 6;
// A phone that reports so often from within its region does not hold it: it was lost, or the app is older.
constexpr int kUnheldAfter = 8;
constexpr std::size_t kMaxBoxes = 64;
constexpr double kStepsPerDegree = 1e7;
constexpr double kStepsPerMeter = kStepsPerDegree / 111'000;
// Further than this from the last position stored no region reaches that was told before a restart: its
// square is 4 km wide, and the position may be a second old.
constexpr double kReachM = 5'000;

/// In steps of the regions' grid.
struct GridBox {
  double south, west, north, east;
};

GridBox box_of(const messages::SafeRegion& region) {
  GridBox box{1e18, 1e18, -1e18, -1e18};
  for (const messages::GridPoint v : region.ring) {
    const auto lat = static_cast<double>(v.lat), lon = static_cast<double>(v.lon);
    box = {std::min(box.south, lat), std::min(box.west, lon), std::max(box.north, lat),
           std::max(box.east, lon)};
  }
  return box;
}

GridBox reach_of(geo::LatLon at) {
  const double lat = at.lat * kStepsPerDegree, lon = at.lon * kStepsPerDegree;
  const double north = kReachM * kStepsPerMeter;
  const double east = north / std::max(0.1, std::cos(at.lat / 180 * 3.14159265));
  return {lat - north, lon - east, lat + north, lon + east};
}

bool meet(const GridBox& a, const GridBox& b) {
  if (a.south > b.north || b.south > a.north) return false;
  for (const double turn : {0.0, 360 * kStepsPerDegree, -360 * kStepsPerDegree})
    if (a.west + turn <= b.east && b.west <= a.east + turn) return true;
  return false;
}

/// Boxes that together hold the areas; of many areas, a few larger ones.
std::vector<GridBox> boxes_of(const std::vector<geo::Area>& areas) {
  std::vector<GridBox> boxes;
  for (const geo::Area& area : areas)
    for (const geo::Box& box : geo::bounds(area))
      boxes.push_back({box.low.lat * kStepsPerDegree, box.low.lon * kStepsPerDegree,
                       box.high.lat * kStepsPerDegree, box.high.lon * kStepsPerDegree});
  std::sort(boxes.begin(), boxes.end(), [](const GridBox& a, const GridBox& b) { return a.south < b.south; });
  const std::size_t each = (boxes.size() + kMaxBoxes - 1) / kMaxBoxes;
  std::vector<GridBox> few;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (i % each == 0) few.push_back(boxes[i]);
    GridBox& f = few.back();
    f = {std::min(f.south, boxes[i].south), std::min(f.west, boxes[i].west),
         std::max(f.north, boxes[i].north), std::max(f.east, boxes[i].east)};
  }
  return few;
}

bool meets_any(const GridBox& box, const std::vector<GridBox>& boxes) {
  return std::any_of(boxes.begin(), boxes.end(), [&](const GridBox& b) { return meet(box, b); });
}

/// The region around the user's last position, small enough for its message.
std::optional<messages::SafeRegion> make_region(const geo::FenceTracker& tracker, const UserId& user,
                                                TimeMs fix_ms) {
  for (const std::size_t most : {messages::kMaxRegionVertices, std::size_t{10}, std::size_t{6}}) {
    const auto region = tracker.safe_region(user.str(), {.max_vertices = most});
    if (!region) return std::nullopt;
    messages::SafeRegion message{.time_ms = fix_ms, .max_age_s = kSafeRegionAgeS, .ring = {}};
    for (const geo::LatLon v : region->vertices)
      message.ring.push_back({static_cast<std::int32_t>(std::llround(v.lat * kStepsPerDegree)),
                              std::llround(v.lon * kStepsPerDegree)});
    if (encode(messages::InboxMessage(message)).size() <= messages::kSafeRegionBytes) return message;
  }
  return std::nullopt;
}

/// Whether a first position may have come in the last second before the end, too late to be stored.
bool anyone_there(const User& user) {
  return std::any_of(user.devices.begin(), user.devices.end(),
                     [](const auto& device) { return device.second.state != PresenceState::offline; });
}

void say(const State& state, const UserId& user, messages::InboxMessage message, bool durable, Context& ctx) {
  ctx.publish({topics::inbox_topic(state.site, user), encode(message), 1, false, durable});
}

void charge(ToldRegion& told, TimeMs now) {
  told.charged_until_ms = std::max(told.charged_until_ms, now) + kEachMs;
}

void call_back(const State& state, const geo::FenceTracker& tracker, const UserId& user, ToldRegion& told,
               Context& ctx) {
  const auto last = tracker.last(user.str());
  auto region = make_region(tracker, user, last ? last->time_ms : 0);
  if (region && region->ring == told.region.ring && !told.left) return;
  charge(told, ctx.now);
  told.left = !region;
  told.region = region.value_or(messages::SafeRegion{});
  // In the store until the broker has it: a phone that misses this one would miss a transition.
  if (region)
    say(state, user, *std::move(region), true, ctx);
  else
    say(state, user, messages::ReportPosition{}, true, ctx);
}

}  // namespace

void tell_safe_region(State& state, const geo::FenceTracker& tracker, const UserId& user,
                      const messages::Fix& newest, bool takes_regions, Context& ctx) {
  if (!takes_regions && !state.told_regions.contains(user)) return;
  ToldRegion& told = state.told_regions[user];
  if (!holds(told.region, newest.lat, newest.lon)) told.left = true;
  if (!told.left && ++told.reports < kUnheldAfter) return;
  if (told.charged_until_ms > ctx.now + (kBurst - 1) * kEachMs) return;
  auto region = make_region(tracker, user, newest.time_ms);
  if (!region || !holds(*region, newest.lat, newest.lon)) return;
  charge(told, ctx.now);
  told.region = *region;
  told.reports = 0;
  told.left = false;
  say(state, user, *std::move(region), false, ctx);
}

void forget_safe_region(State& state, const UserId& user) {
  if (auto it = state.told_regions.find(user); it != state.told_regions.end()) it->second.left = true;
}

void call_back_safe_regions(State& state, const geo::FenceTracker& tracker,
                            const std::vector<geo::Area>& changed, Context& ctx) {
  const std::vector<GridBox> boxes = boxes_of(changed);
  for (auto& [user, told] : state.told_regions)
    if (!told.region.ring.empty() && meets_any(box_of(told.region), boxes))
      call_back(state, tracker, user, told, ctx);
  if (ctx.now >= state.told_unknown_until_ms) return;
  for (const auto& [id, user] : state.users) {
    if (const auto told = state.told_regions.find(id);
        told != state.told_regions.end() && told->second.charged_until_ms > 0)
      continue;
    const auto last = tracker.last(id.str());
    const bool concerned = last ? meets_any(reach_of(last->at), boxes) : anyone_there(user);
    if (!concerned) continue;
    ToldRegion& told = state.told_regions[id];
    told.left = true;
    charge(told, ctx.now);
    say(state, id, messages::ReportPosition{}, true, ctx);
  }
}

void safe_regions_unknown(State& state, TimeMs now) {
  state.told_unknown_until_ms = now + TimeMs{kSafeRegionAgeS} * 1000;
}

}  // namespace convoke::core
