#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "geo/area_rule.h"
#include "geo/crossing.h"
#include "geo/fence_index.h"
#include "geo/position.h"
#include "geo/safe_region.h"
#include "geo/track.h"
#include "geo/transition.h"
#include "geo/user_table.h"

namespace convoke::geo {

/// How positions become decisions.
struct Rule {
  bool smoothing = true;  // false: each fix is inside or outside, and none of the members below counts
  TrackRule track;
  AreaRule area = AreaRule::balanced();  // of the areas that state none
  bool shortcut = true;                  // false only to measure what it brings: no decision depends on it

  static Rule plain() { return {.smoothing = false, .track = {}, .area = AreaRule::strict()}; }
  std::string_view name() const { return smoothing ? area.name() : "plain"; }
};

/// A fix and whose it is.
struct UserFix {
  CompactPosition position;
  UserHandle user;
};

/// Remembers for every user the last position and the areas they are in, and says what changes:
/// docs/geofence.md has the rule. Not thread-safe. All time comes in: that of a fix is when it was measured,
/// `now_ms` is the caller's clock, the same kind of time. Where a call returns transitions of several
/// users they are in order of user, and of area for one user.
class FenceTracker {
 public:
  explicit FenceTracker(Rule rule = {});
  ~FenceTracker();
  FenceTracker(FenceTracker&&) noexcept;
  FenceTracker& operator=(FenceTracker&&) noexcept;

  const FenceIndex& index() const;
  const Rule& rule() const;

  /// Takes one fix, its place in range. Transitions are in order of time, then of area id. With smoothing a
  /// fix that is not newer than the user's last one is dropped, and some wait for others to come
  /// (TrackRule); with the plain rule fixes count in the order in which they come.
  std::vector<Transition> fix(std::string_view user, const Position& position);
  /// The same without looking for the name: appends to `out`. The user's number is good until the user is
  /// erased.
  UserHandle intern(std::string_view user);
  void fix(UserHandle user, const Position& position, std::vector<Transition>& out);
  /// For hot paths: many at once, in their order, and what came of them in numbers; appends to `out`. Batches
  /// of 64 do. Time does not pass meanwhile: whoever has timers calls `advance` in between.
  void fixes(std::span<const UserFix> batch, std::vector<Crossing>& out);
  /// What a crossing is in words. To be asked before an area changes or a user is erased.
  Transition describe(const Crossing& crossing) const;

  /// What time alone decides, up to now: dwells that end, users of whom nothing is heard, hours at which
  /// areas open or close, and fixes that waited long enough.
  std::vector<Transition> advance(std::int64_t now_ms);
  /// The areas that opened or closed in `advance` since this was last asked.
  std::vector<Area> take_switched();
  /// When `advance` is to be called next; nothing if only fixes can change anything.
  std::optional<std::int64_t> next_due_ms() const;
  /// The user's presence began or ended. Without any call a user counts as present.
  void presence(std::string_view user, bool present, std::int64_t now_ms);

  /// Adds or changes an area; decides by their last positions for those whom it may concern.
  std::vector<Transition> put_area(Area area, std::int64_t now_ms);
  /// Many, before there are users; quicker than one by one.
  void load_areas(std::vector<Area> areas, std::int64_t now_ms);
  /// Removes an area: everyone inside exits, reason area_removed. Unknown id: nothing.
  std::vector<Transition> erase_area(std::string_view id, std::int64_t now_ms);
  /// Forgets a user: exits from all areas, reason user_erased.
  std::vector<Transition> erase_user(std::string_view user, std::int64_t now_ms);

  /// Puts a user back as stored before a restart; makes no transition. Areas that do not exist are left out.
  void restore(std::string_view user, const std::optional<Position>& last,
               const std::vector<std::string>& inside);

  /// Once all are restored: who is in or out because areas opened or closed meanwhile, reason schedule.
  std::vector<Transition> resume(std::int64_t now_ms);

  /// Areas the user is in, in order of id.
  std::vector<std::string> inside(std::string_view user) const;
  /// The user's last fix that counted.
  std::optional<Position> last(std::string_view user) const;
  /// True if a decision is under way: fixes are wanted until it is made.
  bool undecided(std::string_view user) const;
  /// The region around that fix in which no fix could change a decision. Nothing if there is no such fix, if
  /// a decision is under way (the user is in areas that the fix is not in, or the other way round, or a fix
  /// waits), in areas with limits of height, or where there is no safe_region().
  std::optional<SafeRegion> safe_region(std::string_view user, const SafeRegionLimits& limits = {}) const;
  /// How many users are in the area.
  std::size_t occupancy(std::string_view area) const;
  std::size_t users() const;
  /// Timers that wait, for tests: how much there is to look at as time goes by.
  std::size_t timers() const;
  /// Memory of all users; an estimate.
  std::size_t user_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace convoke::geo
