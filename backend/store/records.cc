#include "backend/store/records.h"

#include <charconv>

#include "backend/ingress/plan_file.h"
#include "backend/store/record_limits.h"
#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"
#include "topics/messages/parts_json.h"

namespace convoke::store {
namespace {

using messages::Error;
using messages::Field;
using messages::JsonReader;
using messages::JsonWriter;
using messages::Result;

std::string hex16(std::uint64_t x) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (int i = 15; i >= 0; --i, x >>= 4) out[static_cast<std::size_t>(i)] = kDigits[x & 15];
  return out;
}

void write_publish(JsonWriter& w, const core::Publish& p) {
  w.member("topic", p.topic);
  w.member("payload", p.payload);
  w.member("qos", p.qos);
  w.member("retain", p.retain);
}

void write_feed(JsonWriter& w, const core::FeedChange& feed) {
  w.member("feed", messages::encode(messages::Feed{0, feed.ops}));
  if (feed.retires) w.member("retires", feed.retires->str());
}

void write_watched(JsonWriter& w, const core::PlanRecord& record) {
  w.key("watched").begin_list();
  for (const auto& [there, told] : record.watched) {
    w.begin_object();
    w.member("site", there.first.str());
    write(w.key("watch"), there.second);
    if (told.holds) w.member("holds", *told.holds);
    if (!told.why.empty()) w.member("why", told.why);
    w.end_object();
  }
  w.end_list();
}

void read_watched(const Field& watched, core::PlanRecord& record) {
  watched.each(0, kMaxMany, [&](const Field& one) {
    const Field holds = one["holds"], why = one["why"];
    core::ToldLevel told;
    if (holds.present()) told.holds = holds.boolean();
    if (why.present()) told.why = why.plain_id();
    record.watched[{core::SiteId::parse(one["site"].plain_id()), messages::read_peer_watched(one["watch"])}] =
        std::move(told);
  });
}

}  // namespace

std::string member_key(const core::GroupId& group, const core::UserId& user) {
  return group.str() + "/" + user.str();
}
std::string chat_key(const core::GroupId& group, std::uint64_t epoch, std::uint64_t n) {
  return group.str() + "/" + hex16(epoch) + hex16(n);
}
std::string report_prefix(const core::GroupId& group) { return "reports/" + group.str() + "/"; }
std::string report_key(const core::ReportEntry& r) {
  return report_prefix(r.group) + hex16(r.place.epoch) + hex16(r.place.n) + "/" + r.reporter.str();
}
std::string outbox_key(std::uint64_t seq) { return hex16(seq); }

std::uint64_t parse_outbox_key(std::string_view key) {
  std::uint64_t seq = 0;
  std::from_chars(key.data(), key.data() + key.size(), seq, 16);
  return seq;
}

std::string encode_user(const core::User& user) {
  JsonWriter w;
  w.begin_object();
  w.member("name", user.name);
  w.key("attributes");
  w.begin_object();
  for (const auto& [k, v] : user.attributes) w.member(k, v);
  w.end_object();
  w.member("chat_duration_ms", user.chat_duration_ms);
  w.key("devices");
  w.begin_object();
  for (const auto& [id, device] : user.devices) {
    w.key(id.str());
    w.begin_object();
    w.member("state", to_string(device.state));
    w.member("n", device.connect_number);
    w.member("heard", device.heard_ms);
    w.end_object();
  }
  w.end_object();
  w.key("areas");
  w.begin_list();
  for (const auto& area : user.areas) w.string(area.str());
  w.end_list();
  if (!user.left.empty()) {
    w.key("left");
    w.begin_object();
    for (const auto& [area, at] : user.left) w.member(area.str(), at);
    w.end_object();
  }
  if (user.other_sites) w.member("other_sites", true);
  if (!user.known_at.empty()) {
    w.key("known_at").begin_list();
    for (const auto& site : user.known_at) w.string(site.str());
    w.end_list();
  }
  if (!user.blocked.empty()) {
    w.key("blocked").begin_list();
    for (const auto& other : user.blocked) w.string(other.str());
    w.end_list();
  }
  if (user.unavailable_since_ms) w.member("unavailable_since", user.unavailable_since_ms);
  if (user.known_ms) w.member("known", user.known_ms);
  w.end_object();
  return w.take();
}

