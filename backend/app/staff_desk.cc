#include "backend/app/staff_desk.h"

#include <optional>
#include <string>
#include <utility>

#include "topics/messages/limits.h"
#include "topics/messages/request.h"
#include "topics/messages/staff.h"

namespace convoke::app {
namespace {

constexpr std::size_t kMaxAnswer = 60'000;

std::string to_message(std::optional<std::string> id, const ApiResponse& response) {
  return encode(
      messages::StaffResponse{std::move(id), static_cast<std::uint32_t>(response.status), response.body});
}

}  // namespace

void StaffDesk::take(const topics::Topic& topic, const egress::LinkMessage& message, std::int64_t real_ms,
                     const CarryOut& carry_out, core::Context& ctx) {
  const bool echo = message.correlation.size() <= messages::kMaxCorrelationBytes;
  const auto answer = [&](std::string body) {
    ctx.publish({topics::staff_response_topic(site_, topic.user, topic.device), std::move(body), 1, false,
                 false, echo ? message.correlation : ""});
  };
  answers_.forget_old(real_ms, ctx.fx);
  if (const std::string* had = answers_.find(message.topic, message.payload, real_ms)) return answer(*had);
  const auto request = messages::decode_staff_request(message.payload);
  if (!request) {
    const std::string id = messages::request_id(message.payload);
    return answer(to_message(id.empty() ? std::nullopt : std::optional(id),
                             api_error(400, "bad-request", request.error().to_string())));
  }
  const ApiRequest call{{site_, topics::Role::staff, topic.user.str(), topic.device},
                        std::string(to_string(request->method)),
                        request->path,
                        "application/json",
                        request->body,
                        {},
                        limits_,
                        vault_};
  auto parsed = parse_api(call);
  ApiResponse response = std::holds_alternative<ApiResponse>(parsed)
                             ? std::get<ApiResponse>(std::move(parsed))
                             : carry_out(call.who, std::get<Command>(std::move(parsed)));
  if (response.body.size() > kMaxAnswer)
    response = api_error(413, "too-large", "the answer is too large for a message; use HTTP");
  std::string body = to_message(request->id, response);
  if (request->method != messages::Method::get)
    answers_.remember(message.topic, message.payload, body, real_ms, ctx.fx);
  answer(std::move(body));
}

}  // namespace convoke::app
