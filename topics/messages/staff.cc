#include "topics/messages/staff.h"

#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"

namespace convoke::messages {
namespace {

constexpr std::size_t kMaxPathBytes = 512;

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::put:
      return "PUT";
    case Method::post:
      return "POST";
    case Method::del:
      return "DELETE";
  }
  return "GET";
}

std::optional<Method> parse_method(std::string_view text) {
  for (const auto method : {Method::get, Method::put, Method::post, Method::del}) {
    if (text == to_string(method)) return method;
  }
  return std::nullopt;
}

Result<StaffRequest> decode_staff_request(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  StaffRequest request;
  request.id = root["id"].plain_id();
  request.method = root["method"].choice(parse_method, "one of GET, PUT, POST, DELETE");
  request.path = root["path"].line(1, kMaxPathBytes);
  if (const Field body = root["body"]; body.present()) request.body = body.object_text();
  return json.finish(std::move(request));
}

std::string encode(const StaffRequest& request) {
  JsonWriter json;
  json.begin_object();
  json.member("id", request.id);
  json.member("method", to_string(request.method));
  json.member("path", request.path);
  if (!request.body.empty()) json.key("body").raw(request.body);
  json.end_object();
  return json.take();
}

Result<StaffResponse> decode_staff_response(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  StaffResponse response;
  if (const Field id = root["id"]; id.present()) response.id = id.plain_id();
  response.status = root["status"].small_integer(100, 599);
  response.body = root["body"].object_text();
  return json.finish(std::move(response));
}

std::string encode(const StaffResponse& response) {
  JsonWriter json;
  json.begin_object();
  json.member("id", response.id);
  json.member("status", response.status);
  json.key("body").raw(response.body);
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
