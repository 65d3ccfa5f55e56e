#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "geo/position.h"

/// Which of a user's fixes count, and in which order: the same for all areas of a site.
namespace convoke::geo {

struct TrackRule {
  double max_accuracy_m = 200;     // a fix known less well than this decides nothing; 1 to 100,000
  double assumed_accuracy_m = 25;  // of a fix that does not state it; 0 to 100,000
  // A fix that needs more speed than this since the last one that counted is held until the next one agrees
  // with it; the time between two fixes counts as one second at least. 1 to 100,000.
  double max_speed_mps = 100;
  // Fixes wait for earlier ones until the newest is so much later; 0: none waits, and one that is not later
  // than the last is dropped. To 60,000.
  std::uint32_t reorder_ms = 0;
  // A fix says for so long where a phone is: one that is older when it comes decides nothing, a dwell does
  // not end later than this after the last fix, and who is inside then is out. 1,000 to a day.
  std::uint32_t stale_ms = 1'800'000;
  // The same, counted from when the user's presence ended. 0 to a day.
  std::uint32_t presence_grace_ms = 30'000;

  /// Which member is out of range, and what was expected; empty if none is.
  std::string_view fault() const;

  friend bool operator==(const TrackRule&, const TrackRule&) = default;
};

/// The accuracy to reckon with; nothing if the fix is known too badly to count.
inline std::optional<double> usable_accuracy_m(const TrackRule& rule, const Position& fix) {
  const double accuracy = fix.acc_m.value_or(rule.assumed_accuracy_m);
  return accuracy <= rule.max_accuracy_m ? std::optional(accuracy) : std::nullopt;
}

/// Until when silence means that the user is where the last fix was. `presence_end_ms`: when the user's
/// presence ended; absent while it is live, or where there is none to know, as in a replay.
std::int64_t fresh_until_ms(const TrackRule& rule, std::int64_t last_fix_ms,
                            std::optional<std::int64_t> presence_end_ms);

/// True if somebody can come from one fix to the other, the later one, with no more than max_speed_mps.
bool plausible(const TrackRule& rule, LatLon from, std::int64_t from_ms, LatLon to, std::int64_t to_ms);
inline bool plausible(const TrackRule& rule, const Position& from, const Position& to) {
  return plausible(rule, from.at, from.time_ms, to.at, to.time_ms);
}

enum class Belief : std::uint8_t {
  counts,     // this fix counts; one that was held is dropped
  held,       // this fix waits; one that was held is dropped
  both_count  // the one that was held counts, then this one
};

/// What to make of a fix by the speed that it needs. `last`: the user's last fix that counted; `held`: the
/// one that waits, null if none. Each null or earlier than `fix`.
Belief judge(const TrackRule& rule, const Position* last, const Position* held, const Position& fix);

/// A user's fixes on their way into event order. Any order in which the fixes of a track come, and come
/// again, gives the same fixes in the same order, as long as each comes before one that is `window_ms` newer
/// than it. Of several fixes with the same time the most accurate one is kept (an unknown accuracy is the
/// worst; then the southernmost, then the westernmost). Holds no memory while it is empty.
class ReorderBuffer {
 public:
  /// A window with more fixes than this lets the oldest go early.
  static constexpr std::size_t kMaxHeld = 128;

  enum class Taken : std::uint8_t { kept, duplicate, late };

  /// late: not later than a fix that was let go, or older than the window; it is dropped. duplicate: there is
  /// one of the same time; the better one stays.
  Taken push(const Position& fix, std::uint32_t window_ms);
  /// The server's clock: lets go what is older than the window by it. A fix that comes afterwards is late
  /// only if it is not newer than one that was let go, as a phone's clock may be slow.
  void advance(std::int64_t now_ms, std::uint32_t window_ms);
  /// The next fix that need not wait any longer, oldest first. To be called after push and advance until
  /// there is none.
  std::optional<Position> pop();

  bool empty() const { return held_.empty(); }
  /// When the oldest fix is let go by the server's clock; nothing if none is held.
  std::optional<std::int64_t> due_ms(std::uint32_t window_ms) const;

 private:
  std::vector<Position> held_;  // newest first
  // Fixes up to this time need not wait, and no more may come.
  std::int64_t let_go_ms_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace convoke::geo
