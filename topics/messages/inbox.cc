#include "topics/messages/inbox.h"

#include "topics/messages/parts_json.h"

namespace convoke::messages {
namespace {

Hidden read_hidden(const Field& root) {
  Hidden hidden;
  root["users"].each(0, kMaxBlocked, [&](const Field& user) { hidden.users.push_back(user.user_id()); });
  hidden.all = root["all"].flag();
  return hidden;
}

RetryAfter read_retry_after(const Field& root) {
  return {root["group"].group_id(), root["retry_after_ms"].small_integer(1, kMaxSlowMs)};
}

InboxMessage read_inbox(const Field& root) {
  const Field type = root["type"];
  const std::string word = type.plain_id();
  if (word == "chat-start") return read_chat_start(root);
  if (word == "chat-end") return read_chat_end(root);
  if (word == "safe-region") return read_safe_region(root);
  if (word == "report-position") return ReportPosition{};
  if (word == "hidden") return read_hidden(root);
  if (word == "retry-after") return read_retry_after(root);
  return OtherInboxMessage{word};
}

void write(JsonWriter& json, const ReportPosition&) {
  json.begin_object();
  json.member("type", "report-position");
  json.end_object();
}

void write(JsonWriter& json, const Hidden& hidden) {
  json.begin_object();
  json.member("type", "hidden");
  json.key("users").begin_list();
  for (const std::string& user : hidden.users) json.string(user);
  json.end_list();
  if (hidden.all) json.member("all", true);
  json.end_object();
}

void write(JsonWriter& json, const RetryAfter& retry) {
  json.begin_object();
  json.member("type", "retry-after");
  json.member("group", retry.group);
  json.member("retry_after_ms", retry.retry_after_ms);
  json.end_object();
}

void write(JsonWriter& json, const OtherInboxMessage& other) {
  json.begin_object();
  json.member("type", other.type);
  json.end_object();
}

}  // namespace

ChatStart read_chat_start(const Field& field) {
  field["type"].exactly("chat-start");
  const Field head = field["head"];
  return ChatStart{.head = read_roster_head(head)};
}

void write(JsonWriter& json, const ChatStart& start) {
  json.begin_object();
  json.member("type", "chat-start");
  json.key("head");
  write(json, start.head);
  json.end_object();
}

ChatEnd read_chat_end(const Field& field) {
  field["type"].exactly("chat-end");
  ChatEnd end;
  end.group = field["group"].group_id();
  // A server that does not know the group does not know its plan.
  if (const Field plan = field["plan"]; plan.present()) end.plan = plan.plain_id();
  end.reason = field["reason"].plain_id();
  end.ended_ms = field["ended"].time_ms();
  const Field deletion = field["delete"];
  if (!deletion.boolean()) deletion.fail("true");
  return end;
}

void write(JsonWriter& json, const ChatEnd& end) {
  json.begin_object();
  json.member("type", "chat-end");
  json.member("group", end.group);
  if (!end.plan.empty()) json.member("plan", end.plan);
  json.member("reason", end.reason);
  json.member("ended", end.ended_ms);
  json.member("delete", true);
  json.end_object();
}

Result<InboxMessage> decode_inbox(std::string_view payload) {
  JsonReader json(payload);
  return json.finish(read_inbox(json.root()));
}

std::string encode(const InboxMessage& message) {
  JsonWriter json(512);
  std::visit([&](const auto& kind) { write(json, kind); }, message);
  return json.take();
}

}  // namespace convoke::messages
