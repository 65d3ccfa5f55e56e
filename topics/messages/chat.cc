#include "topics/messages/chat.h"

#include <utility>

#include "topics/messages/limits.h"
#include "topics/messages/parts_json.h"

namespace convoke::messages {
namespace {

constexpr std::size_t kMaxMissing = 64;

/// A range within 1 to `upto`: whoever walks it must come to its end.
std::pair<std::uint64_t, std::uint64_t> read_range(const Field& field, std::uint64_t upto) {
  if (field.list_size(2, 2) == 0) return {};
  const Field first = field.at(0);
  const Field last = field.at(1);
  const std::uint64_t from = first.integer(1, upto);
  return {from, last.integer(from, upto)};
}

HomePlace read_home_place(const Field& field) {
  if (field.list_size(4, 4) == 0) return {};
  return {field.at(0).integer(), field.at(1).integer(1), field.at(2).integer(), field.at(3).integer(1)};
}

void write_places(JsonWriter& json, const std::vector<HomePlace>& places) {
  json.key("places").begin_list();
  for (const HomePlace& place : places) {
    json.begin_list();
    for (const std::uint64_t number : {place.epoch, place.n, place.home_epoch, place.home_n})
      json.number(number);
    json.end_list();
  }
  json.end_list();
}

}  // namespace

std::optional<Signal::Type> parse_signal_type(std::string_view text) {
  if (text == "typing") return Signal::Type::typing;
  if (text == "delivered") return Signal::Type::delivered;
  if (text == "read") return Signal::Type::read;
  return std::nullopt;
}

const char* to_string(Signal::Type type) {
  switch (type) {
    case Signal::Type::typing:
      return "typing";
    case Signal::Type::delivered:
      return "delivered";
    case Signal::Type::read:
      return "read";
  }
  return "typing";
}

ChatMessage read_chat_message(const Field& field) {
  ChatMessage message;
  message.id = field["id"].plain_id();
  message.type = field["type"].plain_id();
  message.text = field["text"].text(1, kMaxTextBytes);
  if (const Field reply_to = field["reply_to"]; reply_to.present()) message.reply_to = reply_to.plain_id();
  const Field of = field["of"], author = field["author"], home = field["home"];
  if (of.present() || message.changes_another()) message.of = of.plain_id();
  if (author.present()) message.author = author.user_id();
  if (home.present()) message.home = read_stamp(home);
  return message;
}

void refuse_server_words(const Field& field, ChatMessage& message) {
  message.author.reset();
  if (message.id.starts_with(kServerIdPrefix)) field["id"].fail("an identifier that does not begin with cv-");
  if (message.type == kAnnouncement || message.type == kSystem)
    field["type"].fail("a type other than announcement and system, which are the server's");
}

void write_members(JsonWriter& json, const ChatMessage& message) {
  json.member("id", message.id);
  json.member("type", message.type);
  json.member("text", message.text);
  json.member("reply_to", message.reply_to);
  json.member("of", message.of);
  json.member("author", message.author);
  if (message.home) write(json.key("home"), *message.home);
}

Stamp read_stamp(const Field& field) {
  Stamp stamp;
  stamp.site = field["site"].plain_id();
  stamp.epoch = field["epoch"].integer();
  stamp.n = field["n"].integer(1);
  stamp.time_ms = field["t"].time_ms();
  return stamp;
}

void write(JsonWriter& json, const Stamp& stamp) {
  json.begin_object();
  json.member("site", stamp.site);
  json.member("epoch", stamp.epoch);
  json.member("n", stamp.n);
  json.member("t", stamp.time_ms);
  json.end_object();
}

ArchivedMessage read_archived_message(const Field& field) {
  ArchivedMessage archived;
  archived.from = field["from"].user_id();
  archived.message = read_chat_message(field);
  const Field stamp = field["stamp"];
  archived.stamp = read_stamp(stamp);
  const Field edited = field["edited"], deleted = field["deleted"], deleted_by = field["deleted_by"];
  if (edited.present()) archived.edited = read_stamp(edited);
  if (deleted.present()) archived.deleted = read_stamp(deleted);
  if (deleted_by.present()) archived.deleted_by = deleted_by.user_id();
  return archived;
}

void write(JsonWriter& json, const ArchivedMessage& archived) {
  json.begin_object();
  json.member("from", archived.from);
  write_members(json, archived.message);
  json.key("stamp");
  write(json, archived.stamp);
  if (archived.edited) write(json.key("edited"), *archived.edited);
  if (archived.deleted) write(json.key("deleted"), *archived.deleted);
  json.member("deleted_by", archived.deleted_by);
  json.end_object();
}

Result<ChatMessage> decode_chat_message(std::string_view payload) {
  JsonReader json(payload);
  ChatMessage message = read_chat_message(json.root());
  refuse_server_words(json.root(), message);
  return json.finish(std::move(message));
}

std::string encode(const ChatMessage& message) {
  JsonWriter json(96 + message.text.size());
  json.begin_object();
  write_members(json, message);
  json.end_object();
  return json.take();
}

Result<Notice> decode_notice(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  std::string from = root["from"].user_id();
  return json.finish(Notice{std::move(from), read_chat_message(root)});
}

std::string encode(const Notice& notice) {
  JsonWriter json(160 + notice.message.text.size());
  json.begin_object();
  json.member("from", notice.from);
  write_members(json, notice.message);
  json.end_object();
  return json.take();
}

Result<ArchivedMessage> decode_archived_message(std::string_view payload) {
  JsonReader json(payload);
  return json.finish(read_archived_message(json.root()));
}

std::string encode(const ArchivedMessage& archived) {
  JsonWriter json(256 + archived.message.text.size());
  write(json, archived);
  return json.take();
}

Result<ArchivedUpTo> decode_archived_up_to(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  ArchivedUpTo ack;
  ack.epoch = root["epoch"].integer();
  ack.upto = root["upto"].integer();
  if (const Field missing = root["missing"]; missing.present()) {
    missing.each(0, kMaxMissing,
                 [&](const Field& range) { ack.missing.push_back(read_range(range, ack.upto)); });
  }
  if (const Field places = root["places"]; places.present())
    places.each(0, kMaxHomePlaces, [&](const Field& place) { ack.places.push_back(read_home_place(place)); });
  return json.finish(std::move(ack));
}

std::string encode(const ArchivedUpTo& ack) {
  JsonWriter json;
  json.begin_object();
  json.member("epoch", ack.epoch);
  json.member("upto", ack.upto);
  if (!ack.missing.empty()) {
    json.key("missing").begin_list();
    for (const auto& [first, last] : ack.missing) {
      json.begin_list();
      json.number(first);
      json.number(last);
      json.end_list();
    }
    json.end_list();
  }
  if (!ack.places.empty()) write_places(json, ack.places);
  json.end_object();
  return json.take();
}

Result<Signal> decode_signal(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  Signal signal;
  signal.type = root["type"].choice(parse_signal_type, "one of typing, delivered, read");
  if (signal.type != Signal::Type::typing) {
    const Field home_epoch = root["home_epoch"], home_n = root["home_n"];
    signal.epoch = root["epoch"].integer();
    signal.n = root["n"].integer();
    if (home_epoch.present()) signal.home_epoch = home_epoch.integer();
    if (home_n.present()) signal.home_n = home_n.integer();
  }
  return json.finish(signal);
}

std::string encode(const Signal& signal) {
  JsonWriter json;
  json.begin_object();
  json.member("type", to_string(signal.type));
  if (signal.type != Signal::Type::typing) {
    json.member("epoch", signal.epoch);
    json.member("n", signal.n);
    if (signal.home_n > 0) {
      json.member("home_epoch", signal.home_epoch);
      json.member("home_n", signal.home_n);
    }
  }
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
