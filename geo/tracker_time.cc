#include <algorithm>

#include "geo/measure.h"
#include "geo/tracker_impl.h"

// What time alone decides: dwells that end, silence, presence, opening hours.
namespace convoke::geo {

/// From now on a timer sees whether fixes still come.
void FenceTracker::Impl::watch(UserHandle user) {
  LastFix& last = users.last(user);
  if (last.watched || !rule.smoothing || last.time_ms == LastFix::kNone) return;
  last.watched = true;
  timers.push({fresh_until(user), Timer::Kind::silence, user, 0});
}

std::int64_t FenceTracker::Impl::fresh_until(UserHandle user, std::int64_t last_ms) const {
  const auto absent = absent_since.find(user);
  return fresh_until_ms(rule.track, last_ms,
                        absent == absent_since.end() ? std::nullopt : std::optional(absent->second));
}

/// Takes the user out of everything if nothing was heard for too long. False if there is still time.
bool FenceTracker::Impl::leave_if_silent(UserHandle user, std::int64_t now_ms, Crossings& out) {
  const LastFix& last = users.last(user);
  if (last.time_ms == LastFix::kNone) return true;  // nothing to go by
  const std::int64_t until = fresh_until(user);
  if (until > now_ms) return false;
  const bool lost = until < last.time_ms + rule.track.stale_ms;
  drop_all(user, lost ? TransitionReason::presence_lost : TransitionReason::stale, until, out);
  return true;
}

void FenceTracker::Impl::due(const Timer& timer, std::int64_t now_ms, Crossings& out) {
  switch (timer.kind) {
    case Timer::Kind::dwell:
      return dwell_due(timer, out);
    case Timer::Kind::silence:
      return silence_due(timer.user, now_ms, out);
    case Timer::Kind::absence:
      if (absent_since.contains(timer.user)) leave_if_silent(timer.user, now_ms, out);
      return;
    case Timer::Kind::reorder:
      return reorder_due(timer, now_ms, out);
    case Timer::Kind::schedule:
      return schedule_due(timer, out);
  }
}

void FenceTracker::Impl::silence_due(UserHandle user, std::int64_t now_ms, Crossings& out) {
  LastFix& last = users.last(user);
  if (!last.watched) return;
  last.watched = false;
  const bool anywhere = std::any_of(users.state(user).pairs.begin(), users.state(user).pairs.end(),
                                    [](const Pair& pair) { return pair.inside; });
  if (anywhere && !leave_if_silent(user, now_ms, out)) watch(user);
}

void FenceTracker::Impl::dwell_due(const Timer& timer, Crossings& out) {
  Pair* p = pair(timer.user, timer.area);
  if (p == nullptr || due_ms(*p, areas[timer.area].rule) != timer.due_ms) return;
  if (fresh_until(timer.user) < timer.due_ms) return;
  const bool covered = !p->inside;  // a dwell runs only while the last fix is on the other side
  carry_out(timer.user, timer.area, elapse(*p, areas[timer.area].rule, timer.due_ms), timer.due_ms, covered,
            out);
  if (!p->inside) remove(timer.user, place(users.state(timer.user), timer.area));
}

void FenceTracker::Impl::reorder_due(const Timer& timer, std::int64_t now_ms, Crossings& out) {
  const auto it = reordering.find(timer.user);
  if (it == reordering.end() || it->second.timer_ms != timer.due_ms) return;
  it->second.timer_ms = Timer::kNever;
  it->second.buffer.advance(now_ms, rule.track.reorder_ms);
  release(timer.user, out);
}

void FenceTracker::Impl::release(UserHandle user, Crossings& out) {
  Reordering& waiting = reordering[user];
  while (const auto fix = waiting.buffer.pop()) judge(user, *fix, nullptr, out);
  const auto due = waiting.buffer.due_ms(rule.track.reorder_ms);
  if (!due) {
    reordering.erase(user);
  } else if (*due < waiting.timer_ms) {
    waiting.timer_ms = *due;
    timers.push({*due, Timer::Kind::reorder, user, 0});
  }
}

void FenceTracker::Impl::schedule_due(const Timer& timer, Crossings& out) {
  const Handle area = timer.area;
  if (!index.known(area) || times[area].timer_ms != timer.due_ms) return;  // it was changed since
  times[area].timer_ms = Timer::kNever;
  const bool was = index.active(area);
  set_hours(area, timer.due_ms);
  if (index.active(area) != was) follow_hours(area, timer.due_ms, out);
}

void FenceTracker::Impl::presence(UserHandle user, bool present, std::int64_t now_ms) {
  if (present) {
    absent_since.erase(user);
    return;
  }
  // The timer that waits for the last fix to grow old would come too late.
  if (absent_since.try_emplace(user, now_ms).second && rule.smoothing)
    timers.push({now_ms + rule.track.presence_grace_ms, Timer::Kind::absence, user, 0});
}

}  // namespace convoke::geo
