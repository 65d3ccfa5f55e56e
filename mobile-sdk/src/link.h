#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "topics/messages/chat.h"

/// What the session and the MQTT connection tell one another: values only.
namespace convoke::sdk {

/// Both clocks at one instant: steady for intervals, unix for numbers that others see.
struct Now {
  std::int64_t steady_ms = 0;
  std::int64_t unix_ms = 0;
};

// ---- Session → connection ---------------------------------------------------------------------------------

struct ConnectCommand {
  std::size_t attempt = 0;   // picks the broker
  bool fresh_token = false;  // the last one was refused
  std::string will_topic;    // retained, QoS 1
  std::string will_payload;
};
/// After what was published before; the broker forgets the will. Hastens the LinkDown.
struct DisconnectCommand {};
struct PublishCommand {
  std::uint64_t ticket = 0;  // comes back in PublishDone; 0: nobody asks
  std::string topic;
  std::string payload;
  int qos = 1;
  bool retain = false;
};
struct SubscribeCommand {
  std::uint64_t ticket = 0;
  std::vector<std::pair<std::string, int>> filters;  // with QoS
};
struct UnsubscribeCommand {
  std::vector<std::string> filters;
};
using Command =
    std::variant<ConnectCommand, DisconnectCommand, PublishCommand, SubscribeCommand, UnsubscribeCommand>;

// ---- Connection → session ---------------------------------------------------------------------------------

// Each ConnectCommand is answered by at most one LinkUp and then exactly one LinkDown.

struct LinkUp {
  bool session_present = false;
};
/// The connection ended, or an attempt failed. `code` is the broker's MQTT 5 reason code, 0 if it gave none.
struct LinkDown {
  int code = 0;
  std::string reason;
};
struct Arrived {
  std::string topic;
  std::string payload;
  messages::Stamp stamp;  // n is 0 if the message carried none
};
struct PublishDone {
  std::uint64_t ticket = 0;
  int code = 0;  // below 0x80: the broker took it; -1: never sent
};
struct SubscribeDone {
  std::uint64_t ticket = 0;
  std::vector<int> codes;  // one for each filter
};
using LinkEvent = std::variant<LinkUp, LinkDown, Arrived, PublishDone, SubscribeDone>;

}  // namespace convoke::sdk
