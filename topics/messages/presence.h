#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "topics/messages/result.h"

namespace convoke::messages {

/// A user is available if any device is; else the best of its devices in this order.
enum class PresenceState : std::uint8_t { available, away, busy, offline };

std::string_view to_string(PresenceState state);
std::optional<PresenceState> parse_presence_state(std::string_view text);

/// Payload of `…/presence`, retained, and of the connection's will (state offline, the same number).
///   {"state":"available","n":1767225600000}
/// `n` is the connect number: it grows with each connect of the device (Unix milliseconds at connect, or one
/// more than the last). A message with a smaller number than the last one seen is ignored.
struct Presence {
  PresenceState state = PresenceState::offline;
  std::uint64_t connect_number = 0;  // 1 to 2^53 - 1
};

[[nodiscard]] Result<Presence> decode_presence(std::string_view payload);
std::string encode(const Presence&);

}  // namespace convoke::messages
