#include "topics/broker_plugin/counters.h"

namespace convoke::broker_plugin {

std::string_view to_string(ConnectRefusal refusal) {
  switch (refusal) {
    case ConnectRefusal::not_ready:
      return "not_ready";
    case ConnectRefusal::client_id:
      return "client_id";
    case ConnectRefusal::revoked:
      return "revoked";
    case ConnectRefusal::taken:
      return "taken";
  }
  return "unknown";
}

std::vector<std::pair<std::string, std::uint64_t>> Counters::list() const {
  std::vector<std::pair<std::string, std::uint64_t>> all;
  const auto put = [&](std::string name, std::uint64_t count) {
    if (count > 0) all.emplace_back(std::move(name), count);
  };
  constexpr std::array<const char*, kAccesses> kNames{"denied_publish_", "denied_subscribe_",
                                                      "denied_receive_"};
  for (std::size_t access = 0; access < kAccesses; ++access) {
    for (std::size_t why = 0; why < kDecisions; ++why) {
      put(kNames[access] + std::string(to_string(static_cast<topics::Decision>(why))), denied_[access][why]);
    }
  }
  for (std::size_t why = 0; why < kTokenRefusals; ++why) {
    put("refused_token_" + std::string(to_string(static_cast<token::Refusal>(why))), bad_tokens_[why]);
  }
  for (std::size_t why = 0; why < kConnectRefusals; ++why) {
    put("refused_" + std::string(to_string(static_cast<ConnectRefusal>(why))), refused_[why]);
  }
  put("connected", connected);
  put("stamped", stamped);
  put("properties_stripped", properties_stripped);
  put("retain_dropped", retain_dropped);
  put("denied_response_topic", denied_response_topic);
  put("put_off", put_off);
  put("kicked_expired", kicked_expired);
  put("kicked_revoked", kicked_revoked);
  put("feed_applied", feed_applied);
  put("feed_refused", feed_refused);
  return all;
}

}  // namespace convoke::broker_plugin
