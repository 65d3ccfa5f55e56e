#pragma once

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/chat.h"

/// The archive's side of a chat. The server is never in the path of a message; it listens, archives, and says
/// up to where it has everything, so that senders repeat what was lost.
namespace convoke::core {

/// A stamped message came in. Archived once for each (sender, message id); a repeat only moves the marker.
/// An edit or delete is archived with the place of what it changes; of an unknown message only as seen.
/// A stamp beyond what JSON numbers hold is no stamp of a broker and ignored.
/// A member's message that the plugin let through may come after they have left. Messages to groups that are
/// not live, or from people who never were members, are not archived.
void chat_message(State& state, const GroupId& group, const UserId& from,
                  const messages::ChatMessage& message, const messages::Stamp& stamp, Context& ctx);

/// The server's own word came back with its stamp. Archived once; one that the group did not say, or said
/// already, only moves the marker.
void notice_message(State& state, const GroupId& group, const messages::Notice& notice,
                    const messages::Stamp& stamp, Context& ctx);

/// A message that was stamped but is not fit for the archive: counts as seen, so that nobody waits for it.
void chat_seen(State& state, const GroupId& group, const messages::Stamp& stamp, Context& ctx);

/// The group's archived-up-to marker.
messages::ArchivedUpTo archived_up_to(const Group& group);

/// Identifies (sender, message id) in 64 bits. FNV-1a; the same on every machine and start.
std::uint64_t message_key(std::string_view from, std::string_view id);

}  // namespace convoke::core
