#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cmath>
#include <limits>
#include <queue>
#include <string_view>
#include <tuple>
#include <vector>

#include "geo/fence_tracker.h"

namespace convoke::geo {

/// Something that time alone brings. Looked at when due, and then perhaps found to be past.
struct Timer {
  enum class Kind : std::uint8_t { dwell, silence, absence, reorder, schedule };
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  std::int64_t due_ms;
  Kind kind;
  UserHandle user;
  Handle area;
  bool operator<(const Timer& other) const {  // the greatest is the earliest
    if (due_ms != other.due_ms) return due_ms > other.due_ms;
    return std::tie(kind, user, area) > std::tie(other.kind, other.user, other.area);
  }
};

/// Whether the fix is on the area's levels; nothing if it does not say.
std::optional<bool> on_level(const Area& area, const Position& p);

/// What is behind a tracker. Its functions are in the files tracker_fixes, tracker_time, tracker_areas and
/// tracker_transitions.
struct FenceTracker::Impl {
  using Crossings = std::vector<Crossing>;

  /// What a decision asks about an area: one line of the processor's cache.
  struct alignas(64) AreaState {
    AreaRule rule;
    float depth_m = 0;    // as FenceIndex::depth_m, if the rule asks for it
    bool levels = false;  // it has limits of height
  };
  static_assert(sizeof(AreaState) == 64);
  /// What is asked less often.
  struct AreaTimes {
    std::string_view rule_name;
    std::int64_t timer_ms = Timer::kNever;  // when the timer of its hours that counts is due
  };
  /// A user's fixes that wait, and when the timer of theirs that counts is due.
  struct Reordering {
    ReorderBuffer buffer;
    std::int64_t timer_ms = Timer::kNever;
  };

  explicit Impl(Rule r) : rule(r) {}

  Rule rule;
  FenceIndex index;
  std::vector<AreaState> areas;  // by handle
  std::vector<AreaTimes> times;  // by handle
  std::vector<std::uint32_t>
      occupancy;  // users in the area, by handle; alone, so that much of it stays in the cache
  UserTable users;
  // Of the last fixes of those who are undecided; where, by user's number; and which of them are nobody's.
  std::vector<Ages> ages;
  std::vector<std::uint32_t> ages_place, free_ages;
  std::priority_queue<Timer> timers;
  boost::unordered_flat_map<UserHandle, Position> held;              // asked for too much speed
  boost::unordered_flat_map<UserHandle, Reordering> reordering;      // that hold something
  boost::unordered_flat_map<UserHandle, std::int64_t> absent_since;  // presence ended then
  // Who may have a pair with an area that their last fix is not in. All others are found by place.
  boost::unordered_flat_map<Handle, boost::unordered_flat_set<UserHandle>> strays;
  std::vector<Handle> switched;  // areas that opened or closed
  std::size_t passable = 0;      // areas that report who passes through
  std::size_t leveled = 0;       // areas with limits of height
  // Of the fix in hand; kept for their memory.
  std::vector<Handle> covering;
  Crossings found;

  // Pairs.

  static Pairs::iterator place(UserState& user, Handle area);
  Pair* pair(UserHandle user, Handle area);
  Pairs::iterator insert(UserHandle user, Pairs::iterator at, Handle area) {
    return users.state(user).pairs.insert(at, Pair{{}, false, area});
  }
  Pairs::iterator remove(UserHandle user, Pairs::iterator at);
  void note_stray(UserHandle user, Pair& pair);
  void forget_stray(UserHandle user, Handle area);

  // Transitions.

  void report(UserHandle user, Handle area, TransitionKind kind, TransitionReason reason,
              std::int64_t time_ms, Crossing::Distance distance, double distance_m, unsigned evidence,
              Crossings& out);
  void carry_out(UserHandle user, Handle area, const Verdict& verdict, std::int64_t time_ms, bool covered,
                 Crossings& out, unsigned fixes_since = 0);
  Pairs::iterator drop(UserHandle user, Pairs::iterator at, TransitionReason reason, std::int64_t time_ms,
                       Crossings& out);
  void drop_all(UserHandle user, TransitionReason reason, std::int64_t time_ms, Crossings& out);
  Transition describe(const Crossing& crossing) const;
  std::vector<Transition> describe(const Crossings& crossings) const;
  std::vector<Transition> describe_by_user(const Crossings& crossings) const;

  // Fixes. `leaf`: the leaf of the map that holds the fix, if it is known.

  void take(UserHandle user, const Position& position, const FenceLeaf* leaf, Crossings& out);
  void take_all(std::span<const UserFix> batch, Crossings& out);
  bool takes_short_cuts() const;
  bool stays(const LastFix& last, const CompactPosition& fix) const;
  void judge(UserHandle user, const Position& fix, const FenceLeaf* leaf, Crossings& out);
  void count(UserHandle user, const Position& fix, const FenceLeaf* leaf, Crossings& out);
  // A part of `count`, which no other calls.
  [[gnu::always_inline]] inline void decide(UserHandle user, const Position& fix, const FenceLeaf* leaf,
                                            Crossings& out);
  void decide_pair(UserHandle user, Pair& pair, bool covered, const Position& fix, const FenceLeaf* leaf,
                   Crossings& out);
  bool is_evident(const Pair& pair, bool covered, const Position& fix, const FenceLeaf* leaf) const;
  bool settle_levels(UserHandle user, const Position& fix);
  Ages ages_of(UserHandle user) const;
  void grow_older(UserHandle user, const Position& fix);
  void set_undecided(UserHandle user, bool undecided);
  double distance_of(Handle area, bool covered, LatLon at) const;
  void report_passes(UserHandle user, const Position& before, const Position& fix, Crossings& out);
  void sort_from(Crossings& crossings, std::size_t first) const;

  // Time.

  void watch(UserHandle user);
  std::int64_t fresh_until(UserHandle user) const { return fresh_until(user, users.last(user).time_ms); }
  std::int64_t fresh_until(UserHandle user, std::int64_t last_ms) const;
  bool leave_if_silent(UserHandle user, std::int64_t now_ms, Crossings& out);
  void due(const Timer& timer, std::int64_t now_ms, Crossings& out);
  void silence_due(UserHandle user, std::int64_t now_ms, Crossings& out);
  void dwell_due(const Timer& timer, Crossings& out);
  void reorder_due(const Timer& timer, std::int64_t now_ms, Crossings& out);
  void schedule_due(const Timer& timer, Crossings& out);
  void release(UserHandle user, Crossings& out);
  void presence(UserHandle user, bool present, std::int64_t now_ms);

  // Areas.

  std::vector<Transition> put(Area area, std::int64_t now_ms);
  std::vector<Transition> erase(Handle area, std::int64_t now_ms);
  void set_rule(Handle area);
  void set_hours(Handle area, std::int64_t now_ms);
  void follow_hours(Handle area, std::int64_t now_ms, Crossings& out);
  std::vector<UserHandle> concerned(Handle area) const;
  void add_near(std::vector<Box> boxes, std::vector<UserHandle>& near) const;
  void decide_area(Handle area, std::vector<UserHandle> concerned, TransitionReason reason,
                   std::int64_t now_ms, Crossings& out);
  void decide_by_last(UserHandle user, Handle area, TransitionReason reason, std::int64_t now_ms,
                      Crossings& out);
  bool decides(Handle area, bool was_inside, double distance_m, const Position& fix) const;
  void leave_area(Handle area, std::vector<UserHandle> concerned, TransitionReason reason,
                  std::int64_t now_ms, Crossings& out);
};

}  // namespace convoke::geo
