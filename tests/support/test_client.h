#pragma once

#include <mqtt/async_client.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "topics/sync/mutex.h"

namespace convoke::test {

/// MQTT 5 reason codes that tests look at (MQTT 5.0, section 2.4).
inline constexpr int kSuccess = 0;
inline constexpr int kNotAuthorized = 135;
/// Not of MQTT: the connection ended without an answer.
inline constexpr int kNoAnswer = -1;

/// What a client got.
struct Received {
  std::string topic;
  std::string payload;
  bool retained = false;
  std::vector<std::pair<std::string, std::string>> user_properties = {};

  std::optional<std::string> property(const std::string& name) const;
};

struct Outgoing {
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
  std::optional<std::string> response_topic = {};
  std::vector<std::pair<std::string, std::string>> user_properties = {};
};

struct ConnectWith {
  int mqtt_version = 5;
  bool clean_start = true;
  int session_expiry_s = 0;  // MQTT 5
  std::optional<Outgoing> will = {};
};

/// A bare MQTT client that tells reason codes and collects what arrives. Every call waits for its answer, at
/// most 10 s.
class TestClient {
 public:
  TestClient(const std::string& url, const std::string& client_id);

  /// The CONNACK's reason code, or kNoAnswer. No token: connects without a password.
  int connect(const std::optional<std::string>& token, const ConnectWith& with = {});
  void disconnect();
  bool is_connected() const { return client_->is_connected(); }

  /// The PUBACK's reason code. Success too where nobody subscribes (Paho hides the difference).
  int publish(const Outgoing& message);
  int publish(const std::string& topic, const std::string& payload) {
    return publish(Outgoing{topic, payload});
  }
  /// The SUBACK's reason code; 0 to 2 is the QoS that was granted.
  int subscribe(const std::string& filter, int qos = 0);
  int unsubscribe(const std::string& filter);

  /// Waits for the first message (since the last clear) that the condition holds for.
  std::optional<Received> wait_for(const std::function<bool(const Received&)>& condition);
  std::optional<Received> wait_for_payload(const std::string& payload);
  /// Waits until the broker has cut the connection; false if it has not.
  bool wait_until_cut();
  std::vector<Received> received() const;
  bool has_payload(const std::string& payload) const;
  void clear();

 private:
  void keep(const mqtt::const_message_ptr& message);

  std::string url_;
  std::string client_id_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Received> received_ CONVOKE_GUARDED_BY(mutex_);
  bool cut_ CONVOKE_GUARDED_BY(mutex_) = false;
  std::unique_ptr<mqtt::async_client> client_;  // last: its callbacks use the others
};

}  // namespace convoke::test
