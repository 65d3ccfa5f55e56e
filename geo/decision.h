#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

#include "geo/area_rule.h"

/// The decision rule for one user and one area: a pure function of the rule, what is remembered, and the next
/// counted fix. docs/geofence.md says it in words.
namespace convoke::geo {

/// What is remembered of one user and one area. Fresh: outside, nothing pending.
struct PairState {
  static constexpr std::int64_t kNoDwell = std::numeric_limits<std::int64_t>::min();

  std::int64_t dwell_since_ms = kNoDwell;  // event time of the fix that confirmed, while a dwell runs
  // One bit for each of the user's last AreaRule::of_last counted fixes, bit 0 the newest: it was evidence
  // against `inside`.
  std::uint8_t evidence = 0;
  bool inside = false;

  /// Nothing pending: a fix on the same side changes nothing, and a user outside need not be remembered.
  bool settled() const { return evidence == 0; }
  friend bool operator==(const PairState&, const PairState&) = default;
};
static_assert(sizeof(PairState) == 16);

/// A counted fix as one area sees it.
struct Evidence {
  double signed_distance_m = 0;  // to the edge, negative inside
  double accuracy_m = 0;         // 68 % radius; the assumed one if the fix has none
  std::int64_t time_ms = 0;      // of the fix; later than that of the fix before
};

enum class Decision : std::uint8_t { none, enter, exit };

struct Verdict {
  Decision decision = Decision::none;
  std::uint8_t evidence = 0;  // the fixes that decided, as in PairState; 0 if nothing is decided
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// How far beyond the edge, seen from where the user is, a fix of this accuracy must lie to be evidence.
/// `depth_m`: the distance of the area's innermost point from the edge.
inline double margin_m(const AreaRule& rule, bool inside, double accuracy_m, double depth_m) {
  if (inside) return std::max(rule.exit_margin_m, rule.exit_margin_accuracy * accuracy_m);
  const double margin = std::max(rule.enter_margin_m, rule.enter_margin_accuracy * accuracy_m);
  if (rule.enter_margin_share <= 0) return margin;
  return std::min(margin, rule.enter_margin_share * std::max(depth_m, accuracy_m));
}

/// Whether a fix so far beyond the edge is evidence.
inline bool evident(bool inside, double beyond_m, double margin_m) {
  return inside ? beyond_m > margin_m : beyond_m >= margin_m;
}

/// When the running dwell ends if no fix comes between; the largest number if none runs.
inline std::int64_t due_ms(const PairState& state, const AreaRule& rule) {
  if (state.dwell_since_ms == PairState::kNoDwell) return std::numeric_limits<std::int64_t>::max();
  return state.dwell_since_ms + (state.inside ? rule.exit_dwell_ms : rule.enter_dwell_ms);
}

/// Decides if the dwell has ended by then; the transition's time is due_ms() of the state before. To be
/// called when the time has come, and before step() and agree() with the fix's time, unless the user was
/// stale (TrackRule::stale_ms) when the dwell ended.
inline Verdict elapse(PairState& state, const AreaRule& rule, std::int64_t time_ms) {
  if (time_ms < due_ms(state, rule)) return {};
  const Verdict verdict{state.inside ? Decision::exit : Decision::enter, state.evidence};
  state = {.inside = !state.inside};
  return verdict;
}

/// A fix on the side where the user is. The same as step(), without a distance.
inline void agree(PairState& state, const AreaRule& rule) {
  state.evidence = static_cast<std::uint8_t>(state.evidence << 1 & ((1 << rule.of_last) - 1));
  state.dwell_since_ms = PairState::kNoDwell;
}

/// A fix on the other side. `evident`: it lies beyond the edge by the margin.
inline Verdict disagree(PairState& state, const AreaRule& rule, bool evident, std::int64_t time_ms) {
  state.evidence =
      static_cast<std::uint8_t>((state.evidence << 1 | int{evident}) & ((1 << rule.of_last) - 1));
  if (std::popcount(state.evidence) < rule.confirm) {
    state.dwell_since_ms = PairState::kNoDwell;
    return {};
  }
  if (state.dwell_since_ms == PairState::kNoDwell) state.dwell_since_ms = time_ms;
  return elapse(state, rule, time_ms);
}

/// Takes the next counted fix. `depth_m` as for margin_m.
inline Verdict step(PairState& state, const AreaRule& rule, double depth_m, const Evidence& fix) {
  const double beyond = state.inside ? fix.signed_distance_m : -fix.signed_distance_m;
  // On the edge is inside.
  if (state.inside ? beyond <= 0 : beyond < 0) {
    agree(state, rule);
    return {};
  }
  const double margin = margin_m(rule, state.inside, fix.accuracy_m, depth_m);
  return disagree(state, rule, evident(state.inside, beyond, margin), fix.time_ms);
}

}  // namespace convoke::geo
