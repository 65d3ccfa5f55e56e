#include <algorithm>
#include <cmath>

#include "geo/tracker_impl.h"

// What is remembered of a user and an area, and the transitions that come of it: in numbers, and in words.
namespace convoke::geo {
namespace {

constexpr double kNoDistance = std::numeric_limits<double>::quiet_NaN();

/// Eight at most, as a number that is ordered as they are.
std::uint64_t first_bytes(std::string_view text) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < 8; ++i)
    number = number << 8 | (i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0);
  return number;
}

}  // namespace

// Pairs.

Pairs::iterator FenceTracker::Impl::place(UserState& user, Handle area) {
  return std::lower_bound(user.pairs.begin(), user.pairs.end(), area,
                          [](const Pair& pair, Handle a) { return pair.area < a; });
}

Pair* FenceTracker::Impl::pair(UserHandle user, Handle area) {
  UserState& state = users.state(user);
  const auto it = place(state, area);
  return it != state.pairs.end() && it->area == area ? &*it : nullptr;
}

Pairs::iterator FenceTracker::Impl::remove(UserHandle user, Pairs::iterator at) {
  if (at->stray) forget_stray(user, at->area);
  return users.state(user).pairs.erase(at);
}

void FenceTracker::Impl::note_stray(UserHandle user, Pair& pair) {
  if (pair.stray) return;
  pair.stray = true;
  strays[pair.area].insert(user);
}

void FenceTracker::Impl::forget_stray(UserHandle user, Handle area) {
  const auto known = strays.find(area);
  known->second.erase(user);
  if (known->second.empty()) strays.erase(known);
}

// Transitions.

void FenceTracker::Impl::report(UserHandle user, Handle area, TransitionKind kind, TransitionReason reason,
                                std::int64_t time_ms, Crossing::Distance distance, double distance_m,
                                unsigned evidence, Crossings& out) {
  const LastFix& last = users.last(user);
  Crossing& c = out.emplace_back();
  c.time_ms = time_ms;
  c.user = user;
  c.area = area;
  c.kind = kind;
  c.reason = reason;
  c.distance = distance;
  c.evidence = static_cast<std::uint8_t>(evidence);
  c.acc_m = last.acc_m;
  c.distance_m = distance_m;
  c.at = last.at;
  c.newest_ms = last.time_ms;
  if (evidence != 0) c.ages = ages_of(user);
  if (kind == TransitionKind::enter) {
    ++occupancy[area];
    watch(user);
  } else if (kind == TransitionKind::exit) {
    --occupancy[area];
  }
}

/// What the rule says of one pair, reported. `covered`: the user's last fix is in the area. `fixes_since`:
/// how many fixes came after the evidence.
void FenceTracker::Impl::carry_out(UserHandle user, Handle area, const Verdict& verdict, std::int64_t time_ms,
                                   bool covered, Crossings& out, unsigned fixes_since) {
  if (verdict.decision == Decision::none) return;
  const auto kind = verdict.decision == Decision::enter ? TransitionKind::enter : TransitionKind::exit;
  report(user, area, kind, TransitionReason::position, time_ms,
         covered ? Crossing::Distance::inside : Crossing::Distance::outside, 0,
         unsigned{verdict.evidence} << fixes_since, out);
}

/// Takes the user out of the area without asking the rule. Returns the place after the pair.
Pairs::iterator FenceTracker::Impl::drop(UserHandle user, Pairs::iterator at, TransitionReason reason,
                                         std::int64_t time_ms, Crossings& out) {
  if (at->inside)
    report(user, at->area, TransitionKind::exit, reason, time_ms, Crossing::Distance::none, kNoDistance, 0,
           out);
  return remove(user, at);
}

void FenceTracker::Impl::drop_all(UserHandle user, TransitionReason reason, std::int64_t time_ms,
                                  Crossings& out) {
  auto& pairs = users.state(user).pairs;
  for (auto it = pairs.begin(); it != pairs.end();) it = drop(user, it, reason, time_ms, out);
  users.last(user).no_room();
  set_undecided(user, false);
}

Transition FenceTracker::Impl::describe(const Crossing& c) const {
  Transition t;
  t.time_ms = c.time_ms;
  t.user = users.name(c.user);
  t.area = index.area(c.area).id;
  t.kind = c.kind;
  t.reason = c.reason;
  t.distance_m = c.distance == Crossing::Distance::none ? kNoDistance
                 : c.distance == Crossing::Distance::known
                     ? c.distance_m
                     : distance_of(c.area, c.distance == Crossing::Distance::inside, c.at);
  if (!std::isnan(t.distance_m) && c.acc_m >= 0) t.acc_m = c.acc_m;
  for (std::size_t i = 0; i < c.ages.size(); ++i)
    if (c.evidence >> i & 1) t.fixes.time_ms[t.fixes.count++] = c.newest_ms - c.ages[i];
  t.rule = times[c.area].rule_name;
  return t;
}

std::vector<Transition> FenceTracker::Impl::describe(const Crossings& crossings) const {
  std::vector<Transition> transitions;
  transitions.reserve(crossings.size());
  for (const Crossing& crossing : crossings) transitions.push_back(describe(crossing));
  return transitions;
}

/// In order of user, and of area for one user. What is sorted is small; a transition is not.
std::vector<Transition> FenceTracker::Impl::describe_by_user(const Crossings& crossings) const {
  struct Key {
    std::uint64_t name;  // how it begins, which nearly always decides
    const Crossing* crossing;
  };
  std::vector<Key> keys;
  keys.reserve(crossings.size());
  for (const Crossing& crossing : crossings)
    keys.push_back({first_bytes(users.name(crossing.user)), &crossing});
  std::sort(keys.begin(), keys.end(), [this](const Key& a, const Key& b) {
    if (a.name != b.name) return a.name < b.name;
    const std::string &a_user = users.name(a.crossing->user), &b_user = users.name(b.crossing->user);
    if (a_user != b_user) return a_user < b_user;
    return index.area(a.crossing->area).id < index.area(b.crossing->area).id;
  });
  std::vector<Transition> transitions;
  transitions.reserve(crossings.size());
  for (const Key& key : keys) transitions.push_back(describe(*key.crossing));
  return transitions;
}

/// Of one fix, or of what came due with it.
void FenceTracker::Impl::sort_from(Crossings& crossings, std::size_t first) const {
  if (crossings.size() - first < 2) return;
  std::sort(crossings.begin() + static_cast<std::ptrdiff_t>(first), crossings.end(),
            [this](const Crossing& a, const Crossing& b) {
              if (a.time_ms != b.time_ms) return a.time_ms < b.time_ms;
              return index.area(a.area).id < index.area(b.area).id;
            });
}

}  // namespace convoke::geo
