#include "geo/fence_tracker.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <utility>

#include "geo/measure.h"

namespace convoke::geo {
namespace {

constexpr double kNoDistance = std::numeric_limits<double>::quiet_NaN();

using Areas = std::vector<const Area*>;  // in order of address

struct User {
  std::optional<Position> last;     // that counted
  std::optional<Position> pending;  // asked for too much speed; believed once the next fix agrees
  Areas inside;
};

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

using Users = boost::unordered_flat_map<std::string, User, TextHash, std::equal_to<>>;

bool contains(const Areas& areas, const Area* area) {
  return std::binary_search(areas.begin(), areas.end(), area, std::less<>{});
}

void insert(Areas& areas, const Area* area) {
  areas.insert(std::lower_bound(areas.begin(), areas.end(), area, std::less<>{}), area);
}

void remove(Areas& areas, const Area* area) {
  areas.erase(std::lower_bound(areas.begin(), areas.end(), area, std::less<>{}));
}

bool plausible(const Rule& rule, const Position& from, const Position& to) {
  const double seconds = std::max(1.0, static_cast<double>(to.time_ms - from.time_ms) / 1000);
  return distance_m(from.at, to.at) <= rule.max_speed_mps * seconds;
}

void sort_by_user(std::vector<Transition>& transitions) {
  std::sort(transitions.begin(), transitions.end(),
            [](const Transition& a, const Transition& b) { return a.user < b.user; });
}

void sort_by_area(std::vector<Transition>::iterator first, std::vector<Transition>::iterator last) {
  std::sort(first, last, [](const Transition& a, const Transition& b) { return a.area < b.area; });
}

}  // namespace

std::string_view to_string(TransitionKind kind) { return kind == TransitionKind::enter ? "enter" : "exit"; }

std::string_view to_string(TransitionReason reason) {
  switch (reason) {
    case TransitionReason::position:
      return "position";
    case TransitionReason::area_created:
      return "area_created";
    case TransitionReason::area_changed:
      return "area_changed";
    case TransitionReason::area_removed:
      return "area_removed";
    case TransitionReason::user_erased:
      return "user_erased";
  }
  return "";
}

struct FenceTracker::Impl {
  explicit Impl(Rule r) : rule(r) {}

  Rule rule;
  FenceIndex index;
  Users users;
  boost::unordered_flat_map<const Area*, std::size_t> occupancy;
  Areas covering;  // of the fix in hand; kept for its memory

  /// Whether the position takes a user out of, or into, the area; where it does, its distance to the edge.
  std::optional<double> change(const Area& area, bool was_inside, bool covered,
                               const Position& position) const {
    if (was_inside == covered) return std::nullopt;
    const double distance = signed_distance_m(area, position.at);
    if (!rule.smoothing) return distance;
    const double accuracy = std::min(position.acc_m.value_or(0), rule.max_accuracy_margin_m);
    const bool decided =
        was_inside ? distance > std::max(rule.exit_margin_m, accuracy) : distance < -rule.enter_margin_m;
    return decided ? std::optional(distance) : std::nullopt;
  }

  void move(User& user, const Area* area, TransitionKind kind) {
    if (kind == TransitionKind::enter) {
      insert(user.inside, area);
      ++occupancy[area];
    } else {
      remove(user.inside, area);
      --occupancy[area];
    }
  }

  void decide(std::string_view name, User& user, const Position& position, std::vector<Transition>& out) {
    user.last = position;
    index.covering(position.at, covering);
    if (covering == user.inside) return;
    const std::size_t first = out.size();
    const auto consider = [&](const Area* area, TransitionKind kind) {
      const bool enter = kind == TransitionKind::enter;
      const auto distance = change(*area, !enter, enter, position);
      if (!distance) return;
      out.push_back({position.time_ms, std::string(name), area->id, kind, TransitionReason::position,
                     *distance, position.acc_m});
    };
    for (const Area* area : covering) {
      if (!contains(user.inside, area)) consider(area, TransitionKind::enter);
    }
    for (const Area* area : user.inside) {
      if (!contains(covering, area)) consider(area, TransitionKind::exit);
    }
    sort_by_area(out.begin() + static_cast<std::ptrdiff_t>(first), out.end());
    for (std::size_t i = first; i < out.size(); ++i) move(user, index.find(out[i].area), out[i].kind);
  }

