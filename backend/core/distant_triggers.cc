#include "backend/core/distant_triggers.h"

#include <set>
#include <utility>

#include "backend/core/end_detector.h"
#include "backend/core/peers.h"
#include "backend/core/shared_groups.h"
#include "backend/core/sites.h"
#include "backend/core/triggers.h"

namespace convoke::core {
namespace {

using messages::PeerWatched;
using Is = PeerWatched::Is;

std::set<WatchedThere> wanted(const State& state, const PlanRecord& record) {
  std::set<WatchedThere> all;
  const auto add = [&](const auto& triggers) {
    for (const auto& trigger : triggers)
      if (auto there = waits_for(trigger)) all.insert(*std::move(there));
  };
  if (record.plan.enabled) {
    add(record.plan.starts);
    add(record.plan.ends);
  }
  if (const Group* group = record.live ? state.group(*record.live) : nullptr) add(state.plan_of(*group).ends);
  return all;
}

/// Says why it is not asked, or that it has not answered.
std::string ask(State& state, const SiteId& site, const messages::PeerWatch& item, Context& ctx) {
  const auto peer = state.peers.find(site);
  if (peer == state.peers.end()) return kNoPeer;
  if (peer->second.in_epoch == 0) return kNoAnswer;  // it has not said yet what it knows
  if (!has_feature(state, site, messages::kWatching)) return kTooOld;
  const bool too_many = item.watches.size() > messages::kMaxPeerWatches;
  if (too_many || encode(messages::PeerItem(item)).size() > messages::kMaxSelectBytes) return kTooLarge;
  send(state, site, item, ctx);
  return kNoAnswer;
}

/// Asks the site for all that the plan waits for there.
void ask(State& state, PlanRecord& record, const SiteId& site, Context& ctx) {
  messages::PeerWatch item{record.plan.id.str(), {}};
  for (const auto& [there, told] : record.watched)
    if (there.first == site) item.watches.push_back(there.second);
  const std::string why = ask(state, site, item, ctx);
  for (auto& [there, told] : record.watched)
    if (there.first == site && !told.holds) told.why = why;
  ctx.fx.plans.insert(record.plan.id);
}

/// From now on the plan waits for these; what is known of those that stay stays.
void wait_for(State& state, PlanRecord& record, const std::set<WatchedThere>& all, Context& ctx) {
  std::set<SiteId> changed;
  std::erase_if(record.watched, [&](const auto& one) {
    if (all.contains(one.first)) return false;
    changed.insert(one.first.first);
    return true;
  });
  for (const WatchedThere& there : all)
    if (record.watched.try_emplace(there).second) changed.insert(there.first);
  for (const SiteId& site : changed) ask(state, record, site, ctx);
}

}  // namespace

std::optional<WatchedThere> waits_for(const Trigger& trigger) {
  if (const auto* full = std::get_if<OnOccupancy>(&trigger); full && full->site)
    return WatchedThere{full->site, {Is::at_least, full->area.str(), full->reaches}};
  if (const auto* falls = std::get_if<OnEmptying>(&trigger); falls && falls->site)
    return WatchedThere{falls->site, {Is::at_most, falls->area.str(), falls->falls_to}};
  if (const auto* enter = std::get_if<OnEnter>(&trigger); enter && enter->site)
    return WatchedThere{enter->site, {Is::enter, enter->area.str()}};
  if (const auto* on = std::get_if<OnAvailable>(&trigger); on && is_remote(on->user))
    return WatchedThere{site_of(on->user), {Is::available, on->user.str()}};
  return std::nullopt;
}

std::optional<WatchedThere> waits_for(const End& end) {
  const auto* empty = std::get_if<WhenEmpty>(&end);
  if (!empty || !empty->site) return std::nullopt;
  return WatchedThere{empty->site, {Is::at_most, empty->area.str(), 0}};
}

bool told_to_hold(const PlanRecord& record, const WatchedThere& there) {
  const auto told = record.watched.find(there);
  return told != record.watched.end() && told->second.holds.value_or(false);
}

void ask_levels(State& state, PlanRecord& record, Context& ctx) {
  wait_for(state, record, wanted(state, record), ctx);
}

void withdraw_levels(State& state, PlanRecord& record, Context& ctx) { wait_for(state, record, {}, ctx); }

void ask_all_levels(State& state, const SiteId& site, Context& ctx) {
  if (has_feature(state, site, messages::kWatching)) send(state, site, messages::PeerWatch{}, ctx);
  for (auto& [id, record] : state.plans) {
    const auto first = record.watched.lower_bound({site, {}});
    if (first != record.watched.end() && first->first.first == site) ask(state, record, site, ctx);
  }
}

void forget_levels(State& state, const SiteId& site, Context& ctx) {
  for (auto& [id, record] : state.plans)
    for (auto& [there, told] : record.watched)
      if (there.first == site) {
        told = {std::nullopt, kNoPeer};
        ctx.fx.plans.insert(id);
      }
}

std::string take_holds(State& state, const SiteId& from, const messages::PeerHolds& item, Context& ctx) {
  for (const messages::PeerLevel& level : item.levels)
    if (level.watched.is == Is::available && site_of(UserId::parse(level.watched.of)) != from)
      return "foreign-user";
  const auto plan = state.plans.find(PlanId::parse(item.plan));
  if (plan == state.plans.end()) return {};  // it was withdrawn meanwhile
  PlanRecord& record = plan->second;
  for (const messages::PeerLevel& level : item.levels) {
    const WatchedThere there{from, level.watched};
    const auto told = record.watched.find(there);
    if (told == record.watched.end()) continue;  // it does not wait for that any more
    const bool happened = level.watched.is == Is::enter && level.holds;
    const ToldLevel before = std::exchange(told->second, {std::nullopt, level.refused});
    if (level.refused.empty()) told->second.holds = level.holds && !happened;
    if (told->second != before) ctx.fx.plans.insert(record.plan.id);
    if (level.refused.empty() && (happened || told->second != before))
      level_told(state, record, {there, before.holds, level.holds, item.at_ms}, ctx);
  }
  return {};
}

}  // namespace convoke::core
