#pragma once

#include <string>
#include <string_view>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/chat.h"

/// What staff and the server say in a group's chat. It goes out on the group's `notice` topic, where only the
/// server may publish, is stamped and counted there with the members' messages, and archived when it comes
/// back; until then the group's record keeps it, and it is repeated under the same id.
namespace convoke::core {

inline constexpr std::size_t kMaxUnarchived = 64;  // of one group

/// Says `text` (1 to kMaxTextBytes bytes, no control characters) to the members of a live group. `type`:
/// messages::kAnnouncement or kSystem; `by`: the staff user, for a system message the site. Returns the
/// message's id; empty, and nothing said, while kMaxUnarchived wait for the broker.
std::string announce(State& state, Group& group, std::string_view type, std::string text, std::string by,
                     Context& ctx);

/// Tells all that staff `by` has deleted a member's message; the archive's copy loses its text when that
/// comes back. Returns as `announce` does. `author` and `id` must be those of an archived message
/// (`has_message`).
std::string delete_message(State& state, Group& group, const UserId& author, const std::string& id,
                           const std::string& by, Context& ctx);
/// Says what has its id already. False, and nothing said, while kMaxUnarchived wait for the broker.
bool say_once(State& state, Group& group, const messages::Notice& notice, Context& ctx);
bool has_message(const Group& group, const UserId& author, const std::string& id);

/// Says again what has not come back from the broker, of users of other sites too.
void repeat_notices(State& state, const Group& group, Context& ctx);
/// Sets the timer of a loaded group for that.
void arm_notices(State& state, const Group& group, TimeMs now);

}  // namespace convoke::core
