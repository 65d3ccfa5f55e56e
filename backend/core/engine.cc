#include "backend/core/engine.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>
#include <utility>

#include "backend/core/announce.h"
#include "backend/core/blocks.h"
#include "backend/core/chat_archive.h"
#include "backend/core/clock_steps.h"
#include "backend/core/delivery.h"
#include "backend/core/distant_triggers.h"
#include "backend/core/end_detector.h"
#include "backend/core/erasure.h"
#include "backend/core/follow.h"
#include "backend/core/identities.h"
#include "backend/core/invitations.h"
#include "backend/core/kept_questions.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/core/presence.h"
#include "backend/core/questions.h"
#include "backend/core/registrations.h"
#include "backend/core/relay.h"
#include "backend/core/roster.h"
#include "backend/core/safe_regions.h"
#include "backend/core/signals.h"
#include "backend/core/triggers.h"
#include "backend/core/watches.h"
#include "topics/messages/area_event.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr TimeMs kOccupancyMs = 1000;

std::optional<double> finite(double x) { return std::isfinite(x) ? std::optional<double>(x) : std::nullopt; }

std::vector<std::string> inside(const User& user) {
  std::vector<std::string> areas;
  for (const AreaId& area : user.areas) areas.push_back(area.str());
  return areas;
}

}  // namespace

Engine::Engine(topics::SiteId site, geo::Rule rule) : tracker_(rule) { state_.site = std::move(site); }

void Engine::load_user(User user) {
  user.presence = best_presence(user);
  const UserId id = user.id;
  // A position is stored up to a second later than the areas; without one the next fix says who has left.
  tracker_.restore(id.str(), std::nullopt, inside(user));
  state_.users[id] = std::move(user);
}

void Engine::load_position(const UserId& user, geo::Position position) {
  const User* u = state_.user(user);
  tracker_.restore(user.str(), position, u ? inside(*u) : std::vector<std::string>());
}

void Engine::load_area(geo::Area area, TimeMs now) { tracker_.put_area(std::move(area), now); }

void Engine::load_plan(PlanRecord plan) {
  const PlanId id = plan.plan.id;
  state_.plans[id] = std::move(plan);
}

void Engine::load_registrations(const PlanId& plan, const UserId& user, std::vector<Registration> all) {
  const auto it = state_.plans.find(plan);
  if (it == state_.plans.end()) return;
  it->second.registrations[user] = std::move(all);
  note_acts(state_, it->second, user);
}

void Engine::load_group(Group group) {
  const GroupId id = group.id;
  state_.groups[id] = std::move(group);
}

void Engine::load_revocation(std::string mark, std::int64_t before_ms) {
  state_.revocations[std::move(mark)] = before_ms;
}

void Engine::load_tombstone(const GroupId& group) { state_.tombstones.insert(group); }

void Engine::load_member(const GroupId& group, const UserId& user, Member member) {
  if (Group* g = state_.group(group)) g->members[user] = std::move(member);
}

void Engine::load_past(const GroupId& group, const UserId& user, PastMember was) {
  Group* g = state_.live_group(group);
  if (!g) return;
  if (!was.why.empty()) g->stays[user] = std::move(was.stays);
  if (was.reason == kFull && !g->members.contains(user)) g->turned_away[user] = was.left_ms;
}

void Engine::load_invitation(const GroupId& group, const UserId& user, Invitation invitation) {
  if (Group* g = state_.group(group)) g->invited[user] = std::move(invitation);
}

void Engine::load_identity(const std::string& key, IdentityRecord identity) {
  if (User* user = state_.user(identity.user)) user->identities.insert(key);
  state_.identities[key] = std::move(identity);
}

void Engine::load_waiting(const PlanId& plan, const std::string& identity, std::vector<WaitingAct> acts) {
  const auto it = state_.plans.find(plan);
  if (it == state_.plans.end()) return;
  it->second.waiting[identity] = std::move(acts);
  note_waiting(state_, it->second, identity);
}

void Engine::load_act(const std::string& key, ActRecord act) { state_.acts[key] = act; }

void Engine::load_hint(const std::string& hook, const std::string& about, TimeMs told_ms) {
  state_.hints[hook][about] = {told_ms, ++state_.last_hint};
}

void Engine::load_peer(Peer peer) {
  const SiteId site = peer.site;
  state_.peers[site] = std::move(peer);
}

void Engine::load_question(const SiteId& site, const PlanId& id, messages::PeerSelect asked) {
  core::load_question(state_, site, id, std::move(asked));
}

