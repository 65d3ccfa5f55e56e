#include "geo/fence_tracker.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "geo/tracker_impl.h"

namespace convoke::geo {
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
  impl_->found.clear();
  impl_->take(user, position, nullptr, impl_->found);
  for (const Crossing& crossing : impl_->found) out.push_back(impl_->describe(crossing));
}

void FenceTracker::fixes(std::span<const UserFix> batch, std::vector<Crossing>& out) {
  impl_->take_all(batch, out);
}

Transition FenceTracker::describe(const Crossing& crossing) const { return impl_->describe(crossing); }

std::vector<Transition> FenceTracker::advance(std::int64_t now_ms) {
  std::vector<Transition> out;
  while (!impl_->timers.empty() && impl_->timers.top().due_ms <= now_ms) {
    const Timer timer = impl_->timers.top();
    impl_->timers.pop();
    Impl::Crossings due;
    impl_->due(timer, now_ms, due);
    std::vector<Transition> described =
        timer.kind == Timer::Kind::schedule ? impl_->describe_by_user(due) : impl_->describe(due);
    out.insert(out.end(), std::make_move_iterator(described.begin()),
               std::make_move_iterator(described.end()));
  }
  return out;
}

std::optional<std::int64_t> FenceTracker::next_due_ms() const {
  return impl_->timers.empty() ? std::nullopt : std::optional(impl_->timers.top().due_ms);
}

void FenceTracker::presence(std::string_view name, bool present, std::int64_t now_ms) {
  if (const auto user = impl_->users.find(name)) impl_->presence(*user, present, now_ms);
}

std::vector<Transition> FenceTracker::put_area(Area area, std::int64_t now_ms) {
  return impl_->put(std::move(area), now_ms);
}

void FenceTracker::load_areas(std::vector<Area> areas, std::int64_t now_ms) {
  impl_->index.put_all(std::move(areas));
  for (Handle handle = 0; impl_->index.known(handle); ++handle) {
    impl_->set_rule(handle);
    impl_->set_hours(handle, now_ms);
  }
}

std::vector<Transition> FenceTracker::erase_area(std::string_view id, std::int64_t now_ms) {
  const auto handle = impl_->index.handle(id);
  if (!handle) return {};
  return impl_->erase(*handle, now_ms);
}

std::vector<Transition> FenceTracker::erase_user(std::string_view name, std::int64_t now_ms) {
  const auto user = impl_->users.find(name);
  if (!user) return {};
  Impl::Crossings found;
  impl_->drop_all(*user, TransitionReason::user_erased, now_ms, found);
  std::vector<Transition> out = impl_->describe_by_user(found);
  impl_->held.erase(*user);
  impl_->reordering.erase(*user);
  impl_->absent_since.erase(*user);
  impl_->users.erase(*user);
  return out;
}

void FenceTracker::restore(std::string_view name, const std::optional<Position>& last,
                           const std::vector<std::string>& inside) {
  const UserHandle user = intern(name);
  Impl::Crossings none;
  impl_->drop_all(user, TransitionReason::user_erased, 0, none);
  impl_->users.last(user) = {};
  if (last) {
    impl_->users.last(user).set(CompactPosition(*last));
    impl_->users.move_to(user, block_of(last->at));
  }
  for (const std::string& id : inside) {
    const auto area = impl_->index.handle(id);
    if (!area) continue;
    const auto at = impl_->place(impl_->users.state(user), *area);
    if (at != impl_->users.state(user).pairs.end() && at->area == *area) continue;
    const auto restored = impl_->insert(user, at, *area);
    restored->inside = true;
    impl_->note_stray(user, *restored);
    ++impl_->occupancy[*area];
  }
  if (!inside.empty()) impl_->watch(user);
}

std::vector<Transition> FenceTracker::resume(std::int64_t now_ms) {
  Impl::Crossings found;
  for (Handle handle = 0; handle < impl_->areas.size(); ++handle) {
    if (!impl_->index.known(handle)) continue;
    const Area& area = impl_->index.area(handle);
    if (area.schedule || area.from_ms || area.until_ms) impl_->follow_hours(handle, now_ms, found);
  }
  return impl_->describe_by_user(found);
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
  return area ? impl_->occupancy[*area] : 0;
}

std::size_t FenceTracker::users() const { return impl_->users.size(); }

std::size_t FenceTracker::timers() const { return impl_->timers.size(); }

std::size_t FenceTracker::user_bytes() const {
  return impl_->users.bytes() + impl_->ages.capacity() * sizeof(Ages) +
         (impl_->ages_place.capacity() + impl_->free_ages.capacity()) * sizeof(std::uint32_t);
}

}  // namespace convoke::geo
