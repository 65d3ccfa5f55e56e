#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "topics/messages/presence.h"

namespace convoke::rehearsal {

/// A user's presence from a time on.
struct PresenceChange {
  std::string user;
  std::int64_t time_ms = 0;
  messages::PresenceState state = messages::PresenceState::available;
};

struct PresenceFile {
  std::vector<PresenceChange> changes;  // in order of time; none if there are problems
  std::vector<std::string> problems;    // at most 20: "line 3: expected …"
};

/// Reads CSV: a header `user,time,presence`, then a change a line; times as in fixes, presence one of
/// available, away, busy, offline. At most a million lines.
PresenceFile parse_presences(std::string_view text);

}  // namespace convoke::rehearsal
