#include "topics/messages/owntracks.h"

#include "topics/messages/json_reader.h"

namespace convoke::messages {
namespace {

constexpr double kMetersPerSecond = 1 / 3.6;  // of a km/h
constexpr double kFirstTimeS = 1;             // 0 is what a phone without a fix sends
constexpr double kLastTimeS = static_cast<double>(kMaxInteger / 1000);

}  // namespace

Result<std::optional<Fix>> decode_owntracks(std::string_view payload) {
  if (payload.empty()) return std::optional<Fix>();
  JsonReader json(payload);
  const Field& root = json.root();
  if (root["_type"].line(1, 64) != "location") return json.finish(std::optional<Fix>());
  Fix fix;
  fix.time_ms = static_cast<std::int64_t>(root["tst"].lenient_number(kFirstTimeS, kLastTimeS) * 1000);
  fix.lat = root["lat"].lenient_number(-90, 90);
  fix.lon = root["lon"].lenient_number(-180, 180);
  if (const Field acc = root["acc"]; acc.present()) fix.acc_m = acc.lenient_number(0, 1e6);
  if (const Field alt = root["alt"]; alt.present()) fix.alt_m = alt.lenient_number(-1e4, 1e5);
  if (const Field vel = root["vel"]; vel.present()) {
    const double kmh = vel.lenient_number(-1, 1e5);
    if (kmh >= 0) fix.speed_mps = kmh * kMetersPerSecond;  // iOS writes -1 where it does not know
  }
  return json.finish(std::optional(fix));
}

}  // namespace convoke::messages
