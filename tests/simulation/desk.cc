#include "tests/simulation/desk.h"

#include <utility>

#include "tests/simulation/violation.h"
#include "topics/messages/staff.h"
#include "topics/topic.h"

namespace convoke::simulation {
namespace {

constexpr std::int64_t kRepeatMs = 5000, kReconnectMs = 2000;
const std::string kDesk = "cv1/demo/staff/eve/desk/";

}  // namespace

void Desk::connect() { connection_ = broker_.connect(*this, "demo:eve:desk", token_, {}); }

void Desk::call(const std::string& method, const std::string& path, const std::string& body, Answer answer) {
  const std::string id = "call-" + std::to_string(++counter_);
  const messages::StaffRequest request{id, messages::parse_method(method).value(), path, body};
  waiting_[id] = {encode(request), std::move(answer)};
  if (!connection_) connect();
  send(kDesk + "req", waiting_[id].payload);
  repeat();
}

void Desk::tell(const std::string& event) {
  if (!connection_) connect();
  send(kDesk + "event", event);
}

void Desk::send(const std::string& topic, const std::string& payload) {
  if (connected_) broker_.publish(connection_, {topic, payload, "", false, {}}, 1, 0);
}

void Desk::repeat() {
  if (std::exchange(repeating_, true)) return;
  agenda_.in(kRepeatMs, [this] {
    repeating_ = false;
    for (const auto& [id, request] : waiting_) send(kDesk + "req", request.payload);
    if (!waiting_.empty()) repeat();
  });
}

void Desk::up(bool) {
  connected_ = true;
  broker_.subscribe(connection_, {{kDesk + "res", 1, true}}, 0);
  for (const auto& [id, request] : waiting_) send(kDesk + "req", request.payload);
}

void Desk::down(int) {
  connected_ = false;
  agenda_.in(kReconnectMs, [this] {
    if (!connected_) connect();
  });
}

void Desk::arrived(const Message& message) {
  const auto response = messages::decode_staff_response(message.payload);
  require(response && response->id, "staff got an answer that is none");
  const auto found = waiting_.find(*response->id);
  if (found == waiting_.end()) return;  // to a repeat
  const Answer answer = std::move(found->second.answer);
  waiting_.erase(found);
  answer(static_cast<int>(response->status), response->body);
}

}  // namespace convoke::simulation
