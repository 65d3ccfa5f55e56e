#pragma once

#include "convoke/types.h"
#include "topics/messages/chat.h"
#include "topics/messages/position.h"
#include "topics/messages/presence.h"
#include "topics/messages/roster.h"

/// Between the wire's structs and the public ones, which stay free of the wire's headers.
namespace convoke::sdk {

messages::PresenceState to_wire(Presence presence);
messages::Fix to_wire(const Fix& fix);
Presence from_wire(messages::PresenceState state);
std::vector<Buddy> from_wire(const std::vector<messages::Buddy>& buddies);
Stamp from_wire(const messages::Stamp& stamp);
Message from_wire(std::string group, const messages::ArchivedMessage& message);

/// True if every number is finite and within the wire's bounds.
bool is_usable(const Fix& fix);

}  // namespace convoke::sdk