Result<core::User> decode_user(std::string_view key, std::string_view value) {
  core::User user;
  user.id = core::UserId::parse(key);
  JsonReader r(value, kMaxRecordBytes);
  const Field& root = r.root();
  const Field name = root["name"], attributes = root["attributes"], duration = root["chat_duration_ms"];
  const Field devices = root["devices"], areas = root["areas"], unavailable = root["unavailable_since"],
              left = root["left"], blocked = root["blocked"], known_at = root["known_at"];
  user.name = name.line(0, messages::kMaxNameBytes);
  attributes.each_member(kMaxMany,
                         [&](const std::string& k, const Field& v) { user.attributes[k] = v.line(0, 1024); });
  user.chat_duration_ms = duration.optional_time_ms();
  devices.each_member(kMaxMany, [&](const std::string& id, const Field& d) {
    const Field state = d["state"], n = d["n"], heard = d["heard"];
    core::Device& device = user.devices[core::DeviceId::parse(id)];
    device.state = state.choice(messages::parse_presence_state, "a presence");
    device.connect_number = n.integer();
    device.heard_ms = heard.time_ms();
  });
  areas.each(0, kMaxMany, [&](const Field& a) { user.areas.insert(core::AreaId::parse(a.plain_id())); });
  if (left.present())
    left.each_member(kMaxMany, [&](const std::string& area, const Field& at) {
      user.left[core::AreaId::parse(area)] = at.time_ms();
    });
  user.other_sites = root["other_sites"].flag();
  if (known_at.present())
    known_at.each(0, kMaxMany,
                  [&](const Field& site) { user.known_at.insert(core::SiteId::parse(site.plain_id())); });
  if (blocked.present())
    blocked.each(0, kMaxMany,
                 [&](const Field& other) { user.blocked.insert(core::UserId::parse(other.user_id())); });
  user.unavailable_since_ms = unavailable.optional_time_ms().value_or(0);
  user.known_ms = root["known"].optional_time_ms().value_or(0);
  if (!user.id) return Error{"key", "a user id"};
  return r.finish(std::move(user));
}

std::string encode_position(const geo::Position& p) {
  JsonWriter w(80);
  w.begin_object();
  w.member("t", p.time_ms);
  w.member("lat", p.at.lat);
  w.member("lon", p.at.lon);
  w.member("acc", p.acc_m);
  w.member("alt", p.alt_m);
  if (p.floor) w.member("floor", std::int64_t{*p.floor});
  w.end_object();
  return w.take();
}

Result<geo::Position> decode_position(std::string_view value) {
  JsonReader r(value);
  const Field& root = r.root();
  const Field t = root["t"], lat = root["lat"], lon = root["lon"], acc = root["acc"], alt = root["alt"],
              floor = root["floor"];
  geo::Position p{{lat.number(-90, 90), lon.number(-180, 180)}, t.time_ms(), acc.optional_number(0, 1e6)};
  p.alt_m = alt.optional_number(-1e4, 1e5);
  if (floor.present()) p.floor = static_cast<int>(floor.signed_integer(-127, 127));
  return r.finish(p);
}

std::string encode_plan(const core::PlanRecord& record) {
  JsonWriter w;
  w.begin_object();
  w.member("plan", ingress::plan_to_json(record.plan));
  if (record.running) w.member("running", ingress::plan_to_json(*record.running));
  w.key("disarmed");
  w.begin_list();
  for (std::size_t i : record.disarmed) w.number(i);
  w.end_list();
  if (!record.again.empty()) {
    w.key("again");
    w.begin_list();
    for (const auto& [i, at] : record.again) {
      w.begin_list();
      w.number(i);
      w.number(at);
      w.end_list();
    }
    w.end_list();
  }
  w.member("scheduled_up_to", record.scheduled_up_to);
  if (!record.watched.empty()) write_watched(w, record);
  w.end_object();
  return w.take();
}

