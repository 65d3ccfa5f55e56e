#include "backend/core/watches.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backend/core/peers.h"
#include "backend/core/questions.h"
#include "backend/core/sites.h"

namespace convoke::core {
namespace {

using messages::PeerLevel;
using messages::PeerWatched;
using Is = PeerWatched::Is;
using PlanThere = std::pair<SiteId, PlanId>;

bool holds(const State& state, const PeerWatched& watched) {
  if (watched.is == Is::available) {
    const User* user = state.user(as_here(state, watched.of));
    return user && user->presence == PresenceState::available;
  }
  const std::size_t people = state.occupancy(AreaId::parse(watched.of));
  return (watched.is == Is::at_least && people >= watched.people) ||
         (watched.is == Is::at_most && people <= watched.people);
}

/// Why the site is not told; empty: it is.
std::string refusal(const std::set<std::string>& may, const PeerWatched& watched) {
  return may.contains(watched.is == Is::available ? kMayUsers : kMayAreas) ? "" : kNotAllowed;
}

void tell(State& state, const PlanThere& of, std::vector<PeerLevel> levels, Context& ctx) {
  if (levels.empty() || !has_feature(state, of.first, messages::kWatching)) return;
  messages::PeerHolds item{of.second.str(), {}, ctx.now};
  for (PeerLevel& level : levels) {
    if (level.watched.is == Is::available && level.refused.empty())
      note_known_at(state, as_here(state, level.watched.of), of.first, ctx);  // an erasure is to reach it
    item.levels.push_back(std::move(level));
    if (item.levels.size() < messages::kMaxPeerLevels) continue;
    send(state, of.first, item, ctx);
    item.levels.clear();
  }
  if (!item.levels.empty()) send(state, of.first, item, ctx);
}

template <class Index, class Id>
void unlist(Index& index, const Id& id, const PlanThere& of) {
  const auto found = index.find(id);
  if (found == index.end()) return;
  found->second.erase(of);
  if (found->second.empty()) index.erase(found);
}

void list(State& state, const PlanThere& of, const Watch& watch) {
  if (watch.what.is == Is::available)
    state.watched_users[as_here(state, watch.what.of)].insert(of);
  else
    state.watched_areas[AreaId::parse(watch.what.of)].insert(of);
  ++state.peers.at(of.first).watches;
}

void drop(State& state, const PlanThere& of, Context& ctx) {
  const auto plans = state.watches.find(of.first);
  if (plans == state.watches.end()) return;
  const auto found = plans->second.find(of.second);
  if (found == plans->second.end()) return;
  for (const Watch& watch : found->second) {
    unlist(state.watched_users, as_here(state, watch.what.of), of);
    unlist(state.watched_areas, AreaId::parse(watch.what.of), of);
  }
  state.peers.at(of.first).watches -= found->second.size();
  plans->second.erase(found);
  if (plans->second.empty()) state.watches.erase(plans);
  ctx.fx.watches.insert(of);
}

/// What has changed since it was told, of those that `concerns(what)`.
template <class Concerns>
void tell_changes(State& state, const PlanThere& of, const Concerns& concerns, Context& ctx) {
  const std::set<std::string>& may = state.peers.at(of.first).may;
  std::vector<PeerLevel> changed;
  for (Watch& watch : state.watches.at(of.first).at(of.second)) {
    if (!concerns(watch.what)) continue;
    const bool now = holds(state, watch.what);
    if (std::exchange(watch.told, now) != now && refusal(may, watch.what).empty())
      changed.push_back({watch.what, now});
  }
  tell(state, of, std::move(changed), ctx);
}

}  // namespace

std::string take_watch(State& state, const SiteId& from, const messages::PeerWatch& item, Context& ctx) {
  if (item.plan.empty()) {
    forget_watches(state, from, ctx);
    return {};
  }
  for (const PeerWatched& watched : item.watches)
    if (watched.is == Is::available && is_remote(as_here(state, watched.of))) return "foreign-user";
  const PlanThere of{from, PlanId::parse(item.plan)};
  drop(state, of, ctx);
  const bool too_many = state.peers.at(from).watches + item.watches.size() > kMaxWatches;
  std::vector<PeerLevel> levels;
  for (const PeerWatched& what : std::set<PeerWatched>(item.watches.begin(), item.watches.end())) {
    if (what.is == Is::unknown) continue;
    const Watch watch{what, holds(state, what)};
    std::string refused = too_many ? "too-many" : refusal(state.peers.at(from).may, what);
    levels.push_back({what, watch.told && refused.empty(), std::move(refused)});
    if (too_many) continue;
    state.watches[from][of.second].push_back(watch);
    list(state, of, watch);
  }
  if (!levels.empty()) ctx.fx.watches.insert(of);
  tell(state, of, std::move(levels), ctx);
  return too_many ? "too-many" : "";
}

void forget_watches(State& state, const SiteId& site, Context& ctx) {
  const auto plans = state.watches.find(site);
  if (plans == state.watches.end()) return;
  std::vector<PlanId> all;
  for (const auto& [plan, watches] : plans->second) all.push_back(plan);
  for (const PlanId& plan : all) drop(state, {site, plan}, ctx);
}

void watches_allowed(State& state, const SiteId& site, const std::set<std::string>& before, Context& ctx) {
  const auto plans = state.watches.find(site);
  if (plans == state.watches.end()) return;
  const std::set<std::string>& may = state.peers.at(site).may;
  for (const auto& [plan, watches] : plans->second) {
    std::vector<PeerLevel> levels;
    for (const Watch& watch : watches) {
      std::string refused = refusal(may, watch.what);
      if (refused == refusal(before, watch.what)) continue;
      levels.push_back({watch.what, watch.told && refused.empty(), std::move(refused)});
    }
    tell(state, {site, plan}, std::move(levels), ctx);
  }
}

void watched_area_changed(State& state, const AreaId& area, const User& user, bool enter, Context& ctx) {
  const auto found = state.watched_areas.find(area);
  if (found == state.watched_areas.end()) return;
  const PeerWatched entered{Is::enter, area.str()};
  for (const PlanThere& of : std::set<PlanThere>(found->second)) {
    tell_changes(
        state, of, [&](const PeerWatched& what) { return what.is != Is::available && what.of == area.str(); },
        ctx);
    if (!enter || !user.other_sites || !refusal(state.peers.at(of.first).may, entered).empty()) continue;
    const std::vector<Watch>& all = state.watches.at(of.first).at(of.second);
    if (std::any_of(all.begin(), all.end(), [&](const Watch& watch) { return watch.what == entered; }))
      tell(state, of, {{entered, true}}, ctx);
  }
}

void watched_user_changed(State& state, const UserId& user, Context& ctx) {
  const auto found = state.watched_users.find(user);
  if (found == state.watched_users.end()) return;
  const std::string name = in_full(state, user);
  for (const PlanThere& of : std::set<PlanThere>(found->second))
    tell_changes(
        state, of, [&](const PeerWatched& what) { return what.is == Is::available && what.of == name; }, ctx);
}

void load_watches(State& state) {
  std::erase_if(state.watches, [&](const auto& of) { return !state.peers.contains(of.first); });
  for (auto& [site, plans] : state.watches)
    for (auto& [plan, watches] : plans)
      for (Watch& watch : watches) {
        watch.told = holds(state, watch.what);
        list(state, {site, plan}, watch);
      }
}

}  // namespace convoke::core
