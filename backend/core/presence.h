#pragma once

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/presence.h"

/// The presence database: who is available, on which devices.
namespace convoke::core {

/// The user, made known if not yet so.
User& ensure_user(State& state, const UserId& id, Context& ctx);

/// The best state of the user's devices.
PresenceState best_presence(const User& user);

/// A device said how it is (or its will did). One with an older connect number than the last is ignored.
void device_presence(State& state, const UserId& user, const DeviceId& device,
                     const messages::Presence& presence, Context& ctx);

/// A user of another site is so, as their site says.
void remote_presence(State& state, const UserId& user, PresenceState presence, Context& ctx);

/// The user has this name; buddies see it.
void rename(State& state, const UserId& user, const std::string& name, Context& ctx);

/// The broker started anew at `restarted_at` and has forgotten everybody: who has not been heard of since
/// then when the grace time is over is offline.
void begin_presence_grace(State& state, TimeMs restarted_at, Context& ctx);
void end_presence_grace(State& state, TimeMs restarted_at, Context& ctx);

/// Replaces name, attributes and chat duration; buddies see a new name.
void put_profile(State& state, const UserId& user, const std::string& name,
                 std::map<std::string, std::string> attributes, std::optional<TimeMs> chat_duration_ms,
                 Context& ctx);

}  // namespace convoke::core
