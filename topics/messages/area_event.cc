#include "topics/messages/area_event.h"

#include <cmath>

#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"

namespace convoke::messages {
namespace {

// Half the earth's circumference: nothing is further away.
constexpr double kMaxDistanceM = 20'100'000;
constexpr double kMaxAccuracyM = 1e6;
constexpr std::size_t kMaxDecidingFixes = 8;

/// A distance to an area that is gone is no number: it is left out.
std::optional<double> if_finite(std::optional<double> number) {
  return number && std::isfinite(*number) ? number : std::nullopt;
}

}  // namespace

Result<AreaEvent> decode_area_event(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  AreaEvent event;
  event.time_ms = root["t"].time_ms();
  event.user = root["user"].user_id();
  event.area = root["area"].plain_id();
  event.transition = root["transition"].plain_id();
  event.reason = root["reason"].plain_id();
  event.distance_m = root["distance_m"].optional_number(-kMaxDistanceM, kMaxDistanceM);
  event.accuracy_m = root["accuracy_m"].optional_number(0, kMaxAccuracyM);
  if (const Field rule = root["rule"]; rule.present()) event.rule = rule.plain_id();
  if (const Field fixes = root["fixes"]; fixes.present())
    fixes.each(0, kMaxDecidingFixes, [&](const Field& fix) { event.fixes.push_back(fix.time_ms()); });
  return json.finish(std::move(event));
}

std::string encode(const AreaEvent& event) {
  JsonWriter json;
  json.begin_object();
  json.member("t", event.time_ms);
  json.member("user", event.user);
  json.member("area", event.area);
  json.member("transition", event.transition);
  json.member("reason", event.reason);
  json.member("distance_m", if_finite(event.distance_m));
  json.member("accuracy_m", event.accuracy_m);
  if (!event.rule.empty()) json.member("rule", event.rule);
  if (!event.fixes.empty()) {
    json.key("fixes");
    json.begin_list();
    for (const std::int64_t time_ms : event.fixes) json.number(time_ms);
    json.end_list();
  }
  json.end_object();
  return json.take();
}

Result<Occupancy> decode_occupancy(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  Occupancy occupancy;
  occupancy.area = root["area"].plain_id();
  occupancy.count = root["count"].small_integer();
  occupancy.time_ms = root["t"].time_ms();
  return json.finish(std::move(occupancy));
}

std::string encode(const Occupancy& occupancy) {
  JsonWriter json;
  json.begin_object();
  json.member("area", occupancy.area);
  json.member("count", occupancy.count);
  json.member("t", occupancy.time_ms);
  json.end_object();
  return json.take();
}

Result<ServerStatus> decode_server_status(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  ServerStatus status;
  status.up = root["up"].boolean();
  status.version = root["version"].line(1, kMaxNameBytes);
  status.time_ms = root["t"].time_ms();
  return json.finish(std::move(status));
}

std::string encode(const ServerStatus& status) {
  JsonWriter json;
  json.begin_object();
  json.member("up", status.up);
  json.member("version", status.version);
  json.member("t", status.time_ms);
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