  User& user(std::string_view name) {
    auto it = users.find(name);
    if (it == users.end()) it = users.emplace(std::string(name), User{}).first;
    return it->second;
  }
};

FenceTracker::FenceTracker(Rule rule) : impl_(std::make_unique<Impl>(rule)) {}
FenceTracker::~FenceTracker() = default;
FenceTracker::FenceTracker(FenceTracker&&) noexcept = default;
FenceTracker& FenceTracker::operator=(FenceTracker&&) noexcept = default;

const FenceIndex& FenceTracker::index() const { return impl_->index; }

std::vector<Transition> FenceTracker::fix(std::string_view name, const Position& position) {
  std::vector<Transition> out;
  const Rule& rule = impl_->rule;
  if (rule.smoothing && position.acc_m.value_or(0) > rule.max_accuracy_m) return out;
  User& user = impl_->user(name);
  if (rule.smoothing && user.last) {
    if (position.time_ms < user.last->time_ms) return out;
    if (!plausible(rule, *user.last, position)) {
      if (!user.pending || position.time_ms < user.pending->time_ms ||
          !plausible(rule, *user.pending, position)) {
        user.pending = position;
        return out;
      }
      impl_->decide(name, user, *user.pending, out);
    }
    user.pending.reset();
  }
  impl_->decide(name, user, position, out);
  return out;
}

std::vector<Transition> FenceTracker::put_area(Area area, std::int64_t now_ms) {
  const std::string id = area.id;
  const bool existed = impl_->index.find(id) != nullptr;
  impl_->index.put(std::move(area));
  const Area* stored = impl_->index.find(id);
  const std::vector<Box> boxes = bounds(*stored);

  std::vector<Transition> out;
  const auto reason = existed ? TransitionReason::area_changed : TransitionReason::area_created;
  for (auto& [name, user] : impl_->users) {
    if (!user.last) continue;
    const bool was_inside = contains(user.inside, stored);
    const bool covered = in_any(boxes, user.last->at) && covers(*stored, user.last->at);
    const auto distance = impl_->change(*stored, was_inside, covered, *user.last);
    if (!distance) continue;
    const auto kind = was_inside ? TransitionKind::exit : TransitionKind::enter;
    impl_->move(user, stored, kind);
    out.push_back({now_ms, name, id, kind, reason, *distance, user.last->acc_m});
  }
  sort_by_user(out);
  return out;
}

std::vector<Transition> FenceTracker::erase_area(std::string_view id, std::int64_t now_ms) {
  std::vector<Transition> out;
  const Area* area = impl_->index.find(id);
  if (area == nullptr) return out;
  for (auto& [name, user] : impl_->users) {
    if (!contains(user.inside, area)) continue;
    remove(user.inside, area);
    out.push_back(
        {now_ms, name, area->id, TransitionKind::exit, TransitionReason::area_removed, kNoDistance, {}});
  }
  impl_->occupancy.erase(area);
  impl_->index.erase(id);
  sort_by_user(out);
  return out;
}

std::vector<Transition> FenceTracker::erase_user(std::string_view name, std::int64_t now_ms) {
  std::vector<Transition> out;
  const auto it = impl_->users.find(name);
  if (it == impl_->users.end()) return out;
  for (const Area* area : it->second.inside) {
    out.push_back(
        {now_ms, it->first, area->id, TransitionKind::exit, TransitionReason::user_erased, kNoDistance, {}});
    --impl_->occupancy[area];
  }
  impl_->users.erase(it);
  sort_by_area(out.begin(), out.end());
  return out;
}

void FenceTracker::restore(std::string_view name, const std::optional<Position>& last,
                           const std::vector<std::string>& inside) {
  User& user = impl_->user(name);
  for (const Area* area : user.inside) --impl_->occupancy[area];
  user = User{.last = last, .pending = {}, .inside = {}};
  for (const std::string& id : inside) {
    const Area* area = impl_->index.find(id);
    if (area != nullptr && !contains(user.inside, area)) impl_->move(user, area, TransitionKind::enter);
  }
}

std::vector<std::string> FenceTracker::inside(std::string_view name) const {
  std::vector<std::string> ids;
  const auto it = impl_->users.find(name);
  if (it == impl_->users.end()) return ids;
  for (const Area* area : it->second.inside) ids.push_back(area->id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::optional<Position> FenceTracker::last(std::string_view name) const {
  const auto it = impl_->users.find(name);
  return it == impl_->users.end() ? std::nullopt : it->second.last;
}

std::size_t FenceTracker::occupancy(std::string_view id) const {
  const Area* area = impl_->index.find(id);
  const auto it = area != nullptr ? impl_->occupancy.find(area) : impl_->occupancy.end();
  return it == impl_->occupancy.end() ? 0 : it->second;
}

std::size_t FenceTracker::users() const { return impl_->users.size(); }

}  // namespace convoke::geo
