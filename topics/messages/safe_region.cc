#include "topics/messages/safe_region.h"

#include <cmath>

#include "topics/messages/parts_json.h"

namespace convoke::messages {
namespace {

constexpr double kSteps = 1e7;                 // in one degree
constexpr std::int64_t kMaxStep = 20'000'000;  // from one vertex to the next

std::int64_t to_grid(double degrees) { return std::llround(degrees * kSteps); }

/// The longitude as one within ±180 degrees.
std::int64_t wrapped(std::int64_t lon) {
  constexpr std::int64_t kTurn = 3'600'000'000;
  while (lon > kTurn / 2) lon -= kTurn;
  while (lon < -kTurn / 2) lon += kTurn;
  return lon;
}

}  // namespace

bool holds(const SafeRegion& region, double lat, double lon) {
  if (region.ring.size() < kMinRegionVertices) return false;
  const GridPoint origin = region.ring.front();
  const double north = lat * kSteps - origin.lat;
  const double east = std::remainder(lon * kSteps - static_cast<double>(origin.lon), 360 * kSteps);
  for (std::size_t i = 0; i < region.ring.size(); ++i) {
    const GridPoint a = region.ring[i], b = region.ring[(i + 1) % region.ring.size()];
    const double side_north = b.lat - a.lat, side_east = static_cast<double>(b.lon - a.lon);
    const double from_a_north = north - (a.lat - origin.lat);
    const double from_a_east = east - static_cast<double>(a.lon - origin.lon);
    if (side_east * from_a_north - side_north * from_a_east <= 0) return false;
  }
  return true;
}

SafeRegion read_safe_region(const Field& field) {
  field["type"].exactly("safe-region");
  SafeRegion region;
  region.time_ms = field["t"].time_ms();
  region.max_age_s = field["max_age_s"].small_integer(1, kMaxRegionAgeS);
  GridPoint vertex{static_cast<std::int32_t>(to_grid(field["lat"].number(-90, 90))),
                   to_grid(field["lon"].number(-180, 180))};
  region.ring.push_back(vertex);
  const Field ring = field["ring"];
  std::vector<std::int64_t> steps;
  ring.each(2 * (kMinRegionVertices - 1), 2 * (kMaxRegionVertices - 1),
            [&](const Field& step) { steps.push_back(step.signed_integer(-kMaxStep, kMaxStep)); });
  if (steps.size() % 2 != 0) ring.fail("an even number of steps");
  for (std::size_t i = 0; i + 1 < steps.size(); i += 2) {
    vertex = {vertex.lat + static_cast<std::int32_t>(steps[i]), vertex.lon + steps[i + 1]};
    region.ring.push_back(vertex);
  }
  return region;
}

void write(JsonWriter& json, const SafeRegion& region) {
  json.begin_object();
  json.member("type", "safe-region");
  json.member("t", region.time_ms);
  json.member("max_age_s", region.max_age_s);
  GridPoint before = region.ring.empty() ? GridPoint{} : region.ring.front();
  json.member("lat", before.lat / kSteps);
  json.member("lon", static_cast<double>(wrapped(before.lon)) / kSteps);
  json.key("ring").begin_list();
  for (std::size_t i = 1; i < region.ring.size(); ++i) {
    json.number(region.ring[i].lat - before.lat);
    json.number(region.ring[i].lon - before.lon);
    before = region.ring[i];
  }
  json.end_list();
  json.end_object();
}

}  // namespace convoke::messages