void Engine::load_told(const SiteId& site, const PlanId& question, const UserId& user) {
  core::load_told(state_, site, question, user);
}

void Engine::load_met(const GroupId& group, const UserId& user, bool sure) {
  Group* g = state_.group(group);
  if (!g || (g->state != GroupState::open && g->state != GroupState::gathering)) return;
  g->met[user] = sure;
  state_.met_in[user].insert(group);
}

void Engine::load_watches(const SiteId& site, const PlanId& plan,
                          std::vector<messages::PeerWatched> watches) {
  std::vector<Watch>& all = state_.watches[site][plan];
  for (messages::PeerWatched& what : watches) all.push_back({std::move(what)});
}

void Engine::load_relayed(const GroupId& group, std::uint64_t key, Relayed relayed) {
  if (Group* g = state_.live_group(group)) g->relayed[key] = std::move(relayed);
}

void Engine::load_message_key(const GroupId& group, std::uint64_t key, ChatPlace place) {
  if (Group* g = state_.live_group(group)) g->message_keys.emplace(key, place);
}

void Engine::loaded(TimeMs now) {
  resume_ms_ = now;
  for (const auto& [id, plan] : state_.plans) index_plan(state_, plan);
  for (const auto& [id, user] : state_.users) {
    // Who sent positions after every device had said goodbye, or was lost, has another app that sends them.
    const auto last = tracker_.last(id.str());
    const bool goes_on =
        last && std::all_of(user.devices.begin(), user.devices.end(),
                            [&](const auto& device) { return device.second.heard_ms < last->time_ms; });
    if (!goes_on) note_presence(user, now);
  }
  for (auto& [id, user] : state_.users)
    for (const AreaId& area : user.areas) state_.occupants[area].insert(&user);
  for (const auto& [id, user] : state_.users) {
    for (const auto& [area, left] : user.left) state_.left[area][id] = left;
    // What was over meanwhile is looked at in the first tick.
    if (!user.left.empty()) state_.timers.set({TimerKind::forget_areas, id.str()}, now);
    load_blocks(state_, user);
  }
  for (auto& [id, group] : state_.groups) {
    for (const std::string& key : group.start_keys) state_.start_keys[{group.plan, key}] = id;
    arm_group_timers(state_, group, now);
    if (group.state == GroupState::ending || group.state == GroupState::retired) continue;
    if (auto plan = state_.plans.find(group.plan); plan != state_.plans.end() && !group.home)
      plan->second.live = id;
    for (const auto& [user, invitation] : group.invited)
      if (User* u = state_.user(user)) u->invited.insert(id);
    if (group.state != GroupState::open) continue;
    roster_rebuild(state_, group);
    roster_recover(state_, group, now);
    for (const auto& [user, member] : group.members)
      if (User* u = state_.user(user)) u->groups.insert(id);
  }
  for (auto& [id, plan] : state_.plans) arm_plan_timers(state_, plan);
  arm_peers(state_, now);
  core::load_watches(state_);
  state_.timers.set({TimerKind::forget_acts, ""}, now);
  safe_regions_unknown(state_, now);
}

void Engine::position(const UserId& user, const messages::Fix& fix, Context& ctx) {
  if (state_.erased_ms.contains(user)) return;
  ensure_user(state_, user, ctx);
  const geo::Rule& rule = tracker_.rule();
  if (rule.smoothing && fix.time_ms + rule.track.stale_ms <= ctx.now) return;
  transitions(tracker_.fix(user.str(), {.at = {fix.lat, fix.lon},
                                        .time_ms = fix.time_ms,
                                        .acc_m = fix.acc_m,
                                        .alt_m = fix.alt_m,
                                        .floor = fix.floor}),
              ctx);
  ctx.fx.positions.insert(user);
}

void Engine::reported(const UserId& user, const messages::Fix& newest, bool takes_regions, Context& ctx) {
  if (state_.erased_ms.contains(user)) return;
  tell_safe_region(state_, tracker_, user, newest, takes_regions, ctx);
}

void Engine::presence(const UserId& user, const DeviceId& device, const messages::Presence& p, Context& ctx) {
  const auto erased = state_.erased_ms.find(user);
  const bool of_before =
      erased != state_.erased_ms.end() && static_cast<TimeMs>(p.connect_number) <= erased->second;
  const bool goodbye_of_nobody = !state_.user(user) && p.state == PresenceState::offline;
  if (of_before || goodbye_of_nobody)  // nothing is kept of it, with the broker neither
    return ctx.publish({topics::presence_topic(state_.site, user, device), "", 1, true, false});
  if (erased != state_.erased_ms.end()) state_.erased_ms.erase(erased);
  device_presence(state_, user, device, p, ctx);
  note_presence(*state_.user(user), ctx.now);
}

