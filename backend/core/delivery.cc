#include "backend/core/delivery.h"

#include <algorithm>

#include "backend/core/roster.h"
#include "backend/core/sites.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

constexpr TimeMs kFirstResendMs = 10'000;
constexpr int kMaxResends = 6;  // 10 s, 20 s, … about ten minutes; after that the phone's resume tells it
constexpr TimeMs kHoldingEventMs = 300;

/// What a start or an end says; the same to each member, so it is made once for all.
std::string start_words(const State& state, const Group& group) {
  return encode(messages::InboxMessage(chat_start(state, group)));
}
std::string end_words(const Group& group, const std::string& reason, TimeMs now) {
  return encode(messages::InboxMessage(chat_end(group, reason, group.ended_ms ? group.ended_ms : now)));
}

void tell(const State& state, const UserId& user, const std::string& words, bool durable, Context& ctx) {
  if (is_remote(user)) return;  // their own site does
  ctx.publish({topics::inbox_topic(state.site, user), words, 1, false, durable});
}

}  // namespace

messages::ChatStart chat_start(const State& state, const Group& group) { return {roster_head(state, group)}; }

messages::ChatEnd chat_end(const Group& group, const std::string& reason, TimeMs at) {
  return {group.id.str(), group.plan.str(), reason, at};
}

void tell_start(State& state, const Group& group, const std::vector<UserId>& users, Context& ctx) {
  const std::string words = start_words(state, group);
  for (const UserId& user : users) tell(state, user, words, true, ctx);
  state.timers.set_if_unset({TimerKind::resend, group.id.str()}, ctx.now + kFirstResendMs);
}

void tell_end(const State& state, const Group& group, const std::vector<UserId>& users,
              const std::string& reason, Context& ctx) {
  const std::string words = end_words(group, reason, ctx.now);
  for (const UserId& user : users) tell(state, user, words, true, ctx);
}

void arm_resend(State& state, const Group& group, TimeMs now) {
  state.timers.set({TimerKind::resend, group.id.str()}, now + kFirstResendMs);
}

void phone_holds(State& state, const UserId& user, const GroupId& id, std::uint64_t version, bool ended,
                 Context& ctx) {
  Group* group = state.group(id);
  if (!group) return;
  auto it = group->members.find(user);
  if (it == group->members.end()) return;
  if (group->state != GroupState::open) {
    if (!ended) return;
    group->members.erase(it);
    ctx.fx.members.insert({id, user});
    return;
  }
  // What a phone says late, of a time when the user was a member before, is no news of this one.
  if (ended || version > group->version || version < it->second.since_version) return;
  if (version <= it->second.held_version) return;
  it->second.held_version = version;
  ctx.fx.members.insert({id, user});
  state.timers.set_if_unset({TimerKind::holding_event, id.str()}, ctx.now + kHoldingEventMs);
}

void resend(State& state, Group& group, Context& ctx) {
  const bool open = group.state == GroupState::open;
  const std::string words = open ? start_words(state, group) : end_words(group, group.end_reason, ctx.now);
  bool anyone = false;
  for (const auto& [id, member] : group.members) {
    if (open && member.held_version > 0) continue;
    anyone = true;
    const User* user = state.user(id);
    if (!user || user->presence == PresenceState::offline) continue;
    tell(state, id, words, false, ctx);
  }
  if (!anyone || ++group.resends >= kMaxResends) return;
  state.timers.set({TimerKind::resend, group.id.str()}, ctx.now + (kFirstResendMs << group.resends));
}

std::size_t holding(const Group& group) {
  return static_cast<std::size_t>(std::count_if(group.members.begin(), group.members.end(),
                                                [](const auto& m) { return m.second.held_version > 0; }));
}

}  // namespace convoke::core
