#include "topics/messages/peer.h"

#include <algorithm>

#include "topics/messages/limits.h"
#include "topics/messages/parts_json.h"

namespace convoke::messages {
namespace {

constexpr std::size_t kMaxReason = 64;

PeerMember read_member(const Field& field) {
  PeerMember m;
  const Field name = field["n"], standing = field["s"];
  m.user = read_full_user(field["u"]);
  if (name.present()) m.name = name.line(0, kMaxNameBytes);
  m.presence = read_presence_state(field["p"]);
  if (standing.present()) m.standing = standing.choice(topics::parse_standing, "one of member, muted, staff");
  m.since_ms = field["since"].optional_time_ms();
  return m;
}

void write(JsonWriter& json, const PeerMember& m) {
  json.begin_object();
  json.member("u", m.user);
  if (!m.name.empty()) json.member("n", m.name);
  json.member("p", to_string(m.presence));
  if (m.standing != topics::Standing::member) json.member("s", to_string(m.standing));
  json.member("since", m.since_ms);
  json.end_object();
}

std::vector<PeerMember> read_members(const Field& field, std::size_t min) {
  std::vector<PeerMember> members;
  field.each(min, kMaxPeerMembers, [&](const Field& m) { members.push_back(read_member(m)); });
  return members;
}

std::vector<std::string> read_users(const Field& field) {
  std::vector<std::string> users;
  field.each(1, kMaxPeerMembers, [&](const Field& user) { users.push_back(read_full_user(user)); });
  return users;
}

void write_strings(JsonWriter& json, std::string_view key, const std::vector<std::string>& strings) {
  json.key(key).begin_list();
  for (const std::string& s : strings) json.string(s);
  json.end_list();
}

topics::ChatRules read_rules(const Field& item) {
  topics::ChatRules rules;
  const Field only = item["announcement_only"], slow = item["slow_ms"], rate = item["per_minute"];
  rules.announcement_only = only.flag();
  if (slow.present()) rules.slow_ms = slow.small_integer(0, kMaxSlowMs);
  if (rate.present()) rules.per_minute = rate.small_integer(0, kMaxPerMinute);
  return rules;
}

void write_rules(JsonWriter& json, const topics::ChatRules& rules) {
  if (rules.announcement_only) json.member("announcement_only", true);
  if (rules.slow_ms) json.member("slow_ms", rules.slow_ms);
  if (rules.per_minute) json.member("per_minute", rules.per_minute);
}

PeerItem read_groups(const Field& item) {
  PeerGroups all;
  item["groups"].each(0, kMaxPeerGroups, [&](const Field& id) { all.groups.push_back(id.group_id()); });
  const Field after = item["after"], upto = item["upto"];
  if (after.present()) all.after = after.group_id();
  if (upto.present()) all.upto = upto.group_id();
  return all;
}

PeerItem read_ask(const Field& item) {
  PeerAsk ask;
  ask.group = item["group"].group_id();
  ask.plan = item["plan"].plain_id();
  ask.name = item["name"].line(0, kMaxNameBytes);
  ask.users = read_users(item["users"]);
  ask.any_presence = item["any_presence"].flag();
  ask.keep = item["keep"].flag();
  return ask;
}

PeerItem read_open(const Field& item) {
  PeerOpen open;
  open.group = item["group"].group_id();
  open.plan = item["plan"].plain_id();
  open.name = item["name"].line(0, kMaxNameBytes);
  open.started_ms = item["started"].time_ms();
  open.ends_ms = item["ends"].optional_time_ms();
  open.anonymous = item["anonymous"].flag();
  open.rules = read_rules(item);
  open.members = read_members(item["members"], 1);
  open.more = item["more"].flag();
  return open;
}

PeerItem read_notice(const Field& item) {
  return PeerNotice{item["group"].group_id(), {item["from"].user_id(), read_chat_message(item)}};
}

PeerItem read_said(const Field& item) {
  PeerSaid said{item["group"].group_id(), read_full_user(item["from"]), read_chat_message(item)};
  refuse_server_words(item, said.message);
  return said;
}

PeerItem read_presence(const Field& item) {
  PeerPresence all;
  item["users"].each(1, kMaxPeerMembers, [&](const Field& one) {
    PeerPresence::Seen seen{read_full_user(one["u"]), read_presence_state(one["p"])};
    if (const Field name = one["n"]; name.present()) seen.name = name.line(0, kMaxNameBytes);
    all.users.push_back(std::move(seen));
  });
  return all;
}

PeerItem read_chosen(const Field& item) {
  const Field refused = item["refused"];
  PeerChosen chosen{item["group"].group_id(), read_members(item["members"], 0)};
  chosen.selected = item["selected"].flag();
  chosen.more = item["more"].flag();
  if (refused.present()) chosen.refused = refused.plain_id();
  chosen.later = item["later"].flag();
  return chosen;
}

PeerItem read_select(const Field& item) {
  PeerSelect select;
  const auto read = [&](const char* part, std::vector<PeerCondition>& conditions) {
    const Field list = item[part];
    if (list.present())
      list.each(0, kMaxPeerConditions, [&](const Field& c) { conditions.push_back(read_peer_condition(c)); });
  };
  select.group = item["group"].group_id();
  select.plan = item["plan"].plain_id();
  read("any", select.any);
  read("all", select.all);
  read("none", select.none);
  select.any_presence = item["any_presence"].flag();
  select.max = item["max"].small_integer(1, kMaxSelected);
  select.keep = item["keep"].flag();
  return select;
}

PeerItem read_blocks(const Field& item) {
  PeerBlocks blocks;
  if (const Field user = item["user"]; user.present()) blocks.user = read_full_user(user);
  item["blocks"].each(0, kMaxBlocked,
                      [&](const Field& user) { blocks.blocks.push_back(read_full_user(user)); });
  return blocks;
}

PeerItem read_watch(const Field& item) {
  PeerWatch watch;
  if (const Field plan = item["plan"]; plan.present()) watch.plan = plan.plain_id();
  item["watches"].each(0, kMaxPeerWatches,
                       [&](const Field& watched) { watch.watches.push_back(read_peer_watched(watched)); });
  return watch;
}

PeerItem read_holds(const Field& item) {
  PeerHolds holds{item["plan"].plain_id(), {}, item["at"].time_ms()};
  item["levels"].each(1, kMaxPeerLevels,
                      [&](const Field& level) { holds.levels.push_back(read_peer_level(level)); });
  return holds;
}

/// Of kinds of a later server nothing.
std::vector<PeerSignal> read_signals(const Field& field) {
  std::vector<PeerSignal> signals;
  field.each(0, kMaxPeerSignals, [&](const Field& one) {
    PeerSignal signal{one["group"].group_id(), read_full_user(one["user"])};
    const auto type = parse_signal_type(one["type"].plain_id());
    if (!type) return;
    signal.type = *type;
    if (signal.type != Signal::Type::typing) {
      signal.epoch = one["epoch"].integer();
      signal.n = one["n"].integer(1);
    }
    signals.push_back(std::move(signal));
  });
  return signals;
}

void write_signals(JsonWriter& json, const std::vector<PeerSignal>& signals) {
  json.key("signals").begin_list();
  for (const PeerSignal& signal : signals) {
    json.begin_object();
    json.member("group", signal.group);
    json.member("user", signal.user);
    json.member("type", to_string(signal.type));
    if (signal.type != Signal::Type::typing) {
      json.member("epoch", signal.epoch);
      json.member("n", signal.n);
    }
    json.end_object();
  }
  json.end_list();
}

PeerItem read_item(const Field& item) {
  const std::string is = item["is"].plain_id();
  if (is == "groups") return read_groups(item);
  if (is == "ask") return read_ask(item);
  if (is == "open") return read_open(item);
  if (is == "put")
    return PeerPut{item["group"].group_id(), read_members(item["members"], 1), item["more"].flag()};
  if (is == "gone")
    return PeerGone{item["group"].group_id(), read_users(item["users"]), item["reason"].plain_id()};
  if (is == "head")
    return PeerHead{item["group"].group_id(), item["ends"].optional_time_ms(), read_rules(item)};
  if (is == "end") return PeerEnd{item["group"].group_id(), item["reason"].plain_id()};
  if (is == "place")
    return PeerPlace{item["group"].group_id(), read_full_user(item["from"]), item["id"].plain_id(),
                     read_stamp(item["home"])};
  if (is == "notice") return read_notice(item);
  if (is == "chosen") return read_chosen(item);
  if (is == "left")
    return PeerLeft{item["group"].group_id(), read_full_user(item["user"]),
                    item["reason"].line(0, kMaxReason)};
  if (is == "closed") return PeerClosed{item["group"].group_id()};
  if (is == "said") return read_said(item);
  if (is == "presence") return read_presence(item);
  if (is == "select") return read_select(item);
  if (is == "erase") return PeerErase{read_full_user(item["user"])};
  if (is == "blocks") return read_blocks(item);
  if (is == "unchosen") return PeerUnchosen{item["group"].group_id(), read_users(item["users"])};
  if (is == "drop") return PeerDrop{item["group"].group_id()};
  if (is == "watch") return read_watch(item);
  if (is == "holds") return read_holds(item);
  return PeerUnknown{};
}

struct ItemWriter {
  JsonWriter& json;

