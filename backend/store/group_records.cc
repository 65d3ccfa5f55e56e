// The records of groups and of the people in them.
#include <limits>

#include "backend/core/announce.h"
#include "backend/store/record_limits.h"
#include "backend/store/records.h"
#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"

namespace convoke::store {
namespace {

using messages::Error;
using messages::Field;
using messages::JsonReader;
using messages::JsonWriter;
using messages::Result;

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

std::uint16_t read_place(const Field& place) {
  return static_cast<std::uint16_t>(place.small_integer(0, std::numeric_limits<std::uint16_t>::max()));
}

void write_selection(JsonWriter& w, const core::Selection& s) {
  w.key("selected").begin_object();
  w.member("t", s.at_ms);
  w.key("asked").begin_list();
  for (const auto& [part, condition] : s.asked) {
    w.begin_list();
    w.string(part);
    w.string(condition);
    w.end_list();
  }
  w.end_list();
  if (s.follows) w.member("follows", true);
  if (!s.all_passed_over) w.member("passed_over_partly", true);
  if (!s.all_missed) w.member("missed_partly", true);
  w.member("others_unmet", s.others_unmet);
  w.end_object();
}

core::Selection read_selection(const Field& field) {
  core::Selection s;
  const Field t = field["t"], asked = field["asked"], follows = field["follows"],
              partly = field["passed_over_partly"], missed_partly = field["missed_partly"],
              others = field["others_unmet"];
  s.at_ms = t.time_ms();
  asked.each(0, kMaxMany, [&](const Field& one) {
    if (one.list_size(2, 2) == 2)
      s.asked.push_back({one.at(0).line(1, 16), one.at(1).line(1, core::kMaxWhyBytes)});
  });
  s.follows = follows.flag();
  s.all_passed_over = !partly.flag();
  s.all_missed = !missed_partly.flag();
  if (others.present()) s.others_unmet = read_place(others);
  return s;
}

void write_numbers(JsonWriter& w, std::initializer_list<std::uint64_t> numbers) {
  w.begin_list();
  for (const std::uint64_t n : numbers) w.number(n);
  w.end_list();
}

void read_stays(const Field& field, std::vector<core::Stay>& stays) {
  field.each(0, core::kMaxStays, [&](const Field& stay) {
    if (stay.list_size(4, 4) != 4) return;
    stays.push_back(
        {{stay.at(0).integer(), stay.at(1).integer()}, {stay.at(2).integer(), stay.at(3).integer()}});
  });
}

void write_moderation(JsonWriter& w, const core::Group& g) {
  if (g.rules.announcement_only) w.member("announcement_only", true);
  if (g.rules.slow_ms) w.member("slow_ms", g.rules.slow_ms);
  if (g.rules.per_minute) w.member("per_minute", g.rules.per_minute);
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
  const Field rate = root["per_minute"], muted = root["muted"], staff = root["staff"],
              kept_out = root["kept_out"];
  const auto each = [](const Field& users, auto put) {
    if (users.present())
      users.each(0, kMaxMany, [&](const Field& user) { put(core::UserId::parse(user.user_id())); });
  };
  g.rules.announcement_only = only.flag();
  if (slow.present()) g.rules.slow_ms = slow.small_integer(0, messages::kMaxSlowMs);
  if (rate.present()) g.rules.per_minute = rate.small_integer(0, messages::kMaxPerMinute);
  each(muted, [&](const core::UserId& user) { g.standings[user] = topics::Standing::muted; });
  each(staff, [&](const core::UserId& user) { g.standings[user] = topics::Standing::staff; });
  each(kept_out, [&](const core::UserId& user) { g.kept_out.insert(user); });
  each(banned, [&](const core::UserId& user) { g.banned.insert(user); });
}

/// What is kept of a group that several sites have a part in.
void write_sites(JsonWriter& w, const core::Group& g) {
  if (g.home) w.member("home", g.home.str());
  if (g.anonymous) w.member("anonymous", true);
  if (!g.asked.empty()) {
    w.key("asked").begin_list();
    for (const auto& site : g.asked) w.string(site.str());
    w.end_list();
  }
  if (!g.unselected.empty()) {
    w.key("unselected").begin_object();
    for (const auto& [site, why] : g.unselected) w.member(site.str(), why);
    w.end_object();
  }
  if (!g.selected_of.empty()) {
    w.key("selected_of").begin_object();
    for (const auto& [site, count] : g.selected_of) w.member(site.str(), std::uint64_t{count});
    w.end_object();
  }
  if (g.unnamed.empty()) return;
  w.key("unnamed").begin_list();
  for (const auto& user : g.unnamed) w.string(user.str());
  w.end_list();
}

void read_sites(const Field& root, core::Group& g) {
  const Field home = root["home"], asked = root["asked"], unnamed = root["unnamed"],
              unselected = root["unselected"], selected_of = root["selected_of"];
  if (home.present()) g.home = core::SiteId::parse(home.plain_id());
  g.anonymous = root["anonymous"].flag();
  if (asked.present())
    asked.each(0, kMaxMany, [&](const Field& s) { g.asked.insert(core::SiteId::parse(s.plain_id())); });
  if (unselected.present())
    unselected.each_member(kMaxMany, [&](const std::string& site, const Field& why) {
      g.unselected[core::SiteId::parse(site)] = why.plain_id();
    });
  if (selected_of.present())
    selected_of.each_member(kMaxMany, [&](const std::string& site, const Field& count) {
      g.selected_of[core::SiteId::parse(site)] = count.integer();
    });
  if (unnamed.present())
    unnamed.each(0, kMaxMany, [&](const Field& u) { g.unnamed.insert(core::UserId::parse(u.user_id())); });
}

}  // namespace

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
  if (g.selected.at_ms) write_selection(w, g.selected);
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
  write_sites(w, g);
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
  const Field keep_until = root["keep_until"], selected = root["selected"];
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
  if (selected.present()) g.selected = read_selection(selected);
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
  read_sites(root, g);
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
  if (m.from != core::ChatPlace{}) {
    w.key("from");
    write_numbers(w, {m.from.epoch, m.from.n});
  }
  w.member("held", m.held_version);
  w.member("page", m.page);
  w.end_object();
  return w.take();
}