Result<core::PlanRecord> decode_plan(std::string_view key, std::string_view value) {
  JsonReader r(value, kMaxRecordBytes);
  const Field& root = r.root();
  const Field running = root["running"];
  const Field plan = root["plan"], disarmed = root["disarmed"], again = root["again"],
              upto = root["scheduled_up_to"];
  ingress::PlanFile file = ingress::parse_plan_json(plan.line(1, kMaxRecordBytes));
  core::PlanRecord record;
  if (running.present()) {
    ingress::PlanFile of_group = ingress::parse_plan_json(running.line(1, kMaxRecordBytes));
    if (of_group.plans.size() != 1) return Error{"running", "a plan"};
    record.running = std::move(of_group.plans[0]);
  }
  disarmed.each(0, kMaxMany, [&](const Field& i) { record.disarmed.insert(i.small_integer()); });
  if (again.present())
    again.each(0, kMaxMany, [&](const Field& one) {
      if (one.list_size(2, 2) == 2) record.again[one.at(0).small_integer()] = one.at(1).time_ms();
    });
  record.scheduled_up_to = upto.time_ms();
  if (const Field watched = root["watched"]; watched.present()) read_watched(watched, record);
  if (file.plans.size() != 1) return Error{file.problems.empty() ? "plan" : file.problems[0].where, "a plan"};
  record.plan = std::move(file.plans[0]);
  if (record.plan.id.str() != key) return Error{"key", "the plan's id"};
  // The core looks these up among the starts.
  for (const auto& [i, at] : record.again)
    if (i >= record.plan.starts.size()) return Error{"again", "numbers of starts of the plan"};
  for (std::size_t i : record.disarmed)
    if (i >= record.plan.starts.size()) return Error{"disarmed", "numbers of starts of the plan"};
  return r.finish(std::move(record));
}

Result<std::int64_t> decode_revocation(std::string_view value) {
  std::int64_t before_ms = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), before_ms);
  if (error != std::errc() || end != value.data() + value.size()) return Error{"value", "a time"};
  return before_ms;
}

Result<std::pair<core::GroupId, core::UserId>> decode_member_key(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return Error{"key", "group/user"};
  std::pair ids{core::GroupId::parse(key.substr(0, slash)), core::UserId::parse(key.substr(slash + 1))};
  if (!ids.first || !ids.second) return Error{"key", "group/user"};
  return ids;
}

std::string encode_report(const core::ReportEntry& report, const messages::ArchivedMessage& message) {
  JsonWriter w(512);
  w.begin_object();
  w.member("reporter", report.reporter.str());
  w.member("t", report.time_ms);
  w.member("reason", report.reason);
  w.member("message", encode(message));
  w.end_object();
  return w.take();
}

Result<Report> decode_report(std::string_view value) {
  JsonReader r(value);
  const Field& root = r.root();
  const Field message = root["message"];
  Report report{
      root["reporter"].user_id(), root["reason"].text(0, messages::kMaxReasonBytes), root["t"].time_ms(), {}};
  auto decoded = messages::decode_archived_message(message.text(1, messages::kMaxPayloadBytes));
  if (decoded)
    report.message = *std::move(decoded);
  else
    message.fail("an archived message");
  return r.finish(std::move(report));
}

std::string encode_staff_answer(const core::StaffAnswer& answer) {
  JsonWriter w(128);
  w.begin_object();
  w.member("t", answer.at_ms);
  w.member("answer", answer.answer);
  w.end_object();
  return w.take();
}

Result<core::StaffAnswer> decode_staff_answer(std::string_view value) {
  JsonReader r(value, kMaxRecordBytes);
  const Field& root = r.root();
  const Field t = root["t"], answer = root["answer"];
  core::StaffAnswer read{t.time_ms(), answer.text(1, messages::kMaxPayloadBytes)};
  return r.finish(std::move(read));
}

std::string encode_outgoing(const core::Outgoing& outgoing) {
  JsonWriter w(512);
  w.begin_object();
  if (auto* publish = std::get_if<core::Publish>(&outgoing))
    write_publish(w, *publish);
  else
    write_feed(w, std::get<core::FeedChange>(outgoing));
  w.end_object();
  return w.take();
}

Result<core::Outgoing> decode_outgoing(std::string_view value) {
  JsonReader r(value, kMaxRecordBytes);
  const Field& root = r.root();
  const Field feed = root["feed"], retires = root["retires"];
  if (feed.present()) {
    auto decoded = messages::decode_feed(feed.text(1, kMaxRecordBytes));
    if (!decoded) return decoded.error();
    core::FeedChange change{std::move(decoded->ops), {}};
    if (retires.present()) change.retires = core::GroupId::parse(retires.group_id());
    return r.finish(core::Outgoing(std::move(change)));
  }
  const Field topic = root["topic"], payload = root["payload"], qos = root["qos"], retain = root["retain"];
  core::Publish publish{topic.line(1, 512),
                        payload.text(0, messages::kMaxPayloadBytes),
                        static_cast<int>(qos.small_integer(0, 1)),
                        retain.boolean(),
                        true,
                        {}};
  return r.finish(core::Outgoing(std::move(publish)));
}

}  // namespace convoke::store