  void begin(const char* is, const std::string& group) const {
    json.member("is", is);
    json.member("group", group);
  }

  void operator()(const PeerUnknown&) const { json.member("is", "unknown"); }
  void operator()(const PeerGroups& i) const {
    json.member("is", "groups");
    write_strings(json, "groups", i.groups);
    if (i.after) json.member("after", *i.after);
    if (i.upto) json.member("upto", *i.upto);
  }
  void operator()(const PeerAsk& i) const {
    begin("ask", i.group);
    json.member("plan", i.plan);
    json.member("name", i.name);
    write_strings(json, "users", i.users);
    if (i.any_presence) json.member("any_presence", true);
    if (i.keep) json.member("keep", true);
  }
  void operator()(const PeerOpen& i) const {
    begin("open", i.group);
    json.member("plan", i.plan);
    json.member("name", i.name);
    json.member("started", i.started_ms);
    json.member("ends", i.ends_ms);
    if (i.anonymous) json.member("anonymous", true);
    write_rules(json, i.rules);
    list(i.members);
    if (i.more) json.member("more", true);
  }
  void operator()(const PeerPut& i) const {
    begin("put", i.group);
    list(i.members);
    if (i.more) json.member("more", true);
  }
  void operator()(const PeerGone& i) const {
    begin("gone", i.group);
    write_strings(json, "users", i.users);
    json.member("reason", i.reason);
  }
  void operator()(const PeerHead& i) const {
    begin("head", i.group);
    json.member("ends", i.ends_ms);
    write_rules(json, i.rules);
  }
  void operator()(const PeerEnd& i) const {
    begin("end", i.group);
    json.member("reason", i.reason);
  }
  void operator()(const PeerPlace& i) const {
    begin("place", i.group);
    json.member("from", i.from);
    json.member("id", i.message);
    write(json.key("home"), i.home);
  }
  void operator()(const PeerNotice& i) const {
    begin("notice", i.group);
    json.member("from", i.notice.from);
    write_members(json, i.notice.message);
  }
  void operator()(const PeerChosen& i) const {
    begin("chosen", i.group);
    list(i.members);
    if (i.selected) json.member("selected", true);
    if (i.more) json.member("more", true);
    if (!i.refused.empty()) json.member("refused", i.refused);
    if (i.later) json.member("later", true);
  }
  void operator()(const PeerLeft& i) const {
    begin("left", i.group);
    json.member("user", i.user);
    json.member("reason", i.reason);
  }
  void operator()(const PeerClosed& i) const { begin("closed", i.group); }
  void operator()(const PeerSaid& i) const {
    begin("said", i.group);
    json.member("from", i.from);
    write_members(json, i.message);
  }
  void operator()(const PeerPresence& i) const {
    json.member("is", "presence");
    json.key("users").begin_list();
    for (const PeerPresence::Seen& seen : i.users) {
      json.begin_object();
      json.member("u", seen.user);
      json.member("p", to_string(seen.presence));
      json.member("n", seen.name);
      json.end_object();
    }
    json.end_list();
  }
  void operator()(const PeerErase& i) const {
    json.member("is", "erase");
    json.member("user", i.user);
  }
  void operator()(const PeerBlocks& i) const {
    json.member("is", "blocks");
    if (!i.user.empty()) json.member("user", i.user);
    write_strings(json, "blocks", i.blocks);
  }