void Engine::note_presence(const User& user, TimeMs now) {
  if (user.devices.empty()) return;  // a phone that has no presence, only positions
  tracker_.presence(user.id.str(), user.presence != PresenceState::offline, now);
}

void Engine::chat(const GroupId& group, const UserId& from, const messages::ChatMessage& message,
                  const messages::Stamp& stamp, Context& ctx) {
  if (state_.erased_ms.contains(from)) return chat_seen(state_, group, stamp, ctx);
  chat_message(state_, group, from, message, stamp, ctx);
}

void Engine::notice(const GroupId& group, const messages::Notice& notice, const messages::Stamp& stamp,
                    Context& ctx) {
  notice_message(state_, group, notice, stamp, ctx);
}

void Engine::signal(const GroupId& group, const UserId& from, const messages::Signal& signal, Context& ctx) {
  note_signal(state_, group, from, signal, ctx);
}

void Engine::chat_unreadable(const GroupId& group, const messages::Stamp& stamp, Context& ctx) {
  chat_seen(state_, group, stamp, ctx);
}

void Engine::request(const Asker& asker, const messages::Request& r, Context& ctx) {
  if (state_.erased_ms.contains(asker.user)) return;
  if (std::holds_alternative<messages::EraseRequest>(r.op)) {
    respond_empty(state_, asker, r.id, ctx);
    return erase_user(asker.user, ctx);
  }
  if (std::holds_alternative<messages::ResumeRequest>(r.op)) forget_safe_region(state_, asker.user);
  terminal_request(state_, asker, r, ctx);
}

void Engine::bad_request(const Asker& asker, const std::string& id, messages::RequestError error,
                         Context& ctx) {
  refuse_request(state_, asker, id, std::move(error), ctx);
}

void Engine::erase_user(const UserId& user, Context& ctx) { core::erase_user(state_, tracker_, user, ctx); }

void Engine::put_peer(const SiteId& site, std::string host, int port, std::string keys, Context& ctx) {
  core::put_peer(state_, site, std::move(host), port, std::move(keys), ctx);
}
bool Engine::delete_peer(const SiteId& site, Context& ctx) { return core::delete_peer(state_, site, ctx); }
bool Engine::allow_peer(const SiteId& site, std::set<std::string> may, Context& ctx) {
  return core::allow_peer(state_, site, std::move(may), ctx);
}
PeerTaken Engine::peer_batch(const SiteId& from, const messages::PeerBatch& batch, Context& ctx) {
  return take_batch(state_, from, batch, ctx);
}
void Engine::bad_peer_batch(const SiteId& from, bool other_version, Context& ctx) {
  const auto peer = state_.peers.find(from);
  if (peer == state_.peers.end()) return;
  ++peer->second.refused["unreadable"];
  if (!other_version) shut_link(peer->second, "unreadable", ctx);
}

void Engine::put_areas(const std::vector<geo::Area>& areas, Context& ctx) {
  std::vector<geo::Transition> decided;
  for (const geo::Area& area : areas) {
    const AreaId id = AreaId::parse(area.id);
    ctx.fx.areas.insert(id);
    state_.timers.set_if_unset({TimerKind::occupancy, id.str()}, ctx.now);
    for (geo::Transition& t : tracker_.put_area(area, ctx.now)) decided.push_back(std::move(t));
  }
  call_back_safe_regions(state_, tracker_, areas, ctx);
  transitions(decided, ctx);
}

bool Engine::delete_area(const AreaId& id, Context& ctx) {
  if (!tracker_.index().find(id.str())) return false;
  ctx.fx.areas.insert(id);
  transitions(tracker_.erase_area(id.str(), ctx.now), ctx);
  state_.timers.cancel({TimerKind::occupancy, id.str()});
  ctx.publish({topics::area_occupancy_topic(state_.site, id), "", 1, true});
  return true;
}

void Engine::put_plan(Plan plan, Context& ctx) { core::put_plan(state_, std::move(plan), ctx); }
bool Engine::delete_plan(const PlanId& id, Context& ctx) { return core::delete_plan(state_, id, ctx); }

std::vector<std::pair<PlanId, StartOutcome>> Engine::external_event(const ExternalEvent& event,
                                                                    Context& ctx) {
  return core::external_event(state_, event, ctx);
}

