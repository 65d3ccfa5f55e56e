#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/inbox.h"

/// Starts and ends in the members' inboxes, repeated until a phone of theirs has confirmed what it holds.
namespace convoke::core {

messages::ChatStart chat_start(const State& state, const Group& group);
messages::ChatEnd chat_end(const Group& group, const std::string& reason, TimeMs at);

/// Tells them the start, and begins to repeat it.
void tell_start(State& state, const Group& group, const std::vector<UserId>& users, Context& ctx);
/// Tells them the end with buddy-list-delete: of the group, or of their part in one that goes on.
void tell_end(const State& state, const Group& group, const std::vector<UserId>& users,
              const std::string& reason, Context& ctx);

/// The group has opened or ended: its repeats begin anew.
void arm_resend(State& state, const Group& group, TimeMs now);
/// Repeats start or end to the reachable members who have not confirmed it, less and less often.
void resend(State& state, Group& group, Context& ctx);

/// A phone says which roster version it holds of a group, or that it knows of the end.
void phone_holds(State& state, const UserId& user, const GroupId& group, std::uint64_t version, bool ended,
                 Context& ctx);

/// How many members hold the group's roster, of whatever version, as far as they told.
std::size_t holding(const Group& group);

}  // namespace convoke::core
