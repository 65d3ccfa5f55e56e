#include "tests/support/test_client.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace convoke::test {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

/// The reason code with which an operation ended; Paho reports refusals as exceptions.
int outcome(const mqtt::token_ptr& token) {
  try {
    if (!token->wait_for(kPatience)) throw std::runtime_error("no answer from the broker within 10 s");
    return token->get_reason_code();
  } catch (const mqtt::exception& refused) {
    // A refused CONNECT has its reason in the return code, everything else in the reason code.
    const int code = refused.get_reason_code() > 0 ? refused.get_reason_code() : refused.get_return_code();
    return code > 0 ? code : kNoAnswer;
  }
}

mqtt::message_ptr to_paho(const Outgoing& message) {
  auto out = mqtt::make_message(message.topic, message.payload, message.qos, message.retain);
  mqtt::properties properties;
  if (message.response_topic) properties.add({mqtt::property::RESPONSE_TOPIC, *message.response_topic});
  for (const auto& [name, value] : message.user_properties)
    properties.add({mqtt::property::USER_PROPERTY, name, value});
  out->set_properties(properties);
  return out;
}

}  // namespace

std::optional<std::string> Received::property(const std::string& name) const {
  for (const auto& [key, value] : user_properties) {
    if (key == name) return value;
  }
  return std::nullopt;
}

TestClient::TestClient(const std::string& url, const std::string& client_id)
    : url_(url), client_id_(client_id) {
  client_ = std::make_unique<mqtt::async_client>(url_, client_id_, mqtt::create_options(MQTTVERSION_5));
  const auto cut = [this] {
    const MutexLock lock(mutex_);
    cut_ = true;
    changed_.notify_all();
  };
  client_->set_message_callback([this](const mqtt::const_message_ptr& message) { keep(message); });
  client_->set_connection_lost_handler([cut](const std::string&) { cut(); });
  client_->set_disconnected_handler([cut](const mqtt::properties&, mqtt::ReasonCode) { cut(); });
}

int TestClient::connect(const std::optional<std::string>& token, const ConnectWith& with) {
  mqtt::connect_options options;
  options.set_mqtt_version(with.mqtt_version);
  if (with.mqtt_version == MQTTVERSION_5) {
    options.set_clean_start(with.clean_start);
    options.set_properties({{mqtt::property::SESSION_EXPIRY_INTERVAL, with.session_expiry_s}});
  } else {
    options.set_clean_session(with.clean_start);
  }
  options.set_connect_timeout(kPatience);
  if (token) {
    options.set_user_name(client_id_);
    options.set_password(*token);
  }
  if (with.will) options.set_will_message(to_paho(*with.will));
  {
    const MutexLock lock(mutex_);
    cut_ = false;
  }
  // Paho tells a DISCONNECT before it has cleared that connection away, under its lock, and would take an
  // attempt made in between for the old one. Asking for the state waits for the lock.
  client_->is_connected();
  try {
    return outcome(client_->connect(options));
  } catch (const mqtt::exception&) {
    return kNoAnswer;
  }
}

void TestClient::disconnect() { client_->disconnect()->wait_for(kPatience); }

int TestClient::publish(const Outgoing& message) { return outcome(client_->publish(to_paho(message))); }

int TestClient::subscribe(const std::string& filter, int qos) {
  return outcome(client_->subscribe(filter, qos));
}

int TestClient::unsubscribe(const std::string& filter) { return outcome(client_->unsubscribe(filter)); }

std::optional<Received> TestClient::wait_for(const std::function<bool(const Received&)>& condition) {
  const MutexLock lock(mutex_);
  std::optional<Received> found;
  changed_.wait_for(mutex_, kPatience, [&]() CONVOKE_REQUIRES(mutex_) {
    const auto at = std::find_if(received_.begin(), received_.end(), condition);
    if (at != received_.end()) found = *at;
    return found.has_value();
  });
  return found;
}

std::optional<Received> TestClient::wait_for_payload(const std::string& payload) {
  return wait_for([&](const Received& message) { return message.payload == payload; });
}

bool TestClient::wait_until_cut() {
  const MutexLock lock(mutex_);
  return changed_.wait_for(mutex_, kPatience, [this]() CONVOKE_REQUIRES(mutex_) { return cut_; });
}

std::vector<Received> TestClient::received() const {
  const MutexLock lock(mutex_);
  return received_;
}

bool TestClient::has_payload(const std::string& payload) const {
  const auto all = received();
  return std::any_of(all.begin(), all.end(),
                     [&](const Received& message) { return message.payload == payload; });
}

void TestClient::clear() {
  const MutexLock lock(mutex_);
  received_.clear();
}

void TestClient::keep(const mqtt::const_message_ptr& message) {
  Received received{message->get_topic(), message->to_string(), message->is_retained()};
  const auto& properties = message->get_properties();
  for (std::size_t i = 0; i < properties.count(mqtt::property::USER_PROPERTY); ++i) {
    const auto [name, value] = mqtt::get<mqtt::string_pair>(properties, mqtt::property::USER_PROPERTY, i);
    received.user_properties.emplace_back(name, value);
  }
  const MutexLock lock(mutex_);
  received_.push_back(std::move(received));
  changed_.notify_all();
}

}  // namespace convoke::test
