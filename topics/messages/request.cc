#include "topics/messages/request.h"

#include "topics/messages/parts_json.h"

namespace convoke::messages {
namespace {

std::vector<HeldGroup> read_held(const Field& field) {
  std::vector<HeldGroup> held;
  field.each(0, kMaxHeldGroups, [&](const Field& item) {
    HeldGroup group;
    group.group = item["group"].group_id();
    if (const Field version = item["version"]; version.present()) group.version = version.integer();
    group.ended = item["ended"].flag();
    held.push_back(std::move(group));
  });
  return held;
}

HistoryRequest read_history(const Field& root) {
  HistoryRequest history;
  history.group = root["group"].group_id();
  if (const Field epoch = root["epoch"]; epoch.present()) history.epoch = epoch.integer();
  if (const Field n = root["n"]; n.present()) history.n = n.integer();
  if (const Field limit = root["limit"]; limit.present()) {
    history.limit = limit.small_integer(1, std::uint32_t{kMaxHistory});
  }
  return history;
}

AvailableRequest read_available(const Field& root) {
  AvailableRequest available;
  available.group = root["group"].group_id();
  // "" is the start of the list, the same as no key.
  if (const Field after = root["after"]; after.present() && !after.is_empty_string()) {
    available.after = after.user_id();
  }
  return available;
}

ReportRequest read_report(const Field& root) {
  ReportRequest report;
  report.group = root["group"].group_id();
  report.from = root["from"].user_id();
  report.message = root["message"].plain_id();
  if (const Field reason = root["reason"]; reason.present()) report.reason = reason.text(0, kMaxReasonBytes);
  return report;
}

decltype(Request::op) read_op(const Field& root) {
  const Field op = root["op"];
  const std::string word = op.plain_id();
  if (word == "resume") return ResumeRequest{.groups = read_held(root["groups"])};
  if (word == "hold") return HoldRequest{.groups = read_held(root["groups"])};
  if (word == "page") {
    return PageRequest{.group = root["group"].group_id(), .page = root["page"].small_integer()};
  }
  if (word == "available") return read_available(root);
  if (word == "history") return read_history(root);
  if (word == "leave") return LeaveRequest{.group = root["group"].group_id()};
  if (word == "report") return read_report(root);
  if (word == "register" || word == "unregister")
    return RegisterRequest{.plan = root["plan"].plain_id(), .withdraw = word == "unregister"};
  if (word == "block" || word == "unblock")
    return BlockRequest{.user = root["user"].user_id(), .undo = word == "unblock"};
  if (word == "blocked") return BlockedRequest{};
  if (word == "erase") return EraseRequest{};
  if (word == "other-sites") return OtherSitesRequest{.allow = root["allow"].boolean()};
  op.fail(
      "one of resume, hold, page, available, history, leave, report, register, unregister, block, unblock, "
      "blocked, erase, other-sites");
  return LeaveRequest{};
}

struct OpWriter {
  JsonWriter& json;

  void held(std::string_view op, const std::vector<HeldGroup>& groups) const {
    json.member("op", op);
    json.key("groups").begin_list();
    for (const HeldGroup& held : groups) {
      json.begin_object();
      json.member("group", held.group);
      if (held.version > 0) json.member("version", held.version);
      if (held.ended) json.member("ended", true);
      json.end_object();
    }
    json.end_list();
  }
  void group(std::string_view op, const std::string& group) const {
    json.member("op", op);
    json.member("group", group);
  }

  void operator()(const ResumeRequest& op) const { held("resume", op.groups); }
  void operator()(const HoldRequest& op) const { held("hold", op.groups); }
  void operator()(const PageRequest& op) const {
    group("page", op.group);
    json.member("page", op.page);
  }
  void operator()(const AvailableRequest& op) const {
    group("available", op.group);
    if (!op.after.empty()) json.member("after", op.after);
  }
  void operator()(const HistoryRequest& op) const {
    group("history", op.group);
    json.member("epoch", op.epoch);
    json.member("n", op.n);
    json.member("limit", op.limit);
  }
  void operator()(const LeaveRequest& op) const { group("leave", op.group); }
  void operator()(const RegisterRequest& op) const {
    json.member("op", op.withdraw ? "unregister" : "register");
    json.member("plan", op.plan);
  }
  void operator()(const BlockRequest& op) const {
    json.member("op", op.undo ? "unblock" : "block");
    json.member("user", op.user);
  }
  void operator()(const BlockedRequest&) const { json.member("op", "blocked"); }
  void operator()(const OtherSitesRequest& op) const {
    json.member("op", "other-sites");
    json.member("allow", op.allow);
  }
  void operator()(const EraseRequest&) const { json.member("op", "erase"); }
  void operator()(const ReportRequest& op) const {
    group("report", op.group);
    json.member("from", op.from);
    json.member("message", op.message);
    if (!op.reason.empty()) json.member("reason", op.reason);
  }
};

}  // namespace

Result<Request> decode_request(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  Request request;
  request.id = root["id"].plain_id();
  request.op = read_op(root);
  return json.finish(std::move(request));
}

std::string request_id(std::string_view payload) {
  JsonReader json(payload);
  return json.ok() ? json.root()["id"].plain_id() : std::string();
}

std::string encode(const Request& request) {
  JsonWriter json;
  json.begin_object();
  json.member("id", request.id);
  std::visit(OpWriter{json}, request.op);
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