ActOutcome Engine::act(const Act& act, Context& ctx) { return core::act(state_, act, ctx); }
MailOutcome Engine::mail(const Mail& mail, Context& ctx) { return core::mail(state_, mail, ctx); }

std::optional<std::uint64_t> Engine::keep_hint(const std::string& hook, const std::string& about,
                                               TimeMs told_ms, Context& ctx) {
  return core::keep_hint(state_, hook, about, told_ms, ctx);
}
void Engine::drop_hint(const std::string& hook, const std::string& about, std::uint64_t number,
                       Context& ctx) {
  core::drop_hint(state_, hook, about, number, ctx);
}

LinkResult Engine::link_identity(const UserId& user, const Identity& identity, bool proven,
                                 const std::string& source, Context& ctx) {
  return core::link_identity(state_, user, identity, proven, source, ctx);
}
void Engine::sign_in(const UserId& user, const std::vector<Identity>& proven, TimeMs issued_ms,
                     Context& ctx) {
  core::sign_in(state_, user, proven, issued_ms, ctx);
}
bool Engine::unlink_identity(const UserId& user, const std::string& key, Context& ctx) {
  return core::unlink_identity(state_, user, key, ctx);
}

void Engine::put_profile(const UserId& user, std::string name, std::map<std::string, std::string> attributes,
                         std::optional<TimeMs> chat_duration_ms, Context& ctx) {
  core::put_profile(state_, user, std::move(name), std::move(attributes), chat_duration_ms, ctx);
}

void Engine::transitions(const std::vector<geo::Transition>& transitions, Context& ctx) {
  // How many are inside after each of them; the tracker knows the number after all.
  const auto step = [](const geo::Transition& t) {
    return t.kind == geo::TransitionKind::enter ? 1 : t.kind == geo::TransitionKind::exit ? -1 : 0;
  };
  std::map<std::string_view, std::int64_t> inside;
  for (const geo::Transition& t : transitions) {
    const auto [count, first] = inside.try_emplace(t.area, 0);
    if (first) count->second = static_cast<std::int64_t>(tracker_.occupancy(t.area));
    count->second -= step(t);
  }
  for (const geo::Transition& t : transitions) {
    const UserId user = UserId::parse(t.user);
    const AreaId area = AreaId::parse(t.area);
    messages::AreaEvent e{t.time_ms,
                          t.user,
                          t.area,
                          std::string(to_string(t.kind)),
                          std::string(to_string(t.reason)),
                          finite(t.distance_m),
                          t.acc_m,
                          std::string(t.rule),
                          {t.fixes.time_ms.begin(), t.fixes.time_ms.begin() + t.fixes.count}};
    ctx.publish({topics::area_events_topic(state_.site, area), encode(e), 1, false, false});
    ctx.event(TransitionEvent{e.user, e.area, e.transition, e.reason, e.distance_m, e.accuracy_m,
                              static_cast<std::size_t>(inside[t.area] += step(t))});
    state_.timers.set_if_unset({TimerKind::occupancy, area.str()}, ctx.now + kOccupancyMs);
    if (t.kind != geo::TransitionKind::pass_through)
      area_transition(state_, user, area, t.kind == geo::TransitionKind::enter, ctx);
  }
}

void Engine::broker_connected(std::optional<TimeMs> restarted_at, Context& ctx) {
  for (auto& [id, group] : state_.groups) {
    if (group.state != GroupState::open) continue;
    roster_flush(state_, group, ctx);  // or a page would be ahead of its header
    roster_publish_all(state_, group, ctx, false);
  }
  tracker_.index().for_each([&](const geo::Area& area) {
    state_.timers.set_if_unset({TimerKind::occupancy, area.id}, ctx.now);
  });
  if (restarted_at) begin_presence_grace(state_, *restarted_at, ctx);
}

void Engine::feed_confirmed(const GroupId& retired, Context& ctx) { group_retired(state_, retired, ctx); }

void Engine::tick(Context& ctx) {
  const TimeMs before = std::exchange(ticked_ms_, ctx.now);
  if (before > ctx.now) clock_set_back(state_, before - ctx.now);
  std::vector<geo::Transition> decided;
  if (std::exchange(resume_ms_, std::nullopt)) {
    for (auto& [id, plan] : state_.plans) ask_levels(state_, plan, ctx);  // what no earlier server has asked
    decided = tracker_.resume(ctx.now);
  }
  for (geo::Transition& t : tracker_.advance(ctx.now)) decided.push_back(std::move(t));
  if (const auto switched = tracker_.take_switched(); !switched.empty())
    call_back_safe_regions(state_, tracker_, switched, ctx);
  transitions(decided, ctx);
  while (auto due = state_.timers.take_due(ctx.now)) fire(due->second, ctx);
}

