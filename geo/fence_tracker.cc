#include "geo/fence_tracker.h"

#include <algorithm>
#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cmath>
#include <limits>
#include <queue>
#include <tuple>
#include <utility>

#include "geo/measure.h"

namespace convoke::geo {
namespace {

constexpr double kNoDistance = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// Something that time alone brings. Looked at when due, and then perhaps found to be past.
struct Timer {
  enum class Kind : std::uint8_t { dwell, silence, absence, reorder, schedule };
  std::int64_t due_ms;
  Kind kind;
  UserHandle user;
  Handle area;
  bool operator<(const Timer& other) const {  // the greatest is the earliest
    if (due_ms != other.due_ms) return due_ms > other.due_ms;
    return std::tie(kind, user, area) > std::tie(other.kind, other.user, other.area);
  }
};

void sort_by_user(std::vector<Transition>& transitions) {
  std::sort(transitions.begin(), transitions.end(), [](const Transition& a, const Transition& b) {
    return std::tie(a.user, a.area) < std::tie(b.user, b.area);
  });
}

/// Of one fix, or of what came due with it.
void sort_from(std::vector<Transition>& transitions, std::size_t first) {
  if (transitions.size() - first < 2) return;
  std::sort(transitions.begin() + static_cast<std::ptrdiff_t>(first), transitions.end(),
            [](const Transition& a, const Transition& b) {
              return std::tie(a.time_ms, a.area) < std::tie(b.time_ms, b.area);
            });
}

bool meet(const Box& a, const Box& b) {
  return a.low.lat <= b.high.lat && b.low.lat <= a.high.lat && a.low.lon <= b.high.lon &&
         b.low.lon <= a.high.lon;
}

/// Whether the fix is on the area's levels; nothing if it does not say.
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

}  // namespace

struct FenceTracker::Impl {
  /// What the tracker keeps of an area.
  struct AreaState {
    AreaRule rule;
    std::string_view rule_name;
    bool levels = false;                            // it has limits of height
    std::size_t inside = 0;                         // users
    std::int64_t timer_ms = kNever;                 // when the timer of its hours that counts is due
    boost::unordered_flat_set<UserHandle> concern;  // who have a pair with it
  };
  /// Of the last fixes that were looked at, the newest first, in ms before it.
  using Ages = std::array<std::uint32_t, 8>;

  /// A user's fixes that wait, and when the timer of theirs that counts is due.
  struct Reordering {
    ReorderBuffer buffer;
    std::int64_t timer_ms = kNever;
  };

  explicit Impl(Rule r) : rule(r) {}

  Rule rule;
  FenceIndex index;
  std::vector<AreaState> areas;  // by handle
  UserTable users;
  std::priority_queue<Timer> timers;
  boost::unordered_flat_map<UserHandle, Position> held;              // asked for too much speed
  boost::unordered_flat_map<UserHandle, Reordering> reordering;      // that hold something
  boost::unordered_flat_map<UserHandle, std::int64_t> absent_since;  // presence ended then
  boost::unordered_flat_map<UserHandle, Ages> ages;                  // of those who are undecided
  std::vector<Handle> switched;                                      // areas that opened or closed
  std::size_t passable = 0;                                          // areas that report who passes through
  std::size_t leveled = 0;                                           // areas with limits of height
  std::vector<Handle> covering;  // of the fix in hand; kept for its memory

  // Pairs.

  Pairs::iterator place(UserState& user, Handle area) {
    return std::lower_bound(user.pairs.begin(), user.pairs.end(), area,
                            [](const Pair& pair, Handle a) { return pair.area < a; });
  }
  Pair* pair(UserHandle user, Handle area) {
    UserState& state = users.state(user);
    const auto it = place(state, area);
    return it != state.pairs.end() && it->area == area ? &*it : nullptr;
  }
  Pairs::iterator insert(UserHandle user, Pairs::iterator at, Handle area) {
    areas[area].concern.insert(user);
    return users.state(user).pairs.insert(at, Pair{{}, area});
  }
  Pairs::iterator remove(UserHandle user, Pairs::iterator at) {
    areas[at->area].concern.erase(user);
    return users.state(user).pairs.erase(at);
  }

