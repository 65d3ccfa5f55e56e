#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Just enough of MQTT 5 to speak to a broker without the SDK: for the probe that knocks at a closed chat,
/// and for light phones.
namespace convoke::crowd::wire {

struct Connect {
  std::string client_id;
  std::string user;
  std::string password;
  std::uint16_t keepalive_s = 60;
  std::string will_topic;  // retained, QoS 1; empty: none
  std::string will_payload;
};

std::string connect(const Connect& connect);
using UserProperties = std::vector<std::pair<std::string, std::string>>;
/// `id` 0: QoS 0, else QoS 1.
std::string publish(std::string_view topic, std::string_view payload, std::uint16_t id, bool retain = false,
                    const UserProperties& properties = {});
std::string subscribe(std::uint16_t id, const std::vector<std::pair<std::string, int>>& filters);
std::string unsubscribe(std::uint16_t id, const std::vector<std::string>& filters);
std::string puback(std::uint16_t id);
std::string ping();
std::string disconnect();

enum class Type : std::uint8_t {
  connack = 2,
  publish = 3,
  puback = 4,
  suback = 9,
  unsuback = 11,
  pong = 13,
  disconnect = 14
};

/// One packet from the broker. Only the fields that its type has are set.
struct Packet {
  Type type = Type::pong;
  std::uint16_t id = 0;    // publish with QoS 1, puback, suback
  int code = 0;            // connack, puback, disconnect: the reason
  std::vector<int> codes;  // suback
  std::string topic;
  std::string payload;
  bool stamped = false;  // publish: it carries a cv-n
};

struct Parsed {
  std::optional<Packet> packet;
  std::size_t size = 0;  // bytes used; 0 with no packet: incomplete
  bool broken = false;   // not MQTT, or a packet over the bound
};

/// Reads the first packet of `bytes`; a packet may be at most 1 MiB.
Parsed parse(std::string_view bytes);

}  // namespace convoke::crowd::wire
