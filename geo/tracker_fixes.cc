#include <algorithm>
#include <array>
#include <cmath>

#include "geo/tracker_impl.h"

// A fix on its way to decisions: believed or not, compared with the user's room, and only then looked at.
namespace convoke::geo {

std::optional<bool> on_level(const Area& area, const Position& p) {
  if (area.altitude_m) {
    if (!p.alt_m) return std::nullopt;
    if (*p.alt_m < area.altitude_m->low || *p.alt_m > area.altitude_m->high) return false;
  }
  if (area.floor) {
    if (!p.floor) return std::nullopt;
    if (*p.floor < area.floor->low || *p.floor > area.floor->high) return false;
  }
  return true;
}

void FenceTracker::Impl::take(UserHandle user, const Position& position, const FenceLeaf* leaf,
                              Crossings& out) {
  if (!rule.smoothing) return count(user, position, leaf, out);
  // Whoever goes on sending is there: another device of theirs may have said goodbye.
  if (!absent_since.empty() && position.time_ms > users.last(user).time_ms) absent_since.erase(user);
  const std::uint32_t window = rule.track.reorder_ms;
  if (window == 0) return judge(user, position, leaf, out);
  reordering[user].buffer.push(position, window);
  release(user, out);
}

/// Whether fixes may be taken by a comparison alone, as `stays` does.
bool FenceTracker::Impl::takes_short_cuts() const {
  return rule.shortcut && (!rule.smoothing || (rule.track.reorder_ms == 0 && absent_since.empty()));
}

/// Whether the fix counts at once, and nothing can come of it. False if that is not sure.
bool FenceTracker::Impl::stays(const LastFix& last, const CompactPosition& fix) const {
  if (!last.has_room(fix.at)) return false;
  if (!rule.smoothing) return true;
  const double accuracy = fix.acc_m >= 0 ? fix.acc_m : rule.track.assumed_accuracy_m;
  return fix.time_ms > last.time_ms && !last.held && accuracy <= rule.track.max_accuracy_m &&
         plausible(rule.track, last.at, last.time_ms, fix.at, fix.time_ms);
}

/// What one loop asks memory for has come when the next one looks at it.
void FenceTracker::Impl::take_all(std::span<const UserFix> batch, Crossings& out) {
  constexpr std::size_t kMost = FenceCells::kMost;
  for (; batch.size() > kMost; batch = batch.subspan(kMost)) take_all(batch.first(kMost), out);
  for (const UserFix& fix : batch) __builtin_prefetch(&users.last(fix.user), 1);
  // Those for whom a comparison will not do. Their room ends here, so that their next fixes wait for this
  // one.
  std::array<std::uint8_t, kMost> far;
  std::array<LatLon, kMost> points;
  std::size_t count = 0;
  const bool short_cuts = takes_short_cuts();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& [fix, user] = batch[i];
    LastFix& last = users.last(user);
    if (short_cuts && stays(last, fix)) {
      last.stay(fix);
      continue;
    }
    last.leave_room();
    users.prefetch(user);
    points[count] = fix.at;
    far[count++] = static_cast<std::uint8_t>(i);
  }
  std::array<const FenceLeaf*, kMost> leaves;
  index.leaves({points.data(), count}, {leaves.data(), count});
  const std::uint64_t cuts = index.cuts();
  for (std::size_t k = 0; k < count; ++k) {
    const UserHandle user = batch[far[k]].user;
    users.prefetch_pairs(user);
    if (users.last(user).undecided) __builtin_prefetch(&ages[ages_place[user]]);
  }
  for (std::size_t k = 0; k < count; ++k)
    take(batch[far[k]].user, batch[far[k]].position.position(), index.cuts() == cuts ? leaves[k] : nullptr,
         out);
}

