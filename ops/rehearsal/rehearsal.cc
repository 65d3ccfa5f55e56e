#include "ops/rehearsal/rehearsal.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "backend/core/engine.h"
#include "backend/ingress/plan_file.h"

namespace convoke::rehearsal {
namespace {

using core::GroupId;
using core::GroupState;
using core::TimeMs;
using core::UserId;

constexpr TimeMs kGoesOnMs = 24 * 3'600'000;
constexpr std::size_t kFreshIds = 2000;  // a step starts one group of a plan at most, and a file has 1000

class Rehearsal {
 public:
  Rehearsal(const Evening& evening, const std::function<void(const Happening&)>& tell) : tell_(tell) {
    for (const PresenceChange& change : evening.presences) connects_[UserId::parse(change.user)] = 0;
  }

  void begin(TimeMs now, const std::vector<geo::Area>& areas, const std::vector<core::Plan>& plans) {
    now_ = now;
    step([&](core::Context& ctx) { engine_.put_areas(areas, ctx); });
    for (const core::Plan& plan : plans) step([&](core::Context& ctx) { engine_.put_plan(plan, ctx); });
  }

  void presence(const UserId& user, messages::PresenceState state) {
    const messages::Presence presence{state, ++connects_[user]};
    step(
        [&](core::Context& ctx) { engine_.presence(user, topics::DeviceId::parse("phone"), presence, ctx); });
  }

  void fix(const UserId& user, const geo::Position& at) {
    const messages::Fix fix{at.time_ms, at.at.lat, at.at.lon, at.acc_m, at.alt_m, {}, at.floor};
    if (!connects_.contains(user)) presence(user, messages::PresenceState::available);
    step([&](core::Context& ctx) { engine_.position(user, fix, ctx); });
  }

  /// Lets time pass, firing every timer at its own time.
  void pass_to(TimeMs end) {
    while (tick_before(end)) {
    }
    now_ = std::max(now_, end);
  }

  /// Lets the chats that are open come to their ends.
  void finish() {
    const TimeMs end = now_ + kGoesOnMs;
    while (any_lives() && tick_before(end)) {
    }
  }

 private:
  bool tick_before(TimeMs end) {
    const auto next = engine_.next_deadline();
    if (!next || *next > end) return false;
    now_ = std::max(now_, *next);
    step([&](core::Context& ctx) { engine_.tick(ctx); });
    return true;
  }

  bool any_lives() const {
    return std::any_of(engine_.state().groups.begin(), engine_.state().groups.end(), [](const auto& group) {
      return group.second.state != GroupState::ending && group.second.state != GroupState::retired;
    });
  }

  void step(const std::function<void(core::Context&)>& f) {
    core::Effects fx;
    core::Context ctx{now_, ids_, fx};
    while (ids_.size() < kFreshIds) ids_.push_back(next_id());
    f(ctx);
    engine_.finish(ctx);
    report(fx);
    for (const auto& out : fx.out)
      if (const auto* feed = std::get_if<core::FeedChange>(&out); feed && feed->retires)
        step([&](core::Context& c) { engine_.feed_confirmed(*feed->retires, c); });
  }

  GroupId next_id() {
    const std::string digits = std::to_string(++ids_made_);
    return GroupId::parse(std::string(32 - digits.size(), '0') + digits);
  }

  void report(const core::Effects& fx) {
    for (const core::Event& event : fx.events) {
      if (const auto* start = std::get_if<core::StartEvent>(&event.body)) started(*start, fx);
      if (const auto* later = std::get_if<core::ScheduledEvent>(&event.body))
        say({now_, "scheduled", later->plan.str(), chat(later->group), later->reasons, {}, {}, {}});
      if (const auto* none = std::get_if<core::NoMembersEvent>(&event.body))
        say({now_, "no-members", none->plan.str(), 0, {none->reason}, {}, {}, {}});
    }
    for (const auto& [key, was] : fx.past)
      if (is_open(key.first) && in_[key.first].erase(key.second) > 0) came_or_went("leave", key, was.reason);
    for (const auto& key : fx.members) {
      if (!is_open(key.first)) continue;
      const auto& members = engine_.state().group(key.first)->members;
      const auto member = members.find(key.second);
      if (member != members.end() && in_[key.first].insert(key.second).second)
        came_or_went("join", key, member->second.why);
    }
    for (const core::Event& event : fx.events)
      if (const auto* end = std::get_if<core::EndEvent>(&event.body))
        say({now_, "end", end->plan.str(), chat(end->group), {end->reason}, {}, {}, {}});
  }

  void started(const core::StartEvent& start, const core::Effects& fx) {
    Happening h{now_, "start", start.plan.str(), chat(start.group), start.reasons, {}, {}, {}};
    for (const auto& [user, member] : engine_.state().group(start.group)->members) {
      in_[start.group].insert(user);
      h.members.emplace_back(user.str(), member.why);
    }
    for (const auto& [key, was] : fx.past)
      if (key.first == start.group && was.joined_ms == 0 && was.reason != core::kNotMet)
        h.passed_over.emplace_back(key.second.str(), was.reason);
    say(h);
  }

  void came_or_went(const char* what, const std::pair<GroupId, UserId>& key, const std::string& why) {
    const auto* group = engine_.state().group(key.first);
    say({now_, what, group->plan.str(), chat(key.first), {why}, key.second.str(), {}, {}});
  }

  bool is_open(const GroupId& id) const {
    const auto* group = engine_.state().group(id);
    return group && group->state == GroupState::open;
  }
  std::size_t chat(const GroupId& id) { return chats_.try_emplace(id, chats_.size() + 1).first->second; }
  void say(const Happening& h) { tell_(h); }

  const std::function<void(const Happening&)>& tell_;
  core::Engine engine_{topics::SiteId::parse("rehearsal"), geo::Rule{}};
  TimeMs now_ = 0;
  std::deque<GroupId> ids_;
  std::uint64_t ids_made_ = 0;
  std::map<UserId, std::uint64_t> connects_;
  std::map<GroupId, std::size_t> chats_;
  std::map<GroupId, std::set<UserId>> in_;
};

}  // namespace

void rehearse(std::string_view plans, bool is_json, const Evening& evening,
              const std::function<void(const Happening&)>& tell) {
  const ingress::PlanFile file =
      is_json ? ingress::parse_plans_json(plans) : ingress::parse_plans_toml(plans);
  const auto& fixes = evening.fixes;
  const auto& presences = evening.presences;
  if (fixes.empty() && presences.empty()) return;
  Rehearsal rehearsal(evening, tell);
  std::size_t f = 0, p = 0;
  const auto presence_is_next = [&] {
    return p < presences.size() && (f == fixes.size() || presences[p].time_ms <= fixes[f].position.time_ms);
  };
  rehearsal.begin(presence_is_next() ? presences[p].time_ms : fixes[f].position.time_ms, evening.areas,
                  file.plans);
  while (f < fixes.size() || p < presences.size()) {
    if (presence_is_next()) {
      rehearsal.pass_to(presences[p].time_ms);
      rehearsal.presence(UserId::parse(presences[p].user), presences[p].state);
      ++p;
    } else {
      rehearsal.pass_to(fixes[f].position.time_ms);
      rehearsal.fix(UserId::parse(fixes[f].user), fixes[f].position);
      ++f;
    }
  }
  rehearsal.finish();
}

}  // namespace convoke::rehearsal
