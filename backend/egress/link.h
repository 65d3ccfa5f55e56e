#pragma once

#include <cstdint>
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
  std::string correlation;               // MQTT 5 correlation data
  std::optional<messages::Stamp> stamp;  // the broker plugin's stamp on a chat message
};
/// The broker took publish `number`; reason >= 0x80: refused it.
struct LinkDone {
  std::uint64_t connection;
  std::uint64_t number;
  int reason;
};
using LinkEvent = std::variant<LinkUp, LinkDown, LinkMessage, LinkDone>;

/// A connection to the broker, as the session uses it. What happens comes back as LinkEvents. Methods: from
/// one thread.
class Link {
 public:
  virtual ~Link() = default;

  /// Begins a new connection, giving up the last. LinkUp or LinkDown follows.
  virtual void connect(const std::string& token) = 0;
  /// Ends the connection cleanly, waiting two seconds at most.
  virtual void disconnect() = 0;

  /// A topic filter, and which retained messages come with a subscription to it: those of a filter that is
  /// new to the broker's session, or all of them each time.
  struct Filter {
    std::string text;
    int qos = 1;
    bool always_retained = false;
  };
  virtual void subscribe(const std::vector<Filter>& filters) = 0;
  virtual void unsubscribe(const std::string& filter) = 0;
  /// Sends; for QoS 1 a LinkDone with this number follows, unless the link goes down first.
  virtual void publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                       const std::string& correlation, std::uint64_t number) = 0;

  /// Counts connections; that of the last `connect`.
  virtual std::uint64_t connection() const = 0;
};

}  // namespace convoke::egress