  // Transitions.

  DecidingFixes deciding(UserHandle user, unsigned evidence) const {
    DecidingFixes fixes;
    const std::int64_t newest = users.last(user).time_ms;
    const Ages before = ages_of(user);
    for (std::size_t i = 0; i < before.size(); ++i)
      if (evidence >> i & 1) fixes.time_ms[fixes.count++] = newest - before[i];
    return fixes;
  }

  void report(UserHandle user, Handle area, TransitionKind kind, TransitionReason reason,
              std::int64_t time_ms, double distance_m, unsigned evidence, std::vector<Transition>& out) {
    const bool measured = !std::isnan(distance_m);
    const float acc_m = users.last(user).acc_m;
    out.push_back({time_ms, users.name(user), index.area(area).id, kind, reason, distance_m,
                   measured && acc_m >= 0 ? std::optional<double>(acc_m) : std::nullopt,
                   deciding(user, evidence), areas[area].rule_name});
    if (kind == TransitionKind::enter) {
      ++areas[area].inside;
      watch(user);
    } else if (kind == TransitionKind::exit) {
      --areas[area].inside;
    }
  }

  /// What the rule says of one pair, reported. `fixes_since`: how many fixes came after the evidence.
  void carry_out(UserHandle user, Handle area, const Verdict& verdict, std::int64_t time_ms,
                 double distance_m, std::vector<Transition>& out, unsigned fixes_since = 0) {
    if (verdict.decision == Decision::none) return;
    const auto kind = verdict.decision == Decision::enter ? TransitionKind::enter : TransitionKind::exit;
    report(user, area, kind, TransitionReason::position, time_ms, distance_m, verdict.evidence << fixes_since,
           out);
  }

  /// Takes the user out of the area without asking the rule. Returns the place after the pair.
  Pairs::iterator drop(UserHandle user, Pairs::iterator at, TransitionReason reason, std::int64_t time_ms,
                       std::vector<Transition>& out) {
    if (at->inside) report(user, at->area, TransitionKind::exit, reason, time_ms, kNoDistance, 0, out);
    return remove(user, at);
  }

  void drop_all(UserHandle user, TransitionReason reason, std::int64_t time_ms,
                std::vector<Transition>& out) {
    auto& pairs = users.state(user).pairs;
    for (auto it = pairs.begin(); it != pairs.end();) it = drop(user, it, reason, time_ms, out);
    users.last(user).no_room();
    set_undecided(user, false);
  }

  // Fixes.

  void judge(UserHandle user, const Position& fix, std::vector<Transition>& out) {
    LastFix& last = users.last(user);
    if (last.time_ms != LastFix::kNone && fix.time_ms <= last.time_ms) return;
    if (!usable_accuracy_m(rule.track, fix)) return;
    const Position before = last.position();
    if (last.held || (last.time_ms != LastFix::kNone && !plausible(rule.track, before, fix))) {
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
      if (belief == Belief::both_count) count(user, Position(waiting->second), out);
      if (last.held) held.erase(user);
      last.held = false;
    }
    count(user, fix, out);
  }

  void count(UserHandle user, const Position& fix, std::vector<Transition>& out) {
    LastFix& last = users.last(user);
    if (last.has_room(fix.at) && rule.shortcut) return last.set(fix);
    const std::size_t first = out.size();
    const bool known = last.time_ms != LastFix::kNone;
    const Position before = last.position();
    grow_older(user, fix);
    last.set(fix);
    if (passable > 0 && known) report_passes(user, before, fix, out);
    decide(user, fix, out);
    sort_from(out, first);
  }

  /// Of who is undecided all are known. For others only the newest fix can be evidence.
  Ages ages_of(UserHandle user) const {
    if (!users.last(user).undecided) return {};
    return ages.find(user)->second;
  }

