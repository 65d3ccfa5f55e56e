#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::geo {

enum class TransitionKind : std::uint8_t {
  enter,
  exit,
  pass_through  // the way between two fixes led through the area; where asked for
};

/// What made it happen.
enum class TransitionReason : std::uint8_t {
  position,
  area_created,
  area_changed,
  area_removed,
  schedule,       // the area opened or closed, or its lifetime began or ended
  presence_lost,  // the user was not there for longer than the grace time
  stale,          // no fix for too long
  user_erased
};

std::string_view to_string(TransitionKind kind);
std::string_view to_string(TransitionReason reason);

/// The times of the fixes that decided, newest first; none where something else did.
struct DecidingFixes {
  std::array<std::int64_t, 8> time_ms{};
  std::uint8_t count = 0;
};

/// A fact: this user came into, or went out of, this area.
struct Transition {
  std::int64_t time_ms = 0;  // of the fix that decided, or of the change or the moment that did
  std::string user;
  std::string area;
  TransitionKind kind = TransitionKind::enter;
  TransitionReason reason = TransitionReason::position;
  // Signed distance of the user's last fix to the edge, negative inside; NaN if no position played a part.
  double distance_m = 0;
  std::optional<double> acc_m;  // of that fix
  DecidingFixes fixes;
  std::string_view rule;  // its name; a literal
};

}  // namespace convoke::geo