  void operator()(const PeerSelect& i) const {
    begin("select", i.group);
    json.member("plan", i.plan);
    if (!i.any.empty()) write_list(json, "any", i.any);
    if (!i.all.empty()) write_list(json, "all", i.all);
    if (!i.none.empty()) write_list(json, "none", i.none);
    if (i.any_presence) json.member("any_presence", true);
    json.member("max", i.max);
    if (i.keep) json.member("keep", true);
  }
  void operator()(const PeerUnchosen& i) const {
    begin("unchosen", i.group);
    write_strings(json, "users", i.users);
  }
  void operator()(const PeerDrop& i) const { begin("drop", i.group); }
  void operator()(const PeerWatch& i) const {
    json.member("is", "watch");
    if (!i.plan.empty()) json.member("plan", i.plan);
    write_list(json, "watches", i.watches);
  }
  void operator()(const PeerHolds& i) const {
    json.member("is", "holds");
    json.member("plan", i.plan);
    write_list(json, "levels", i.levels);
    json.member("at", i.at_ms);
  }

  void list(const std::vector<PeerMember>& members) const {
    json.key("members").begin_list();
    for (const PeerMember& m : members) write(json, m);
    json.end_list();
  }
};

}  // namespace

Result<PeerBatch> decode_peer_batch(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  PeerBatch batch;
  batch.version = root["v"].small_integer(kOldestPeerVersion, kPeerVersion);
  const Field ack = root["ack"], speaks = root["speaks"], features = root["features"];
  batch.speaks = std::max(batch.version, speaks.present() ? speaks.small_integer(1) : 1);
  if (batch.version >= 2 && features.present())
    features.each(0, kMaxPeerFeatures, [&](const Field& f) { batch.features.push_back(f.plain_id()); });
  batch.epoch = root["epoch"].integer(1);
  batch.first = root["first"].integer(1);
  batch.ack_epoch = ack["epoch"].integer();
  batch.ack_upto = ack["upto"].integer();
  root["items"].each(0, kMaxPeerItems, [&](const Field& item) { batch.items.push_back(read_item(item)); });
  if (const Field signals = root["signals"]; signals.present()) batch.signals = read_signals(signals);
  return json.finish(std::move(batch));
}

std::string encode(const PeerItem& item) {
  JsonWriter json(256);
  json.begin_object();
  std::visit(ItemWriter{json}, item);
  json.end_object();
  return json.take();
}

Result<PeerItem> decode_peer_item(std::string_view item, std::size_t max_bytes) {
  JsonReader json(item, max_bytes);
  return json.finish(read_item(json.root()));
}

std::string encode_peer_batch(const PeerBatch& batch, const std::vector<std::string_view>& items) {
  JsonWriter json(1024);
  json.begin_object();
  json.member("v", batch.version);
  if (batch.speaks > batch.version) json.member("speaks", batch.speaks);
  if (batch.version >= 2) write_strings(json, "features", batch.features);
  json.member("epoch", batch.epoch);
  json.member("first", batch.first);
  json.key("ack").begin_object();
  json.member("epoch", batch.ack_epoch);
  json.member("upto", batch.ack_upto);
  json.end_object();
  json.key("items").begin_list();
  for (const std::string_view item : items) json.raw(item);
  json.end_list();
  if (!batch.signals.empty()) write_signals(json, batch.signals);
  json.end_object();
  return json.take();
}

std::string encode(const PeerBatch& batch) {
  std::vector<std::string> encoded;
  for (const PeerItem& item : batch.items) encoded.push_back(encode(item));
  return encode_peer_batch(batch, {encoded.begin(), encoded.end()});
}

}  // namespace convoke::messages
