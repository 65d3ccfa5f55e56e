#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "topics/messages/result.h"

namespace convoke::messages {

enum class Method : std::uint8_t { get, put, post, del };

std::string_view to_string(Method method);
std::optional<Method> parse_method(std::string_view text);

/// Payload of `staff/{user}/{device}/req`: a call of the HTTP interface (docs/protocol/http.md) in a message.
/// `body` is the text of a JSON object, empty if there is none.
///   {"id":"1","method":"POST","path":"/v1/groups","body":{"plan":"hall-a"}}
struct StaffRequest {
  std::string id;  // chosen by the sender; the answer carries it
  Method method = Method::get;
  std::string path;  // 1 to 512 bytes, without a query
  std::string body;
};

[[nodiscard]] Result<StaffRequest> decode_staff_request(std::string_view payload);
std::string encode(const StaffRequest&);

/// Payload of `staff/{user}/{device}/res`: the HTTP status and answer.
///   {"id":"1","status":201,"body":{"group":"…","members":42}}
struct StaffResponse {
  std::optional<std::string> id;  // absent: the request had none that could be read
  std::uint32_t status = 0;       // 100 to 599
  std::string body;               // the text of a JSON object
};

[[nodiscard]] Result<StaffResponse> decode_staff_response(std::string_view payload);
std::string encode(const StaffResponse&);

}  // namespace convoke::messages
