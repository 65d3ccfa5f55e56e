#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "geo/fence_leaf.h"
#include "geo/transition.h"
#include "geo/user_table.h"

namespace convoke::geo {

/// Of a user's last fixes that were looked at, the newest first, in ms before it.
using Ages = std::array<std::uint32_t, 8>;

/// A transition in numbers, as the engine finds it. FenceTracker::describe makes words of it and measures
/// the distance, which costs more than finding it.
struct Crossing {
  /// Of the user's last fix to the edge. Inside, outside: not measured yet.
  enum class Distance : std::uint8_t { none, known, inside, outside };

  std::int64_t time_ms = 0;
  UserHandle user = 0;
  Handle area = 0;
  TransitionKind kind = TransitionKind::enter;
  TransitionReason reason = TransitionReason::position;
  Distance distance = Distance::none;
  std::uint8_t evidence = 0;   // one bit for each of the last fixes that decided, bit 0 the newest
  float acc_m = -1;            // of the user's last fix; negative: not stated
  double distance_m = 0;       // if known
  LatLon at;                   // of the user's last fix
  std::int64_t newest_ms = 0;  // its time
  Ages ages{};                 // of it and those before
};

}  // namespace convoke::geo
