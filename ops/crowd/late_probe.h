#pragma once

#include <string>

#include "topics/ids.h"

namespace convoke::crowd {

/// What happened to somebody who, with a member's rights, came to a chat after its end.
struct LateProbe {
  std::string error;               // empty: it could ask
  int publish_code = 0;            // reason of the PUBACK
  bool subscribe_refused = false;  // every filter
  int delivered = 0;               // messages that came nevertheless
  bool refused() const {
    return error.empty() && publish_code >= 0x80 && subscribe_refused && delivered == 0;
  }
};

/// Connects on its own (device "late"), publishes a message, subscribes to chat, header and list, and listens
/// for a moment. Blocks for up to three seconds.
LateProbe probe_closed_chat(const std::string& broker, const topics::SiteId& site, const topics::UserId& user,
                            const topics::GroupId& group, const std::string& token);

inline constexpr const char* kLateDevice = "late";

}  // namespace convoke::crowd
