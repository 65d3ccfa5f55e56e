#include "backend/store/records.h"

#include <charconv>

#include "backend/core/announce.h"
#include "backend/ingress/plan_file.h"
#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"

namespace convoke::store {
namespace {

using messages::Error;
using messages::Field;
using messages::JsonReader;
using messages::JsonWriter;
using messages::kMaxInteger;
using messages::Result;

// A plan is two megabytes at most before its quotes are escaped.
constexpr std::size_t kMaxRecordBytes = 1 << 23;
constexpr std::size_t kMaxMany = 1'000'000;

std::string hex16(std::uint64_t x) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (int i = 15; i >= 0; --i, x >>= 4) out[static_cast<std::size_t>(i)] = kDigits[x & 15];
  return out;
}

void write_ranges(JsonWriter& w, const std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges) {
  w.key("missing");
  w.begin_list();
  for (const auto& [first, last] : ranges) {
    w.begin_list();
    w.number(first);
    w.number(last);
    w.end_list();
  }
  w.end_list();
}

/// As they go out, each in a string of its own.
void write_notices(JsonWriter& w, const std::vector<messages::Notice>& notices) {
  w.key("unarchived").begin_list();
  for (const auto& notice : notices) w.string(encode(notice));
  w.end_list();
}

void read_notices(const Field& field, std::vector<messages::Notice>& notices) {
  field.each(0, core::kMaxUnarchived, [&](const Field& text) {
    auto notice = messages::decode_notice(text.line(1, messages::kMaxPayloadBytes));
    if (!notice) return text.fail("a notice");
    notices.push_back(*std::move(notice));
  });
}

void write_moderation(JsonWriter& w, const core::Group& g) {
  if (g.rules.announcement_only) w.member("announcement_only", true);
  if (g.rules.slow_ms) w.member("slow_ms", g.rules.slow_ms);
  std::vector<std::string> muted, staff, banned, kept_out;
  for (const auto& [user, standing] : g.standings)
    (standing == topics::Standing::muted ? muted : staff).push_back(user.str());
  for (const auto& user : g.banned) banned.push_back(user.str());
  for (const auto& user : g.kept_out) kept_out.push_back(user.str());
  for (const auto& [name, users] : {std::pair("muted", &muted), std::pair("staff", &staff),
                                    std::pair("banned", &banned), std::pair("kept_out", &kept_out)}) {
    if (users->empty()) continue;
    w.key(name).begin_list();
    for (const std::string& user : *users) w.string(user);
    w.end_list();
  }
}

void read_moderation(const Field& root, core::Group& g) {
  const Field only = root["announcement_only"], slow = root["slow_ms"], banned = root["banned"];
  const Field muted = root["muted"], staff = root["staff"], kept_out = root["kept_out"];
  const auto each = [](const Field& users, auto put) {
    if (users.present())
      users.each(0, kMaxMany, [&](const Field& user) { put(core::UserId::parse(user.user_id())); });
  };
  g.rules.announcement_only = only.flag();
  if (slow.present()) g.rules.slow_ms = slow.small_integer(0, messages::kMaxSlowMs);
  each(muted, [&](const core::UserId& user) { g.standings[user] = topics::Standing::muted; });
  each(staff, [&](const core::UserId& user) { g.standings[user] = topics::Standing::staff; });
  each(kept_out, [&](const core::UserId& user) { g.kept_out.insert(user); });
  each(banned, [&](const core::UserId& user) { g.banned.insert(user); });
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
  if (!user.blocked.empty()) {
    w.key("blocked").begin_list();
    for (const auto& other : user.blocked) w.string(other.str());
    w.end_list();
  }
  if (user.unavailable_since_ms) w.member("unavailable_since", user.unavailable_since_ms);
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
              left = root["left"], blocked = root["blocked"];
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
  if (blocked.present())
    blocked.each(0, kMaxMany,
                 [&](const Field& other) { user.blocked.insert(core::UserId::parse(other.user_id())); });
  user.unavailable_since_ms = unavailable.optional_time_ms().value_or(0);
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
  if (file.plans.size() != 1) return Error{file.problems.empty() ? "plan" : file.problems[0].where, "a plan"};
  record.plan = std::move(file.plans[0]);
  if (record.plan.id.str() != key) return Error{"key", "the plan's id"};
  // The core looks these up among the starts.
  for (const auto& [i, at] : record.again)
    if (i >= record.plan.starts.size() || !std::holds_alternative<core::OnOccupancy>(record.plan.starts[i]))
      return Error{"again", "numbers of occupancy starts of the plan"};
  for (std::size_t i : record.disarmed)
    if (i >= record.plan.starts.size()) return Error{"disarmed", "numbers of starts of the plan"};
  return r.finish(std::move(record));
}

std::string encode_group(const core::Group& g) {
  JsonWriter w(512);
  w.begin_object();
  w.member("plan", g.plan.str());
  w.member("name", g.name);
  w.member("state", to_string(g.state));
  w.member("started", g.started_ms);
  if (g.opens_ms) w.member("opens", g.opens_ms);
  if (g.watched_from_ms) w.member("watched", g.watched_from_ms);
  if (g.warned_up_to_ms) w.member("warned", g.warned_up_to_ms);
  w.member("spread", g.spread_from_ms);
  if (g.last_message_ms) w.member("last_message", g.last_message_ms);
  w.member("ends", g.ends_ms);
  w.member("end_kind", g.end_kind);
  w.key("reasons");
  w.begin_list();
  for (const auto& reason : g.reasons) w.string(reason);
  w.end_list();
  w.member("start_key", g.start_keys.empty() ? "" : g.start_keys[0]);
  if (g.start_keys.size() > 1) {
    w.key("more_keys");
    w.begin_list();
    for (std::size_t i = 1; i < g.start_keys.size(); ++i) w.string(g.start_keys[i]);
    w.end_list();
  }
  w.member("ended", g.ended_ms);
  w.member("end_reason", g.end_reason);
  if (g.keep_until_ms) w.member("keep_until", g.keep_until_ms);
  w.member("version", g.version);
  if (g.unsent) w.member("unsent", true);
  w.member("messages", g.messages);
  w.member("epoch", g.archive.epoch);
  w.member("upto", g.archive.upto);
  write_ranges(w, g.archive.missing);
  w.key("pages");
  w.begin_list();
  for (const auto& page : g.pages) w.number(page.version);
  w.end_list();
  write_moderation(w, g);
  if (g.notices) w.member("notices", g.notices);
  if (!g.unarchived.empty()) write_notices(w, g.unarchived);
  w.end_object();
  return w.take();
}

Result<core::Group> decode_group(std::string_view key, std::string_view value) {
  core::Group g;
  g.id = core::GroupId::parse(key);
  JsonReader r(value, kMaxRecordBytes);
  const Field& root = r.root();
  const Field plan = root["plan"], name = root["name"], state = root["state"], started = root["started"],
              ends = root["ends"];
  const Field end_kind = root["end_kind"], reasons = root["reasons"], start_key = root["start_key"],
              more_keys = root["more_keys"], ended = root["ended"];
  const Field end_reason = root["end_reason"], version = root["version"], unsent = root["unsent"],
              count = root["messages"], epoch = root["epoch"];
  const Field upto = root["upto"], missing = root["missing"], pages = root["pages"],
              notices = root["notices"], unarchived = root["unarchived"];
  const Field keep_until = root["keep_until"];
  const Field opens = root["opens"], watched = root["watched"], warned = root["warned"],
              spread = root["spread"], last_message = root["last_message"];
  g.plan = core::PlanId::parse(plan.plain_id());
  g.name = name.line(0, messages::kMaxNameBytes);
  g.state = state.choice(messages::parse_group_state, "a group state");
  g.started_ms = started.time_ms();
  g.opens_ms = opens.optional_time_ms().value_or(0);
  g.watched_from_ms = watched.optional_time_ms().value_or(g.started_ms);
  g.warned_up_to_ms = warned.optional_time_ms().value_or(0);
  g.spread_from_ms = spread.optional_time_ms();
  g.last_message_ms = last_message.optional_time_ms().value_or(0);
  g.ends_ms = ends.optional_time_ms();
  g.end_kind = end_kind.line(0, 64);
  reasons.each(0, kMaxMany, [&](const Field& reason) { g.reasons.push_back(reason.line(0, 1024)); });
  if (!start_key.is_empty_string()) g.start_keys.push_back(start_key.line(1, 256));
  if (more_keys.present())
    more_keys.each(0, kMaxMany, [&](const Field& k) { g.start_keys.push_back(k.line(1, 256)); });
  g.ended_ms = ended.time_ms();
  g.end_reason = end_reason.line(0, 256);
  // An earlier server did not say until when.
  if (g.ended_ms) g.keep_until_ms = keep_until.optional_time_ms().value_or(g.ended_ms + core::kDefaultKeepMs);
  g.version = version.integer();
  g.unsent = unsent.flag();
  g.messages = count.integer();
  g.archive.epoch = epoch.integer();
  g.archive.upto = upto.integer();
  missing.each(0, kMaxMany, [&](const Field& range) {
    const std::size_t two = range.list_size(2, 2);
    if (two == 2) g.archive.missing.emplace_back(range.at(0).integer(), range.at(1).integer());
  });
  pages.each(0, kMaxMany, [&](const Field& v) { g.pages.emplace_back().version = v.integer(); });
  read_moderation(root, g);
  if (notices.present()) g.notices = notices.integer();
  if (unarchived.present()) read_notices(unarchived, g.unarchived);
  if (!g.id) return Error{"key", "a group id"};
  return r.finish(std::move(g));
}

std::string encode_member(const core::Member& m) {
  JsonWriter w(96);
  w.begin_object();
  w.member("why", m.why);
  w.member("joined", m.joined_ms);
  w.member("ends", m.ends_ms);
  w.member("leaves", m.leaves_ms);
  if (m.by_hand) w.member("by_hand", true);
  if (m.since_version) w.member("since", m.since_version);
  w.member("held", m.held_version);
  w.member("page", m.page);
  w.end_object();
  return w.take();
}

Result<core::Member> decode_member(std::string_view value) {
  core::Member m;
  JsonReader r(value);
  const Field& root = r.root();
  const Field leaves = root["leaves"], by_hand = root["by_hand"];
  const Field why = root["why"], joined = root["joined"], since = root["since"], ends = root["ends"],
              held = root["held"], page = root["page"];
  m.why = why.line(0, core::kMaxWhyBytes);
  m.joined_ms = joined.optional_time_ms().value_or(0);
  m.ends_ms = ends.optional_time_ms();
  m.leaves_ms = leaves.optional_time_ms();
  m.by_hand = by_hand.flag();
  if (since.present()) m.since_version = since.integer();
  m.held_version = held.integer();
  m.page = page.small_integer(0, 9999);
  return r.finish(std::move(m));
}

std::string encode_past_member(const core::PastMember& m) {
  JsonWriter w(96);
  w.begin_object();
  w.member("why", m.why);
  w.member("joined", m.joined_ms);
  w.member("left", m.left_ms);
  w.member("reason", m.reason);
  w.end_object();
  return w.take();
}

Result<core::PastMember> decode_past_member(std::string_view value) {
  JsonReader r(value);
  const Field& root = r.root();
  const Field why = root["why"], joined = root["joined"], left = root["left"], reason = root["reason"];
  return r.finish(core::PastMember{why.line(0, core::kMaxWhyBytes), joined.time_ms(), left.time_ms(),
                                   reason.line(0, 256)});
}

Result<std::int64_t> decode_revocation(std::string_view value) {
  std::int64_t before_ms = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), before_ms);
  if (error != std::errc() || end != value.data() + value.size()) return Error{"value", "a time"};
  return before_ms;
}

std::string encode_invitation(const core::Invitation& i) {
  JsonWriter w(96);
  w.begin_object();
  w.member("why", i.why);
  w.member("at", i.at_ms);
  w.member("until", i.until_ms);
  w.end_object();
  return w.take();
}

Result<core::Invitation> decode_invitation(std::string_view value) {
  core::Invitation i;
  JsonReader r(value);
  const Field& root = r.root();
  const Field why = root["why"], at = root["at"], until = root["until"];
  i.why = why.line(0, core::kMaxWhyBytes);
  i.at_ms = at.optional_time_ms();
  i.until_ms = until.time_ms();
  return r.finish(std::move(i));
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