void FenceTracker::Impl::judge(UserHandle user, const Position& fix, const FenceLeaf* leaf, Crossings& out) {
  LastFix& last = users.last(user);
  if (last.time_ms != LastFix::kNone && fix.time_ms <= last.time_ms) return;
  if (!usable_accuracy_m(rule.track, fix)) return;
  if (last.held || (last.time_ms != LastFix::kNone &&
                    !plausible(rule.track, last.at, last.time_ms, fix.at, fix.time_ms))) {
    const Position before = last.position();
    const auto waiting = held.find(user);
    const Position* const waits = last.held ? &waiting->second : nullptr;
    if (waits != nullptr && fix.time_ms <= waits->time_ms) return;
    const Belief belief =
        geo::judge(rule.track, last.time_ms == LastFix::kNone ? nullptr : &before, waits, fix);
    if (belief == Belief::held) {
      held[user] = fix;
      last.held = true;
      return;
    }
    if (belief == Belief::both_count) {
      count(user, Position(waiting->second), nullptr, out);
      leaf = nullptr;  // that may have cut it
    }
    if (last.held) held.erase(user);
    last.held = false;
  }
  count(user, fix, leaf, out);
}

void FenceTracker::Impl::count(UserHandle user, const Position& fix, const FenceLeaf* leaf, Crossings& out) {
  LastFix& last = users.last(user);
  const CompactPosition compact(fix);
  if (rule.shortcut && last.has_room(fix.at)) return last.stay(compact);
  last.leave_room();
  const std::size_t first = out.size();
  if (last.undecided) grow_older(user, fix);
  if (passable > 0 && last.time_ms != LastFix::kNone) {
    const Position before = last.position();
    last.set(compact);
    report_passes(user, before, fix, out);
  } else {
    last.set(compact);
  }
  decide(user, fix, leaf, out);
  sort_from(out, first);
}

/// Of who is undecided all are known. For others only the newest fix can be evidence.
Ages FenceTracker::Impl::ages_of(UserHandle user) const {
  if (!users.last(user).undecided) return {};
  return ages[ages_place[user]];
}

/// Keeps the times of the fixes that may decide, so that they can be named.
void FenceTracker::Impl::grow_older(UserHandle user, const Position& fix) {
  const LastFix& last = users.last(user);
  Ages& known = ages[ages_place[user]];
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  const auto step =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(fix.time_ms - last.time_ms, 0, kMost));
  for (std::size_t i = known.size() - 1; i > 0; --i)
    known[i] = known[i - 1] > kMost - step ? kMost : known[i - 1] + step;
}

void FenceTracker::Impl::set_undecided(UserHandle user, bool undecided) {
  LastFix& last = users.last(user);
  if (last.undecided == undecided) return;
  last.undecided = undecided;
  if (!undecided) return free_ages.push_back(ages_place[user]);
  if (free_ages.empty()) {
    free_ages.push_back(static_cast<std::uint32_t>(ages.size()));
    ages.emplace_back();
  }
  if (ages_place.size() <= user) ages_place.resize(user + 1);
  ages_place[user] = free_ages.back();
  free_ages.pop_back();
  ages[ages_place[user]] = {};
}

void FenceTracker::Impl::decide(UserHandle user, const Position& fix, const FenceLeaf* leaf, Crossings& out) {
  LastFix& last = users.last(user);
  std::optional<Box> room;
  if (rule.shortcut && last.wants_room())
    room = index.locate(fix.at, covering, leaf);
  else
    index.covering(fix.at, covering, leaf);
  users.move_to(user, leaf != nullptr ? leaf->block() : block_of(fix.at));
  const bool level = leveled > 0 && settle_levels(user, fix);
  bool settled = true, undecided = false;
  auto& pairs = users.state(user).pairs;
  auto at = pairs.begin();
  for (std::size_t i = 0; i < covering.size() || at != pairs.end();) {
    const bool covered = i < covering.size() && (at == pairs.end() || covering[i] <= at->area);
    if (covered && (at == pairs.end() || covering[i] < at->area)) at = insert(user, at, covering[i]);
    i += covered ? 1 : 0;
    if (at->inside != covered || !at->settled()) {
      decide_pair(user, *at, covered, fix, leaf, out);
      if (!at->inside && at->settled()) {
        settled &= !covered;
        at = remove(user, at);
        continue;
      }
      settled &= at->settled() && at->inside == covered;
      undecided |= !at->settled();
      if (!covered) note_stray(user, *at);
    }
    ++at;
  }
  if (last.undecided != undecided) set_undecided(user, undecided);
  if (room && settled && !level)
    last.room = *room;
  else
    last.no_room();
}

