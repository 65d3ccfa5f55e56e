#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "topics/messages/chat.h"

namespace convoke::egress {

/// What the link tells. `connection` counts connections: what an earlier one still had to say is told apart
/// by it.
struct LinkUp {
  std::uint64_t connection;
  bool session_present;
};
struct LinkDown {
  std::uint64_t connection;
  std::string why;
};
struct LinkMessage {
  std::uint64_t connection;
  std::string topic, payload;
  bool retained = false;
  std::string correlation;               // MQTT 5 correlation data
  std::optional<messages::Stamp> stamp;  // the broker plugin's stamp on a chat message
};
struct LinkDone {
  std::uint64_t connection;
  std::uint64_t number;
  int reason;
};  // the broker took publish `number`; >= 0x80: refused
using LinkEvent = std::variant<LinkUp, LinkDown, LinkMessage, LinkDone>;

struct LinkOptions {
  std::string host;
  int port = 1883;
  std::string client_id;
  std::string will_topic, will_payload;  // retained, QoS 1
};

/// One MQTT 5 connection of the server, over Paho. The session outlives the connection by a day. Everything
/// that happens is handed to `sink`, on Paho's threads: it must only store and return. Methods: from one
/// thread.
class BrokerLink {
 public:
  BrokerLink(LinkOptions options, std::function<void(LinkEvent)> sink);
  ~BrokerLink();

  /// Begins a new connection, giving up the last. LinkUp or LinkDown follows.
  void connect(const std::string& token);
  /// Ends the connection cleanly, waiting two seconds at most.
  void disconnect();

  /// Subscribes; (filter, QoS). Retained messages come only for filters that are new to the session.
  void subscribe(const std::vector<std::pair<std::string, int>>& filters);
  /// Sends; for QoS 1 a LinkDone with this number follows, unless the link goes down first.
  void publish(const std::string& topic, const std::string& payload, int qos, bool retain,
               const std::string& correlation, std::uint64_t number);

  std::uint64_t connection() const { return connection_; }

 private:
  struct Connection;
  LinkOptions options_;
  std::function<void(LinkEvent)> sink_;
  std::uint64_t connection_ = 0;
  std::unique_ptr<Connection> current_;
};

}  // namespace convoke::egress