Result<core::Member> decode_member(std::string_view value) {
  core::Member m;
  JsonReader r(value);
  const Field& root = r.root();
  const Field leaves = root["leaves"], by_hand = root["by_hand"], from = root["from"];
  const Field why = root["why"], joined = root["joined"], since = root["since"], ends = root["ends"],
              held = root["held"], page = root["page"];
  m.why = why.line(0, core::kMaxWhyBytes);
  m.joined_ms = joined.optional_time_ms().value_or(0);
  m.ends_ms = ends.optional_time_ms();
  m.leaves_ms = leaves.optional_time_ms();
  m.by_hand = by_hand.flag();
  if (since.present()) m.since_version = since.integer();
  if (from.present() && from.list_size(2, 2) == 2) m.from = {from.at(0).integer(), from.at(1).integer()};
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
  if (!m.stays.empty()) {
    w.key("stays").begin_list();
    for (const auto& [from, to] : m.stays) write_numbers(w, {from.epoch, from.n, to.epoch, to.n});
    w.end_list();
  }
  if (!m.unmet.empty()) {
    w.key("unmet").begin_list();
    for (const std::uint16_t place : m.unmet) w.number(place);
    w.end_list();
  }
  w.end_object();
  return w.take();
}

Result<core::PastMember> decode_past_member(std::string_view value) {
  JsonReader r(value);
  const Field& root = r.root();
  const Field why = root["why"], joined = root["joined"], left = root["left"], reason = root["reason"];
  const Field stays = root["stays"], unmet = root["unmet"];
  core::PastMember m{why.line(0, core::kMaxWhyBytes), joined.time_ms(), left.time_ms(), reason.line(0, 256)};
  if (stays.present()) read_stays(stays, m.stays);
  if (unmet.present())
    unmet.each(0, core::kMaxWhyBytes, [&](const Field& place) { m.unmet.push_back(read_place(place)); });
  return r.finish(std::move(m));
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

}  // namespace convoke::store