/// An area with limits of height counts as covering a fix on its levels; one that does not say its height
/// leaves everything as it is. True if there is any here.
bool FenceTracker::Impl::settle_levels(UserHandle user, const Position& fix) {
  bool any = false;
  std::erase_if(covering, [&](Handle area) {
    if (!areas[area].levels) return false;
    any = true;
    const auto on = on_level(index.area(area), fix);
    if (on) return !*on;
    const Pair* known = pair(user, area);
    return known == nullptr || !known->inside;
  });
  return any;
}

void FenceTracker::Impl::decide_pair(UserHandle user, Pair& pair, bool covered, const Position& fix,
                                     const FenceLeaf* leaf, Crossings& out) {
  PairState& state = pair;
  if (!rule.smoothing) {
    state.inside = covered;
    return report(user, pair.area, covered ? TransitionKind::enter : TransitionKind::exit,
                  TransitionReason::position, fix.time_ms,
                  covered ? Crossing::Distance::inside : Crossing::Distance::outside, 0, 1, out);
  }
  const AreaRule& area_rule = areas[pair.area].rule;
  if (state.dwell_since_ms != PairState::kNoDwell) {
    const std::int64_t until = std::min(fix.time_ms, fresh_until(user, fix.time_ms - ages_of(user)[1]));
    if (const std::int64_t due = due_ms(state, area_rule); due <= until)
      carry_out(user, pair.area, elapse(state, area_rule, until), due, covered, out, 1);
  }
  if (state.inside == covered) return agree(state, area_rule);
  const std::int64_t dwelt_since_ms = state.dwell_since_ms;
  const bool evident = is_evident(pair, covered, fix, leaf);
  carry_out(user, pair.area, disagree(state, area_rule, evident, fix.time_ms), fix.time_ms, covered, out);
  if (state.dwell_since_ms != dwelt_since_ms && state.dwell_since_ms != PairState::kNoDwell)
    timers.push({due_ms(state, area_rule), Timer::Kind::dwell, user, pair.area});
}

/// Whether a fix on the other side of the edge lies beyond it by the margin.
bool FenceTracker::Impl::is_evident(const Pair& pair, bool covered, const Position& fix,
                                    const FenceLeaf* leaf) const {
  const auto& [area_rule, depth, levels] = areas[pair.area];
  const double margin = margin_m(area_rule, pair.inside, *usable_accuracy_m(rule.track, fix), depth);
  if (levels) return evident(pair.inside, std::abs(distance_of(pair.area, covered, fix.at)), margin);
  if (const auto beyond = index.beyond(pair.area, fix.at, margin, leaf)) return *beyond;
  const auto distance = index.distance_m(pair.area, fix.at, margin);
  return !distance || evident(pair.inside, *distance, margin);
}

/// Signed as the index says who is inside: rounding must not let the two disagree. An area that is left
/// by height is as far as its rule may ask.
double FenceTracker::Impl::distance_of(Handle area, bool covered, LatLon at) const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double distance = index.distance_m(area, at, kInfinity).value_or(0);
  if (covered) return -distance;
  return areas[area].levels && index.covers(area, at) ? kInfinity : std::max(distance, 1e-9);
}

void FenceTracker::Impl::report_passes(UserHandle user, const Position& before, const Position& fix,
                                       Crossings& out) {
  const LatLon from = before.at;
  const auto on = [&](Handle area, const Position& p) {
    return on_level(index.area(area), p).value_or(false);
  };
  for (const Handle area : index.crossed(from, fix.at)) {
    if (!areas[area].rule.pass_through || pair(user, area) != nullptr) continue;
    if (areas[area].levels && !(on(area, before) && on(area, fix))) continue;
    if (index.covers(area, from) || index.covers(area, fix.at)) continue;
    report(user, area, TransitionKind::pass_through, TransitionReason::position, fix.time_ms,
           Crossing::Distance::known, index.signed_distance_m(area, fix.at), 1, out);
  }
}

}  // namespace convoke::geo
