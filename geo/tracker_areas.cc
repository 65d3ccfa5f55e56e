#include <algorithm>
#include <cmath>
#include <utility>

#include "geo/measure.h"
#include "geo/tracker_impl.h"

// An area comes, changes, opens, closes or goes, and those whom it may concern are looked at again.
namespace convoke::geo {
namespace {

bool meet(const Box& a, const Box& b) {
  return a.low.lat <= b.high.lat && b.low.lat <= a.high.lat && a.low.lon <= b.high.lon &&
         b.low.lon <= a.high.lon;
}

}  // namespace

std::vector<Transition> FenceTracker::Impl::put(Area area, std::int64_t now_ms) {
  const auto old = index.handle(area.id);
  std::vector<UserHandle> near;
  if (old) near = concerned(*old);
  const Handle handle = index.put(std::move(area));
  set_rule(handle);
  set_hours(handle, now_ms);
  add_near(bounds(index.area(handle)), near);
  Crossings out;
  const auto reason = old ? TransitionReason::area_changed : TransitionReason::area_created;
  if (index.active(handle))
    decide_area(handle, std::move(near), reason, now_ms, out);
  else
    leave_area(handle, std::move(near), reason, now_ms, out);
  return describe_by_user(out);
}

std::vector<Transition> FenceTracker::Impl::erase(Handle area, std::int64_t now_ms) {
  Crossings out;
  leave_area(area, concerned(area), TransitionReason::area_removed, now_ms, out);
  std::vector<Transition> transitions = describe_by_user(out);
  passable -= areas[area].rule.pass_through ? 1 : 0;
  leveled -= areas[area].levels ? 1 : 0;
  areas[area] = {};
  times[area] = {};
  occupancy[area] = 0;
  index.erase(std::string(index.area(area).id));
  return transitions;
}

void FenceTracker::Impl::set_rule(Handle handle) {
  if (handle >= areas.size()) {
    areas.resize(handle + 1);
    times.resize(handle + 1);
    occupancy.resize(handle + 1);
  }
  AreaState& state = areas[handle];
  const Area& area = index.area(handle);
  passable -= state.rule.pass_through ? 1 : 0;
  leveled -= state.levels ? 1 : 0;
  state.rule = area.rule.value_or(rule.area);
  times[handle].rule_name = rule.smoothing ? state.rule.name() : rule.name();
  state.depth_m = state.rule.enter_margin_share > 0 ? static_cast<float>(index.depth_m(handle)) : 0;
  state.levels = area.altitude_m || area.floor;
  passable += state.rule.pass_through ? 1 : 0;
  leveled += state.levels ? 1 : 0;
}

/// Opens or closes the area as its lifetime and its hours say, and sets a timer for when that may change.
void FenceTracker::Impl::set_hours(Handle handle, std::int64_t now_ms) {
  const Area& area = index.area(handle);
  const bool begun = !area.from_ms || *area.from_ms <= now_ms,
             over = area.until_ms && *area.until_ms <= now_ms;
  const Openness hours = area.schedule ? openness(*area.schedule, now_ms) : Openness{true, {}};
  index.set_active(handle, begun && !over && hours.open);
  const std::int64_t next = over ? Timer::kNever
                                 : std::min((begun ? area.until_ms : area.from_ms).value_or(Timer::kNever),
                                            hours.changes_ms.value_or(Timer::kNever));
  if (next != times[handle].timer_ms && next != Timer::kNever)
    timers.push({next, Timer::Kind::schedule, 0, handle});
  times[handle].timer_ms = next;
}

/// It has opened or closed.
void FenceTracker::Impl::follow_hours(Handle area, std::int64_t now_ms, Crossings& out) {
  switched.push_back(area);
  if (index.active(area))
    decide_area(area, concerned(area), TransitionReason::schedule, now_ms, out);
  else
    leave_area(area, concerned(area), TransitionReason::schedule, now_ms, out);
}

/// Who may be in the area, or have their room cut by it, as it is; some perhaps twice.
std::vector<UserHandle> FenceTracker::Impl::concerned(Handle area) const {
  std::vector<UserHandle> near;
  if (const auto known = strays.find(area); known != strays.end())
    near.assign(known->second.begin(), known->second.end());
  add_near(bounds(index.area(area)), near);
  return near;
}

void FenceTracker::Impl::add_near(std::vector<Box> boxes, std::vector<UserHandle>& near) const {
  // Longitudes 180 and -180 are the same place.
  for (std::size_t i = 0, count = boxes.size(); i < count; ++i) {
    const auto [low, high] = boxes[i];
    if (low.lon == -180) boxes.push_back({{low.lat, 180}, {high.lat, 180}});
    if (high.lon == 180) boxes.push_back({{low.lat, -180}, {high.lat, -180}});
  }
  for (const Box& box : boxes)
    users.for_each_near(box, [&](UserHandle user) {
      const LastFix& last = users.last(user);
      if (!meet(last.room, box) && !meet({last.at, last.at}, box)) return;
      users.prefetch(user);
      near.push_back(user);
    });
}

/// Decides about one area by everybody's last position.
void FenceTracker::Impl::decide_area(Handle area, std::vector<UserHandle> concerned, TransitionReason reason,
                                     std::int64_t now_ms, Crossings& out) {
  std::sort(concerned.begin(), concerned.end());
  concerned.erase(std::unique(concerned.begin(), concerned.end()), concerned.end());
  constexpr std::size_t kAhead = 8;
  for (std::size_t i = 0; i < concerned.size(); ++i) {
    if (i + kAhead < concerned.size()) users.prefetch_pairs(concerned[i + kAhead]);
    decide_by_last(concerned[i], area, reason, now_ms, out);
  }
}

void FenceTracker::Impl::decide_by_last(UserHandle user, Handle area, TransitionReason reason,
                                        std::int64_t now_ms, Crossings& out) {
  LastFix& last = users.last(user);
  last.no_room();
  if (last.time_ms == LastFix::kNone) return;
  UserState& state = users.state(user);
  auto at = place(state, area);
  const bool known = at != state.pairs.end() && at->area == area;
  const bool was_inside = known && at->inside;
  const Position fix = last.position();
  // A position that is too old says who leaves, but not who enters.
  const bool counts = was_inside || !rule.smoothing || fresh_until(user) > now_ms;
  bool covered = counts && index.covers(area, fix.at);
  if (covered && areas[area].levels) covered = on_level(index.area(area), fix).value_or(was_inside);
  if (known) static_cast<PairState&>(*at) = {.inside = was_inside};
  if (covered != was_inside) {
    const double distance = distance_of(area, covered, fix.at);
    if (decides(area, was_inside, distance, fix)) {
      if (!known) at = insert(user, at, area);
      at->inside = covered;
      report(user, area, covered ? TransitionKind::enter : TransitionKind::exit, reason, now_ms,
             Crossing::Distance::known, distance, 0, out);
    }
  }
  if (at == state.pairs.end() || at->area != area) return;
  if (!at->inside)
    remove(user, at);
  else if (!covered)
    note_stray(user, *at);
}

/// One position must do here: the same margin, but nothing to confirm.
bool FenceTracker::Impl::decides(Handle area, bool was_inside, double distance_m, const Position& fix) const {
  const auto accuracy = usable_accuracy_m(rule.track, fix);
  if (!rule.smoothing) return true;
  if (!accuracy) return false;
  const double margin = margin_m(areas[area].rule, was_inside, *accuracy, areas[area].depth_m);
  return std::abs(distance_m) >= margin;
}

/// Nobody can be in it any more.
void FenceTracker::Impl::leave_area(Handle area, std::vector<UserHandle> concerned, TransitionReason reason,
                                    std::int64_t now_ms, Crossings& out) {
  for (const UserHandle user : concerned) {
    users.last(user).no_room();
    UserState& state = users.state(user);
    const auto at = place(state, area);
    if (at != state.pairs.end() && at->area == area) drop(user, at, reason, now_ms, out);
  }
}

}  // namespace convoke::geo
