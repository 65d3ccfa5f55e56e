#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "geo/fence_index.h"
#include "geo/position.h"

namespace convoke::geo {

/// How positions become decisions. `plain()` switches every smoothing off: then each fix is inside or
/// outside, and none of the other members counts.
struct Rule {
  bool smoothing = true;
  double enter_margin_m = 0;  // inside by more than this to enter; 0 or more
  double exit_margin_m = 10;  // outside by more than this, or by the fix's accuracy if larger, to exit
  double max_accuracy_margin_m = 100;  // … of which no more than this counts
  double max_accuracy_m = 200;         // a fix known less well than this decides nothing
  // A fix that needs more speed than this since the last one waits until the next fix agrees with it; the
  // time between two fixes counts as one second at least.
  double max_speed_mps = 100;
  static Rule plain() { return Rule{.smoothing = false}; }
  std::string_view name() const { return smoothing ? "default" : "plain"; }
};

enum class TransitionKind : std::uint8_t { enter, exit };
enum class TransitionReason : std::uint8_t {
  position,
  area_created,
  area_changed,
  area_removed,
  user_erased
};
std::string_view to_string(TransitionKind kind);
std::string_view to_string(TransitionReason reason);

/// A fact: this user came into, or went out of, this area.
struct Transition {
  std::int64_t time_ms = 0;  // of the fix that decided; of the change, where an area changed
  std::string user;
  std::string area;
  TransitionKind kind = TransitionKind::enter;
  TransitionReason reason = TransitionReason::position;
  // Signed distance of the deciding fix to the edge, negative inside; NaN if no fix decided.
  double distance_m = 0;
  std::optional<double> acc_m;  // of the deciding fix
};

/// Remembers for every user the last position and the areas they are in, and says what changes. Not
/// thread-safe. The index belongs to the caller's side of the same thread and is changed only through
/// put_area / erase_area, so that those inside or near get their transitions.
class FenceTracker {
 public:
  explicit FenceTracker(Rule rule = {});
  ~FenceTracker();
  FenceTracker(FenceTracker&&) noexcept;
  FenceTracker& operator=(FenceTracker&&) noexcept;

  const FenceIndex& index() const;

  /// Takes one fix, its place in range. Transitions of the same fix are ordered by area id. A fix older than
  /// the user's last one is ignored with smoothing on; with the plain rule fixes count in the order in which
  /// they come. A fix that was held for its speed and is confirmed by this one decides first, with its own
  /// time.
  std::vector<Transition> fix(std::string_view user, const Position& position);

  /// Adds or changes an area; re-evaluates everyone by their last position. Transitions here and below are
  /// ordered by user (by area for one user).
  std::vector<Transition> put_area(Area area, std::int64_t now_ms);
  /// Removes an area: everyone inside exits, reason area_removed. Unknown id: nothing.
  std::vector<Transition> erase_area(std::string_view id, std::int64_t now_ms);
  /// Forgets a user: exits from all areas, reason user_erased.
  std::vector<Transition> erase_user(std::string_view user, std::int64_t now_ms);

  /// Puts a user back as stored before a restart; makes no transition. Areas that do not exist are left out.
  void restore(std::string_view user, const std::optional<Position>& last,
               const std::vector<std::string>& inside);

  /// Areas the user is in, in order of id.
  std::vector<std::string> inside(std::string_view user) const;
  /// The user's last fix that counted.
  std::optional<Position> last(std::string_view user) const;
  /// How many users are in the area.
  std::size_t occupancy(std::string_view area) const;
  std::size_t users() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace convoke::geo