std::optional<TimeMs> Engine::next_deadline() const {
  if (resume_ms_) return resume_ms_;
  const auto timer = state_.timers.next(), place = tracker_.next_due_ms();
  return timer && place ? std::min(*timer, *place) : timer ? timer : place;
}

void Engine::fire(const TimerKey& key, Context& ctx) {
  const auto& [kind, id] = key;
  switch (kind) {
    case TimerKind::plan_schedule:
      if (auto it = state_.plans.find(PlanId::parse(id)); it != state_.plans.end())
        plan_schedule_due(state_, it->second, ctx);
      return;
    case TimerKind::plan_again:
      if (auto it = state_.plans.find(PlanId::parse(id)); it != state_.plans.end())
        plan_again_due(state_, it->second, ctx);
      return;
    case TimerKind::presence_grace:
      end_presence_grace(state_, std::stoll(id), ctx);
      for (const auto& [name, user] : state_.users) note_presence(user, ctx.now);
      return;
    case TimerKind::occupancy: {
      const AreaId area = AreaId::parse(id);
      const auto count = static_cast<std::uint32_t>(state_.occupancy(area));
      ctx.publish({topics::area_occupancy_topic(state_.site, area),
                   encode(messages::Occupancy{id, count, ctx.now}), 1, true, false});
      return;
    }
    case TimerKind::member_end: {
      const auto slash = id.find('/');
      if (Group* group = state_.live_group(GroupId::parse(id.substr(0, slash))))
        member_end_due(state_, *group, UserId::parse(id.substr(slash + 1)), ctx);
      return;
    }
    case TimerKind::member_leave: {
      const auto slash = id.find('/');
      if (Group* group = state_.live_group(GroupId::parse(id.substr(0, slash))))
        leave_due(state_, *group, UserId::parse(id.substr(slash + 1)), ctx);
      return;
    }
    case TimerKind::forget_areas:
      return forget_areas_left(state_, UserId::parse(id), ctx);
    case TimerKind::peer_presence:
      return peer_presence_due(state_, SiteId::parse(id), ctx);
    case TimerKind::peer_signals:
      return peer_signals_due(state_, SiteId::parse(id), ctx);
    case TimerKind::forget_acts:
      return forget_acts(state_, ctx);
    case TimerKind::group_open:
    case TimerKind::group_end:
    case TimerKind::group_watch:
    case TimerKind::group_warn:
    case TimerKind::invitations:
    case TimerKind::roster_flush:
    case TimerKind::resend:
    case TimerKind::holding_event:
    case TimerKind::chat_event:
    case TimerKind::notice_repeat:
    case TimerKind::group_forget:
    case TimerKind::home_places:
      return fire_group(kind, id, ctx);
  }
}

void Engine::fire_group(TimerKind kind, const std::string& id, Context& ctx) {
  Group* group = state_.group(GroupId::parse(id));
  if (!group) return;
  if (kind == TimerKind::resend) return resend(state_, *group, ctx);
  if (kind == TimerKind::group_forget) return forget_due(state_, *group, ctx);
  if (kind == TimerKind::group_open) return open_due(state_, *group, ctx);
  if (kind == TimerKind::invitations) return invitations_due(state_, *group, ctx);
  if (group->state != GroupState::open) return;
  if (kind == TimerKind::group_watch) return watch_due(state_, *group, ctx);
  if (kind == TimerKind::group_warn) return warning_due(state_, *group, ctx);
  if (kind == TimerKind::chat_event) return ctx.event(ChatEvent{group->id, group->messages});
  if (kind == TimerKind::notice_repeat) return repeat_notices(state_, *group, ctx);
  if (kind == TimerKind::home_places) return places_due(state_, *group, ctx);
  if (kind == TimerKind::group_end) return end_group(state_, *group, group->end_kind, ctx);
  if (kind == TimerKind::roster_flush) return roster_flush(state_, *group, ctx);
  ctx.event(HoldingEvent{group->id, group->version, holding(*group), group->members.size()});
}

void Engine::finish(Context& ctx) {
  follow_members(state_, ctx);
  tell_all_reasons(state_, ctx.fx);
  for (const GroupId& id : ctx.fx.archived) {
    const Group* group = state_.group(id);
    if (group)
      ctx.publish({topics::ack_topic(state_.site, id), encode(archived_up_to(*group)), 0, false, false});
  }
}

}  // namespace convoke::core
