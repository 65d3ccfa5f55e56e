#include "tests/simulation/checks.h"

#include <algorithm>
#include <functional>

#include "backend/core/blocks.h"
#include "backend/core/sites.h"
#include "backend/core/triggers.h"
#include "tests/simulation/violation.h"
#include "topics/topic.h"

namespace convoke::simulation {
namespace {

using core::Group;
using core::GroupState;
using topics::GroupId;
using topics::UserId;

/// The latest moment at which a chat that opened then closes, worked out from the plan's text alone.
core::TimeMs latest_close(const core::Plan& plan, core::TimeMs opened_ms) {
  core::TimeMs end = core::kMaxTimeMs;
  for (const core::End& e : plan.ends) {
    if (const auto* after = std::get_if<core::AfterDuration>(&e))
      end = std::min(end, opened_ms + after->duration_ms);
    if (const auto* at = std::get_if<core::AtTime>(&e)) end = std::min(end, at->at_ms);
  }
  if (const auto* d = std::get_if<core::Delayed>(&plan.end_timing)) return end + d->by_ms;
  if (const auto* s = std::get_if<core::Spread>(&plan.end_timing)) return end + s->over_ms;
  if (const auto* t = std::get_if<core::SetTime>(&plan.end_timing)) return std::max(end, t->at_ms);
  return end;
}

}  // namespace

void StepChecks::released(const core::State& state, const core::Effects& fx, core::TimeMs now) {
  note_users(state, fx, now);
  for (const GroupId& id : fx.groups)
    if (const Group* group = state.group(id))
      check_group(state, *group);
    else
      check_gone(state, id.str());
  for (const auto& [id, user] : fx.members) {
    const Group* group = state.group(id);
    const auto member = group ? group->members.find(user) : std::map<UserId, core::Member>::const_iterator();
    seen_[id.str()].members.insert(user.str());  // perhaps for a moment only
    const bool is_member = group && member != group->members.end();
    note_member(id.str(), user.str(), is_member, now);
    if (!is_member) continue;
    if (member->second.why.empty()) fail(user.str() + " is in " + id.str() + " without a reason");
  }
  for (const core::Event& event : fx.events)
    if (const auto* retired = std::get_if<core::RetiredEvent>(&event.body))
      seen_[retired->group.str()].closed = true;
}

void StepChecks::note_member(const std::string& group, const std::string& user, bool is_member,
                             core::TimeMs now) {
  const auto out = out_until_ms_.find({group, user});
  if (!is_member)
    out_until_ms_[{group, user}] = core::kMaxTimeMs;
  else if (out != out_until_ms_.end() && out->second == core::kMaxTimeMs)
    out->second = now;
}

void StepChecks::note_users(const core::State& state, const core::Effects& fx, core::TimeMs now) {
  for (const UserId& user : fx.positions) placeless_.erase(user.str());
  for (const UserId& user : fx.erased) erased(user.str(), now);
  for (const auto& pairs : {std::cref(apart_), std::cref(state.blocked_pairs)})
    for (const auto& [user, others] : pairs.get())
      for (const UserId& other : others) apart(user.str(), other.str(), now);
  apart_ = state.blocked_pairs;
}

/// Nothing but an id is kept of a group, and only of one that was retired.
void StepChecks::check_gone(const core::State& state, const std::string& id) {
  if (!state.tombstones.contains(GroupId::parse(id))) fail("group " + id + " is lost");
  open_.erase(GroupId::parse(id));
  seen_[id].state = GroupState::retired;
  seen_[id].closed = true;
}

void StepChecks::check_group(const core::State& state, const Group& group) {
  const std::string& id = group.id.str();
  const bool is_new = !seen_.contains(id);
  Seen& seen = seen_[id];
  if (!is_new && group.state < seen.state)
    fail("group " + id + " went back from " + std::string(to_string(seen.state)) + " to " +
         std::string(to_string(group.state)));
  if (group.reasons.empty()) fail("group " + id + " has no reason");
  if (group.state == GroupState::open) {
    if (!seen.closes_ms && !group.home && state.plans.contains(group.plan))
      seen.closes_ms = latest_close(state.plan_of(group), group.started_ms);
    // Another site's chat stays while its home may draw somebody in.
    if (!group.home && group.members.empty() && group.invited.empty())
      fail("group " + id + " is open and has nobody");
    open_.insert(group.id);
  } else {
    open_.erase(group.id);
  }
  seen.state = group.state;
}

void StepChecks::turned(const core::State& state, core::TimeMs now,
                        const std::map<std::string, core::TimeMs>& extended) {
  for (const GroupId& id : open_) {
    const Group* group = state.group(id);
    if (!group) fail("group " + id.str() + " is gone");
    const bool waits =
        group->home && core::members_here(*group) == 0;  // for its home: the end may be put off
    if (!waits && group->ends_ms && *group->ends_ms <= now)
      fail("group " + id.str() + " is open past its ending time");
    const auto more = extended.find(id.str());
    const core::TimeMs latest = std::max(seen_[id.str()].closes_ms.value_or(core::kMaxTimeMs),
                                         more == extended.end() ? 0 : more->second);
    if (latest <= now) fail("group " + id.str() + " is open past the end that its plan gives it");
    for (const auto& [user, member] : group->members)
      if (member.ends_ms && *member.ends_ms <= now)
        fail(user.str() + " is in " + id.str() + " past their own ending time");
  }
}

void StepChecks::lost(const std::string& name, const std::optional<messages::Stamp>& stamp) {
  const auto topic = topics::parse_topic(name);
  if (stamp && topic && topic->kind == topics::Kind::group_chat)
    lost_.insert({topic->group.str(), topic->user.str(), stamp->epoch, stamp->n});
}

bool StepChecks::was_cut_short(const std::string& group, const std::string& user,
                               const sdk::Stamp& place) const {
  if (!lost_.contains({group, user, place.epoch, place.n})) return false;
  const auto killed = killed_ms_.find(user);
  const auto out = out_until_ms_.find({group, user});
  return (killed != killed_ms_.end() && killed->second >= place.time_ms) ||
         (out != out_until_ms_.end() && out->second >= place.time_ms);
}

void StepChecks::loaded(const core::State& state, core::TimeMs now) {
  for (const auto& [id, seen] : seen_) {
    const Group* group = state.group(GroupId::parse(id));
    if (!group && !state.tombstones.contains(GroupId::parse(id))) fail("group " + id + " is lost");
    if (group && group->state < seen.state) fail("group " + id + " went back at a start");
  }
  for (const GroupId& id : state.tombstones) check_gone(state, id.str());
  // What was written in the moment of death was never told.
  for (const auto& [id, group] : state.groups) {
    check_group(state, group);
    Seen& seen = seen_[id.str()];
    for (const std::string& user : seen.members)
      note_member(id.str(), user, group.members.contains(UserId::parse(user)), now);
    for (const auto& [user, member] : group.members) seen.members.insert(user.str());
    seen.closed = group.state == GroupState::retired;
  }
}

namespace {

std::string user_of(const std::string& client) {
  const auto first = client.find(':') + 1;
  return client.substr(first, client.find(':', first) - first);
}

}  // namespace

void StepChecks::handing_out_between(const core::State& state, const std::string& client,
                                     const Message& message) const {
  const auto chat = message.topic.find("/chat/");
  if (chat == std::string::npos || client.ends_with(":server")) return;
  const UserId from = UserId::parse(message.topic.substr(chat + 6)), to = UserId::parse(user_of(client));
  if (core::blocked_with(state, to).contains(from))
    fail(to.str() + " hears " + from.str() + ", though one has blocked the other");
}

void StepChecks::handing_out(const std::string& client, const Message& message) const {
  if (!message.topic.starts_with(groups_) || client.ends_with(":server")) return;
  const std::string user = user_of(client);
  const auto seen = seen_.find(message.topic.substr(groups_.size(), 32));
  if (seen == seen_.end() || !seen->second.members.contains(user))
    fail(user + " gets " + message.topic + ", but was never a member");
  if (seen->second.closed) fail(user + " gets " + message.topic + " after the end was confirmed");
}

}  // namespace convoke::simulation