  /// Keeps the times of the fixes that may decide, so that they can be named.
  void grow_older(UserHandle user, const Position& fix) {
    const LastFix& last = users.last(user);
    if (!last.undecided) return;
    Ages& known = ages.find(user)->second;
    const std::int64_t step = fix.time_ms - last.time_ms;
    for (std::size_t i = known.size() - 1; i > 0; --i)
      known[i] = static_cast<std::uint32_t>(std::min<std::int64_t>(known[i - 1] + step, 0xffff'ffff));
  }

  void set_undecided(UserHandle user, bool undecided) {
    LastFix& last = users.last(user);
    if (last.undecided == undecided) return;
    last.undecided = undecided;
    if (undecided)
      ages.try_emplace(user);
    else
      ages.erase(user);
  }

  void decide(UserHandle user, const Position& fix, std::vector<Transition>& out) {
    LastFix& last = users.last(user);
    const auto room = index.locate(fix.at, covering);
    users.move_to(user, block_of(fix.at));
    const bool level = settle_levels(user, fix);
    bool settled = true, undecided = false;
    auto& pairs = users.state(user).pairs;
    auto at = pairs.begin();
    for (std::size_t i = 0; i < covering.size() || at != pairs.end();) {
      const bool covered = i < covering.size() && (at == pairs.end() || covering[i] <= at->area);
      if (covered && (at == pairs.end() || covering[i] < at->area)) at = insert(user, at, covering[i]);
      i += covered ? 1 : 0;
      decide_pair(user, *at, covered, fix, out);
      const PairState& state = *at;
      settled &= state.settled() && state.inside == covered;
      undecided |= !state.settled();
      at = state.inside || !state.settled() ? at + 1 : remove(user, at);
    }
    set_undecided(user, undecided);
    if (room && settled && !level)
      last.room = *room;
    else
      last.no_room();
  }

  /// An area with limits of height counts as covering a fix on its levels; one that does not say its height
  /// leaves everything as it is. True if there is any here.
  bool settle_levels(UserHandle user, const Position& fix) {
    if (leveled == 0) return false;
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

  void decide_pair(UserHandle user, Pair& pair, bool covered, const Position& fix,
                   std::vector<Transition>& out) {
    PairState& state = pair;
    if (state.inside == covered && state.settled()) return;
    if (!rule.smoothing) {
      state.inside = covered;
      const double distance =
          quick_distance_of(pair.area, covered, fix.at, std::numeric_limits<double>::infinity());
      return report(user, pair.area, covered ? TransitionKind::enter : TransitionKind::exit,
                    TransitionReason::position, fix.time_ms, distance, 1, out);
    }
    const AreaRule& area_rule = areas[pair.area].rule;
    const std::int64_t until = std::min(fix.time_ms, fresh_until(user, fix.time_ms - ages_of(user)[1]));
    if (const std::int64_t due = due_ms(state, area_rule); due <= until)
      carry_out(user, pair.area, elapse(state, area_rule, until), due,
                index.signed_distance_m(pair.area, fix.at), out, 1);
    if (state.inside == covered) return agree(state, area_rule);
    const double accuracy = *usable_accuracy_m(rule.track, fix), depth = index.depth_m(pair.area);
    const double distance =
        quick_distance_of(pair.area, covered, fix.at, margin_m(area_rule, state.inside, accuracy, depth));
    const std::int64_t dwelt_since_ms = state.dwell_since_ms;
    carry_out(user, pair.area, step(state, area_rule, depth, {distance, accuracy, fix.time_ms}), fix.time_ms,
              distance, out);
    if (state.dwell_since_ms != dwelt_since_ms && state.dwell_since_ms != PairState::kNoDwell)
      timers.push({due_ms(state, area_rule), Timer::Kind::dwell, user, pair.area});
  }

  /// Signed as the index says who is inside: rounding must not let the two disagree. An area that is left
  /// by height is as far as its rule may ask.
  double distance_of(Handle area, bool covered, LatLon at) const {
    const double distance = index.signed_distance_m(area, at);
    if (covered) return std::min(distance, -0.0);
    return distance > 0 ? distance : areas[area].levels ? std::numeric_limits<double>::infinity() : 1e-9;
  }

  /// The same, but right to a millimetre only where the margin would not notice.
  double quick_distance_of(Handle area, bool covered, LatLon at, double margin_m) const {
    constexpr double kNoticeM = 0.01;
    const double distance = index.distance_m(area, at);
    if (areas[area].levels || std::abs(distance - margin_m) < kNoticeM) return distance_of(area, covered, at);
    return covered ? -distance : std::max(distance, 1e-9);
  }

  void report_passes(UserHandle user, const Position& before, const Position& fix,
                     std::vector<Transition>& out) {
    const LatLon from = before.at;
    const auto on = [&](Handle area, const Position& p) {
      return on_level(index.area(area), p).value_or(false);
    };
    for (const Handle area : index.crossed(from, fix.at)) {
      if (!areas[area].rule.pass_through || pair(user, area) != nullptr) continue;
      if (areas[area].levels && !(on(area, before) && on(area, fix))) continue;
      if (index.covers(area, from) || index.covers(area, fix.at)) continue;
      report(user, area, TransitionKind::pass_through, TransitionReason::position, fix.time_ms,
             index.signed_distance_m(area, fix.at), 1, out);
    }
  }

  // Time.

  /// From now on a timer sees whether fixes still come.
  void watch(UserHandle user) {
    LastFix& last = users.last(user);
    if (last.watched || !rule.smoothing || last.time_ms == LastFix::kNone) return;
    last.watched = true;
    timers.push({fresh_until(user), Timer::Kind::silence, user, 0});
  }

  std::int64_t fresh_until(UserHandle user) const { return fresh_until(user, users.last(user).time_ms); }
  std::int64_t fresh_until(UserHandle user, std::int64_t last_ms) const {
    const auto absent = absent_since.find(user);
    return fresh_until_ms(rule.track, last_ms,
                          absent == absent_since.end() ? std::nullopt : std::optional(absent->second));
  }

  void silence_due(UserHandle user, std::int64_t now_ms, std::vector<Transition>& out) {
    LastFix& last = users.last(user);
    if (!last.watched) return;
    last.watched = false;
    const bool anywhere = std::any_of(users.state(user).pairs.begin(), users.state(user).pairs.end(),
                                      [](const Pair& pair) { return pair.inside; });
    if (anywhere && !leave_if_silent(user, now_ms, out)) watch(user);
  }

  /// Takes the user out of everything if nothing was heard for too long. False if there is still time.
  bool leave_if_silent(UserHandle user, std::int64_t now_ms, std::vector<Transition>& out) {
    const LastFix& last = users.last(user);
    if (last.time_ms == LastFix::kNone) return true;  // nothing to go by
    const std::int64_t until = fresh_until(user);
    if (until > now_ms) return false;
    const bool lost = until < last.time_ms + rule.track.stale_ms;
    drop_all(user, lost ? TransitionReason::presence_lost : TransitionReason::stale, until, out);
    return true;
  }

  void dwell_due(const Timer& timer, std::vector<Transition>& out) {
    Pair* p = pair(timer.user, timer.area);
    if (p == nullptr || due_ms(*p, areas[timer.area].rule) != timer.due_ms) return;
    if (fresh_until(timer.user) < timer.due_ms) return;
    const double distance = index.signed_distance_m(timer.area, users.last(timer.user).at);
    carry_out(timer.user, timer.area, elapse(*p, areas[timer.area].rule, timer.due_ms), timer.due_ms,
              distance, out);
    if (!p->inside) remove(timer.user, place(users.state(timer.user), timer.area));
  }

  void reorder_due(const Timer& timer, std::int64_t now_ms, std::vector<Transition>& out) {
    const auto it = reordering.find(timer.user);
    if (it == reordering.end() || it->second.timer_ms != timer.due_ms) return;
    it->second.timer_ms = kNever;
    it->second.buffer.advance(now_ms, rule.track.reorder_ms);
    release(timer.user, out);
  }

  void release(UserHandle user, std::vector<Transition>& out) {
    Reordering& waiting = reordering[user];
    while (const auto fix = waiting.buffer.pop()) judge(user, *fix, out);
    const auto due = waiting.buffer.due_ms(rule.track.reorder_ms);
    if (!due) {
      reordering.erase(user);
    } else if (*due < waiting.timer_ms) {
      waiting.timer_ms = *due;
      timers.push({*due, Timer::Kind::reorder, user, 0});
    }
  }

  // Areas.

  void set_rule(Handle handle) {
    if (handle >= areas.size()) areas.resize(handle + 1);
    AreaState& state = areas[handle];
    const Area& area = index.area(handle);
    passable -= state.rule.pass_through ? 1 : 0;
    leveled -= state.levels ? 1 : 0;
    state.rule = area.rule.value_or(rule.area);
    state.rule_name = rule.smoothing ? state.rule.name() : rule.name();
    state.levels = area.altitude_m || area.floor;
    passable += state.rule.pass_through ? 1 : 0;
    leveled += state.levels ? 1 : 0;
  }

  /// Opens or closes the area as its lifetime and its hours say, and sets a timer for when that may change.
  void set_hours(Handle handle, std::int64_t now_ms) {
    const Area& area = index.area(handle);
    const bool begun = !area.from_ms || *area.from_ms <= now_ms,
               over = area.until_ms && *area.until_ms <= now_ms;
    const Openness hours = area.schedule ? openness(*area.schedule, now_ms) : Openness{true, {}};
    index.set_active(handle, begun && !over && hours.open);
    const std::int64_t next = over ? kNever
                                   : std::min((begun ? area.until_ms : area.from_ms).value_or(kNever),
                                              hours.changes_ms.value_or(kNever));
    if (next != areas[handle].timer_ms && next != kNever)
      timers.push({next, Timer::Kind::schedule, 0, handle});
    areas[handle].timer_ms = next;
  }

  std::vector<UserHandle> concerned(Handle area) const {
    return {areas[area].concern.begin(), areas[area].concern.end()};
  }

  /// Who may be in the area, or have their room cut by it.
  template <class Visit>
  void for_each_near(std::vector<Box> boxes, const Visit& visit) {
    // Longitudes 180 and -180 are the same place.
    for (std::size_t i = 0, count = boxes.size(); i < count; ++i) {
      const auto [low, high] = boxes[i];
      if (low.lon == -180) boxes.push_back({{low.lat, 180}, {high.lat, 180}});
      if (high.lon == 180) boxes.push_back({{low.lat, -180}, {high.lat, -180}});
    }
    for (const Box& box : boxes)
      users.for_each_near(box, [&](UserHandle user) {
        const LastFix& last = users.last(user);
        if (meet(last.room, box) || meet({last.at, last.at}, box)) visit(user);
      });
  }

  /// Decides about one area by everybody's last position.
  void decide_area(Handle handle, std::vector<UserHandle> concerned, TransitionReason reason,
                   std::int64_t now_ms, std::vector<Transition>& out) {
    std::sort(concerned.begin(), concerned.end());
    concerned.erase(std::unique(concerned.begin(), concerned.end()), concerned.end());
    constexpr std::size_t kAhead = 4;
    for (std::size_t i = 0; i < concerned.size(); ++i) {
      if (i + kAhead < concerned.size()) users.prefetch(concerned[i + kAhead]);
      decide_by_last(concerned[i], handle, reason, now_ms, out);
    }
    sort_by_user(out);
  }

  void decide_by_last(UserHandle user, Handle handle, TransitionReason reason, std::int64_t now_ms,
                      std::vector<Transition>& out) {
    LastFix& last = users.last(user);
    last.no_room();
    if (last.time_ms == LastFix::kNone) return;
    UserState& state = users.state(user);
    auto at = place(state, handle);
    const bool known = at != state.pairs.end() && at->area == handle;
    const bool was_inside = known && at->inside;
    const Position fix = last.position();
    // A position that is too old says who leaves, but not who enters.
    const bool counts = was_inside || !rule.smoothing || fresh_until(user) > now_ms;
    bool covered = counts && index.covers(handle, fix.at);
    if (covered && areas[handle].levels) covered = on_level(index.area(handle), fix).value_or(was_inside);
    if (known) static_cast<PairState&>(*at) = {.inside = was_inside};
    if (covered != was_inside) {
      const double distance = distance_of(handle, covered, fix.at);
      if (decides(handle, was_inside, distance, fix)) {
        if (!known) at = insert(user, at, handle);
        at->inside = covered;
        report(user, handle, covered ? TransitionKind::enter : TransitionKind::exit, reason, now_ms, distance,
               0, out);
      }
    }
    if (at != state.pairs.end() && at->area == handle && !at->inside) remove(user, at);
  }

  /// One position must do here: the same margin, but nothing to confirm.
  bool decides(Handle handle, bool was_inside, double distance_m, const Position& fix) const {
    const auto accuracy = usable_accuracy_m(rule.track, fix);
    if (!rule.smoothing) return true;
    if (!accuracy) return false;
    const double margin = margin_m(areas[handle].rule, was_inside, *accuracy, index.depth_m(handle));
    return std::abs(distance_m) >= margin;
  }

  void schedule_due(const Timer& timer, std::vector<Transition>& out) {
    const Handle handle = timer.area;
    if (!index.known(handle) || areas[handle].timer_ms != timer.due_ms) return;  // it was changed since
    areas[handle].timer_ms = kNever;
    const bool was = index.active(handle);
    set_hours(handle, timer.due_ms);
    if (index.active(handle) != was) follow_hours(handle, timer.due_ms, out);
  }

  /// It has opened or closed.
  void follow_hours(Handle handle, std::int64_t now_ms, std::vector<Transition>& out) {
    switched.push_back(handle);
    if (!index.active(handle)) return leave_area(handle, TransitionReason::schedule, now_ms, out);
    std::vector<UserHandle> concerned = this->concerned(handle);
    for_each_near(bounds(index.area(handle)), [&](UserHandle user) { concerned.push_back(user); });
    decide_area(handle, std::move(concerned), TransitionReason::schedule, now_ms, out);
  }

  /// Nobody can be in it any more.
  void leave_area(Handle handle, TransitionReason reason, std::int64_t now_ms, std::vector<Transition>& out) {
    for (const UserHandle user : concerned(handle)) {
      users.last(user).no_room();
      drop(user, place(users.state(user), handle), reason, now_ms, out);
    }
    sort_by_user(out);
  }
};

FenceTracker::FenceTracker(Rule rule) : impl_(std::make_unique<Impl>(rule)) {}
FenceTracker::~FenceTracker() = default;
FenceTracker::FenceTracker(FenceTracker&&) noexcept = default;
FenceTracker& FenceTracker::operator=(FenceTracker&&) noexcept = default;

const FenceIndex& FenceTracker::index() const { return impl_->index; }
const Rule& FenceTracker::rule() const { return impl_->rule; }

UserHandle FenceTracker::intern(std::string_view user) { return impl_->users.intern(user); }

std::vector<Transition> FenceTracker::fix(std::string_view user, const Position& position) {
  std::vector<Transition> out;
  fix(intern(user), position, out);
  return out;
}

void FenceTracker::fix(UserHandle user, const Position& position, std::vector<Transition>& out) {
  if (!impl_->rule.smoothing) return impl_->count(user, position, out);
  // Whoever goes on sending is there: another device of theirs may have said goodbye.
  if (!impl_->absent_since.empty() && position.time_ms > impl_->users.last(user).time_ms)
    impl_->absent_since.erase(user);
  const std::uint32_t window = impl_->rule.track.reorder_ms;
  if (window == 0) return impl_->judge(user, position, out);
  impl_->reordering[user].buffer.push(position, window);
  impl_->release(user, out);
}

void FenceTracker::fixes(std::span<const UserFix> batch, std::vector<Transition>& out) {
  UserTable& users = impl_->users;
  // What the first loop asks memory for has come when the second one looks at it, and so on.
  for (const UserFix& fix : batch) __builtin_prefetch(&users.last(fix.user));
  for (const UserFix& fix : batch) {
    if (users.last(fix.user).has_room(fix.position.at)) continue;
    users.prefetch(fix.user);
    impl_->index.prefetch(fix.position.at);
  }
  for (const UserFix& fix : batch) this->fix(fix.user, fix.position, out);
}

std::vector<Transition> FenceTracker::advance(std::int64_t now_ms) {
  std::vector<Transition> out;
  while (!impl_->timers.empty() && impl_->timers.top().due_ms <= now_ms) {
    const Timer timer = impl_->timers.top();
    impl_->timers.pop();
    std::vector<Transition> due;
    switch (timer.kind) {
      case Timer::Kind::dwell:
        impl_->dwell_due(timer, due);
        break;
      case Timer::Kind::silence:
        impl_->silence_due(timer.user, now_ms, due);
        break;
      case Timer::Kind::absence:
        if (impl_->absent_since.contains(timer.user)) impl_->leave_if_silent(timer.user, now_ms, due);
        break;
      case Timer::Kind::reorder:
        impl_->reorder_due(timer, now_ms, due);
        break;
      case Timer::Kind::schedule:
        impl_->schedule_due(timer, due);
        break;
    }
    out.insert(out.end(), std::make_move_iterator(due.begin()), std::make_move_iterator(due.end()));
  }
  return out;
}

std::optional<std::int64_t> FenceTracker::next_due_ms() const {
  return impl_->timers.empty() ? std::nullopt : std::optional(impl_->timers.top().due_ms);
}

void FenceTracker::presence(std::string_view name, bool present, std::int64_t now_ms) {
  const auto user = impl_->users.find(name);
  if (!user) return;
  if (present) {
    impl_->absent_since.erase(*user);
    return;
  }
  // The timer that waits for the last fix to grow old would come too late.
  if (impl_->absent_since.try_emplace(*user, now_ms).second && impl_->rule.smoothing)
    impl_->timers.push({now_ms + impl_->rule.track.presence_grace_ms, Timer::Kind::absence, *user, 0});
}

std::vector<Transition> FenceTracker::put_area(Area area, std::int64_t now_ms) {
  const auto old = impl_->index.handle(area.id);
  std::vector<UserHandle> concerned;
  const auto add = [&](UserHandle user) { concerned.push_back(user); };
  if (old) {
    concerned = impl_->concerned(*old);
    impl_->for_each_near(bounds(impl_->index.area(*old)), add);
  }
  const Handle handle = impl_->index.put(std::move(area));
  impl_->set_rule(handle);
  impl_->set_hours(handle, now_ms);
  impl_->for_each_near(bounds(impl_->index.area(handle)), add);
  std::vector<Transition> out;
  const auto reason = old ? TransitionReason::area_changed : TransitionReason::area_created;
  if (impl_->index.active(handle))
    impl_->decide_area(handle, std::move(concerned), reason, now_ms, out);
  else
    impl_->leave_area(handle, reason, now_ms, out);
  return out;
}

void FenceTracker::load_areas(std::vector<Area> areas, std::int64_t now_ms) {
  impl_->index.put_all(std::move(areas));
  for (Handle handle = 0; impl_->index.known(handle); ++handle) {
    impl_->set_rule(handle);
    impl_->set_hours(handle, now_ms);
  }
}

std::vector<Transition> FenceTracker::erase_area(std::string_view id, std::int64_t now_ms) {
  std::vector<Transition> out;
  const auto handle = impl_->index.handle(id);
  if (!handle) return out;
  impl_->for_each_near(bounds(impl_->index.area(*handle)),
                       [&](UserHandle user) { impl_->users.last(user).no_room(); });
  impl_->leave_area(*handle, TransitionReason::area_removed, now_ms, out);
  impl_->passable -= impl_->areas[*handle].rule.pass_through ? 1 : 0;
  impl_->leveled -= impl_->areas[*handle].levels ? 1 : 0;
  impl_->areas[*handle] = {};
  impl_->index.erase(id);
  return out;
}

std::vector<Transition> FenceTracker::erase_user(std::string_view name, std::int64_t now_ms) {
  std::vector<Transition> out;
  const auto user = impl_->users.find(name);
  if (!user) return out;
  impl_->drop_all(*user, TransitionReason::user_erased, now_ms, out);
  impl_->held.erase(*user);
  impl_->reordering.erase(*user);
  impl_->absent_since.erase(*user);
  impl_->users.erase(*user);
  sort_by_user(out);
  return out;
}

void FenceTracker::restore(std::string_view name, const std::optional<Position>& last,
                           const std::vector<std::string>& inside) {
  const UserHandle user = intern(name);
  std::vector<Transition> none;
  impl_->drop_all(user, TransitionReason::user_erased, 0, none);
  impl_->users.last(user) = {};
  if (last) {
    impl_->users.last(user).set(*last);
    impl_->users.move_to(user, block_of(last->at));
  }
  for (const std::string& id : inside) {
    const auto area = impl_->index.handle(id);
    if (!area) continue;
    const auto at = impl_->place(impl_->users.state(user), *area);
    if (at != impl_->users.state(user).pairs.end() && at->area == *area) continue;
    impl_->insert(user, at, *area)->inside = true;
    ++impl_->areas[*area].inside;
  }
  if (!inside.empty()) impl_->watch(user);
}

std::vector<Transition> FenceTracker::resume(std::int64_t now_ms) {
  std::vector<Transition> out;
  for (Handle handle = 0; handle < impl_->areas.size(); ++handle) {
    if (!impl_->index.known(handle)) continue;
    const Area& area = impl_->index.area(handle);
    if (area.schedule || area.from_ms || area.until_ms) impl_->follow_hours(handle, now_ms, out);
  }
  sort_by_user(out);
  return out;
}

std::vector<std::string> FenceTracker::inside(std::string_view name) const {
  std::vector<std::string> ids;
  const auto user = impl_->users.find(name);
  if (!user) return ids;
  for (const Pair& pair : impl_->users.state(*user).pairs)
    if (pair.inside) ids.push_back(impl_->index.area(pair.area).id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::optional<Position> FenceTracker::last(std::string_view name) const {
  const auto user = impl_->users.find(name);
  if (!user || impl_->users.last(*user).time_ms == LastFix::kNone) return std::nullopt;
  return impl_->users.last(*user).position();
}

bool FenceTracker::undecided(std::string_view name) const {
  const auto user = impl_->users.find(name);
  if (!user) return false;
  const auto& pairs = impl_->users.state(*user).pairs;
  return impl_->users.last(*user).held ||
         std::any_of(pairs.begin(), pairs.end(), [](const Pair& pair) { return !pair.settled(); });
}

std::optional<SafeRegion> FenceTracker::safe_region(std::string_view name,
                                                    const SafeRegionLimits& limits) const {
  const auto user = impl_->users.find(name);
  if (!user || impl_->users.last(*user).time_ms == LastFix::kNone) return std::nullopt;
  if (undecided(name) || impl_->reordering.contains(*user)) return std::nullopt;
  const LatLon at = impl_->users.last(*user).at;
  std::vector<Handle> covering, inside;
  impl_->index.locate(at, covering);
  for (const Pair& pair : impl_->users.state(*user).pairs)
    if (pair.inside) inside.push_back(pair.area);
  const bool levels =
      std::any_of(covering.begin(), covering.end(), [&](Handle area) { return impl_->areas[area].levels; });
  if (covering != inside || levels) return std::nullopt;
  return geo::safe_region(impl_->index, at, limits);
}

std::vector<Area> FenceTracker::take_switched() {
  std::vector<Area> areas;
  for (const Handle handle : std::exchange(impl_->switched, {}))
    if (impl_->index.known(handle)) areas.push_back(impl_->index.area(handle));
  return areas;
}

std::size_t FenceTracker::occupancy(std::string_view id) const {
  const auto area = impl_->index.handle(id);
  return area ? impl_->areas[*area].inside : 0;
}

std::size_t FenceTracker::users() const { return impl_->users.size(); }

std::size_t FenceTracker::timers() const { return impl_->timers.size(); }

std::size_t FenceTracker::user_bytes() const { return impl_->users.bytes(); }

}  // namespace convoke::geo
