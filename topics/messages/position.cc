#include "topics/messages/position.h"

#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"

namespace convoke::messages {
namespace {

Fix read_fix(const Field& field) {
  Fix fix;
  fix.time_ms = field["t"].time_ms();
  fix.lat = field["lat"].number(-90, 90);
  fix.lon = field["lon"].number(-180, 180);
  fix.acc_m = field["acc"].optional_number(0, 1e6);
  fix.alt_m = field["alt"].optional_number(-1e4, 1e5);
  fix.speed_mps = field["speed"].optional_number(0, 1e5);
  if (const Field floor = field["floor"]; floor.present())
    fix.floor = static_cast<int>(floor.signed_integer(-127, 127));
  return fix;
}

void write_fix(JsonWriter& json, const Fix& fix) {
  json.begin_object();
  json.member("t", fix.time_ms);
  json.member("lat", fix.lat);
  json.member("lon", fix.lon);
  json.member("acc", fix.acc_m);
  json.member("alt", fix.alt_m);
  json.member("speed", fix.speed_mps);
  if (fix.floor) json.member("floor", std::int64_t{*fix.floor});
  json.end_object();
}

}  // namespace

Result<PositionReport> decode_position_report(std::string_view payload) {
  JsonReader json(payload);
  PositionReport report;
  json.root()["fixes"].each(1, kMaxFixes, [&](const Field& fix) { report.fixes.push_back(read_fix(fix)); });
  return json.finish(std::move(report));
}

std::string encode(const PositionReport& report) {
  JsonWriter json(32 + 96 * report.fixes.size());
  json.begin_object();
  json.key("fixes").begin_list();
  for (const Fix& fix : report.fixes) write_fix(json, fix);
  json.end_list();
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
