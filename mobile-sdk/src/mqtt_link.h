#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mobile-sdk/src/link.h"

namespace convoke::sdk {

/// One MQTT 5 connection through Eclipse Paho's C++ library; the only file that knows it. Connects when told,
/// never by itself. The commands belong to one thread; `sink` is called on Paho's threads and must only pass
/// the event on.
class MqttLink {
 public:
  struct Config {
    std::vector<std::string> brokers;
    std::string client_id;
    std::string user;
    std::string ca_file;
    int keepalive_s = 30;
    std::uint32_t session_expiry_s = 86'400;
  };
  using Sink = std::function<void(LinkEvent)>;

  /// Throws std::runtime_error if Paho refuses a broker's address.
  MqttLink(Config config, Sink sink);
  /// Gives a goodbye that is under way one second to go out, then cuts the connection. No callback runs any
  /// more when this returns.
  ~MqttLink();
  MqttLink(const MqttLink&) = delete;
  MqttLink& operator=(const MqttLink&) = delete;

  /// Only when the last one's LinkDown has come. Its answer is at most one LinkUp, then one LinkDown.
  void connect(const ConnectCommand& command, const std::string& token);
  /// Says goodbye after what was published before, without the will, so that the LinkDown comes soon. Does
  /// nothing to an attempt under way, which goes on to its LinkUp or LinkDown.
  void disconnect();
  void publish(const PublishCommand& command);
  void subscribe(const SubscribeCommand& command);
  void unsubscribe(const UnsubscribeCommand& command);

 private:
  struct Connection;  // Paho's client and what it calls

  const Config config_;
  const std::unique_ptr<Connection> connection_;
};

}  // namespace convoke::sdk
