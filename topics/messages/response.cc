#include "topics/messages/parts_json.h"
#include "topics/messages/request.h"

namespace convoke::messages {
namespace {

ResumeAnswer read_resume(const Field& result) {
  ResumeAnswer answer;
  result["starts"].each(0, kMaxHeldGroups,
                        [&](const Field& start) { answer.starts.push_back(read_chat_start(start)); });
  result["ends"].each(0, kMaxHeldGroups,
                      [&](const Field& end) { answer.ends.push_back(read_chat_end(end)); });
  answer.hidden = result["hidden"].flag();
  return answer;
}

AvailableAnswer read_available(const Field& result) {
  AvailableAnswer answer;
  result["buddies"].each(0, kPageBuddies,
                         [&](const Field& buddy) { answer.buddies.push_back(read_buddy(buddy)); });
  answer.more = result["more"].boolean();
  return answer;
}

HistoryAnswer read_history(const Field& result) {
  HistoryAnswer answer;
  result["messages"].each(0, kMaxHistory, [&](const Field& message) {
    answer.messages.push_back(read_archived_message(message));
  });
  answer.more = result["more"].boolean();
  if (const Field after = result["after"]; after.present())
    answer.after = {{after["epoch"].integer(), after["n"].integer()}};
  return answer;
}

RequestError read_error(const Field& root) {
  const Field field = root["error"];
  RequestError error;
  error.code = field["code"].plain_id();
  error.detail = field["detail"].text(0, kMaxTextBytes);
  if (const Field wait = root["retry_after_ms"]; wait.present()) {
    error.retry_after_ms = static_cast<std::int64_t>(wait.integer());
  }
  return error;
}

BlockedAnswer read_blocked(const Field& result) {
  BlockedAnswer answer;
  result["users"].each(0, kMaxBlocked, [&](const Field& user) { answer.users.push_back(user.user_id()); });
  return answer;
}

EmptyAnswer read_empty(const Field& result) {
  result.any_object();
  return EmptyAnswer{};
}

decltype(Response::result) read_result(const Field& root) {
  if (!root["ok"].boolean()) return read_error(root);
  const Field op = root["op"];
  const Field result = root["result"];
  const std::string word = op.plain_id();
  if (word == "resume") return read_resume(result);
  if (word == "empty") return read_empty(result);
  if (word == "page") return read_roster_page(result);
  if (word == "available") return read_available(result);
  if (word == "history") return read_history(result);
  if (word == "blocked") return read_blocked(result);
  op.fail("one of resume, empty, page, available, history, blocked");
  return EmptyAnswer{};
}

struct ResultWriter {
  JsonWriter& json;

  void begin(std::string_view op) const {
    json.member("ok", true);
    json.member("op", op);
    json.key("result");
  }

  void operator()(const ResumeAnswer& answer) const {
    begin("resume");
    json.begin_object();
    write_list(json, "starts", answer.starts);
    write_list(json, "ends", answer.ends);
    if (answer.hidden) json.member("hidden", true);
    json.end_object();
  }
  void operator()(const EmptyAnswer&) const {
    begin("empty");
    json.begin_object();
    json.end_object();
  }
  void operator()(const RosterPage& page) const {
    begin("page");
    write(json, page);
  }
  void operator()(const AvailableAnswer& answer) const {
    begin("available");
    json.begin_object();
    write_list(json, "buddies", answer.buddies);
    json.member("more", answer.more);
    json.end_object();
  }
  void operator()(const HistoryAnswer& answer) const {
    begin("history");
    json.begin_object();
    write_list(json, "messages", answer.messages);
    json.member("more", answer.more);
    if (answer.after) {
      json.key("after").begin_object();
      json.member("epoch", answer.after->first);
      json.member("n", answer.after->second);
      json.end_object();
    }
    json.end_object();
  }
  void operator()(const BlockedAnswer& answer) const {
    begin("blocked");
    json.begin_object();
    json.key("users").begin_list();
    for (const std::string& user : answer.users) json.string(user);
    json.end_list();
    json.end_object();
  }
  void operator()(const RequestError& error) const {
    json.member("ok", false);
    json.key("error").begin_object();
    json.member("code", error.code);
    json.member("detail", error.detail);
    json.end_object();
    json.member("retry_after_ms", error.retry_after_ms);
  }
};

}  // namespace

Result<Response> decode_response(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  Response response;
  if (const Field id = root["id"]; !id.is_empty_string()) response.id = id.plain_id();
  response.result = read_result(root);
  return json.finish(std::move(response));
}

std::string encode(const Response& response) {
  JsonWriter json(1024);
  json.begin_object();
  json.member("id", response.id);
  std::visit(ResultWriter{json}, response.result);
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
