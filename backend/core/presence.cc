#include "backend/core/presence.h"

#include <algorithm>

#include "backend/core/follow.h"
#include "backend/core/peers.h"
#include "backend/core/roster.h"
#include "backend/core/sites.h"
#include "backend/core/triggers.h"

namespace convoke::core {
namespace {

constexpr TimeMs kGraceMs = 30'000;

/// Works out the user's presence from the devices; buddies see a change.
void settle(State& state, User& user, Context& ctx) {
  ctx.fx.users.insert(user.id);
  const PresenceState before = user.presence;
  user.presence = best_presence(user);
  if (user.presence == before) return;
  if (before == PresenceState::available) user.unavailable_since_ms = ctx.now;
  if (user.presence == PresenceState::available) user.unavailable_since_ms = 0;
  for (const GroupId& id : user.groups) {
    Group& group = *state.group(id);
    if (before == PresenceState::available) --group.available;
    if (user.presence == PresenceState::available) ++group.available;
    roster_touch(state, group, user.id, ctx);
  }
  tell_peers_presence(state, user, ctx);
  if (before == PresenceState::available || user.presence == PresenceState::available)
    availability_changed(state, user.id, ctx);
}

}  // namespace

User& ensure_user(State& state, const UserId& id, Context& ctx) {
  User& user = state.users[id];
  if (user.id.empty()) {
    user.id = id;
    user.known_ms = ctx.now;
    ctx.fx.users.insert(id);
  }
  return user;
}

PresenceState best_presence(const User& user) {
  PresenceState best = PresenceState::offline;
  for (const auto& [id, device] : user.devices) best = std::min(best, device.state);
  return best;
}

void device_presence(State& state, const UserId& user_id, const DeviceId& device_id,
                     const messages::Presence& p, Context& ctx) {
  User& user = ensure_user(state, user_id, ctx);
  Device& device = user.devices[device_id];
  if (p.connect_number < device.connect_number) return;
  device = {p.state, p.connect_number, ctx.now};
  settle(state, user, ctx);
}

void remote_presence(State& state, const UserId& user, PresenceState presence, Context& ctx) {
  static const DeviceId kAll = DeviceId::parse("site");
  state.erased_ms.erase(user);  // their site has made them known anew
  device_presence(state, user, kAll, {presence, 1}, ctx);
}

void rename(State& state, const UserId& id, const std::string& name, Context& ctx) {
  User& user = ensure_user(state, id, ctx);
  if (user.name == name) return;
  user.name = name;
  ctx.fx.users.insert(id);
  for (const GroupId& group : user.groups) roster_renamed(state, *state.group(group), id, ctx);
  tell_peers_name(state, user, ctx);
}

void begin_presence_grace(State& state, TimeMs restarted_at, Context& ctx) {
  state.timers.set({TimerKind::presence_grace, std::to_string(restarted_at)}, ctx.now + kGraceMs);
}

void end_presence_grace(State& state, TimeMs restarted_at, Context& ctx) {
  ctx.fx.graced_since = restarted_at;
  std::set<UserId> lost;
  for (auto& [id, user] : state.users) {
    if (is_remote(id)) continue;  // they are not at this broker
    for (auto& [device_id, device] : user.devices) {
      if (device.state == PresenceState::offline || device.heard_ms >= restarted_at) continue;
      device.state = PresenceState::offline;
      lost.insert(id);
    }
  }
  for (const UserId& id : lost) settle(state, *state.user(id), ctx);
}

void put_profile(State& state, const UserId& id, const std::string& name,
                 std::map<std::string, std::string> attributes, std::optional<TimeMs> chat_duration_ms,
                 Context& ctx) {
  User& user = ensure_user(state, id, ctx);
  rename(state, id, name, ctx);
  user.attributes = std::move(attributes);
  user.chat_duration_ms = chat_duration_ms;
  ctx.fx.users.insert(id);
  follow_user(state, id, ctx);
}

}  // namespace convoke::core
