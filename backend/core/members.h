#pragma once

#include <string>
#include <vector>

#include "backend/core/audience.h"
#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Who is in a group: coming in, their own ending times, going. docs/groups.md has the table.
namespace convoke::core {

/// Adds the member to the records, not to anything published.
void enroll(State& state, Group& group, const UserId& user, const std::string& why, Context& ctx);

/// Makes them members who have been chosen. A gathering group opens with the first. Whoever is banned, or to
/// be kept apart from somebody there (blocks.h), or for whom it is over already, is passed over.
void admit(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx);

/// Adds a user (who becomes known if not yet so). No change if already a member, banned, to be kept apart
/// from somebody there, or if it is over for them. One who was a member before is told of a roster version
/// higher than any that was told then.
void add_member(State& state, Group& group, const UserId& user, const std::string& why, Context& ctx);
/// Removes a member, who gets a chat-end with this reason: "left", "removed", "banned", "duration", or that
/// of a spread end. The group ends with its last, unless more are invited.
void remove_member(State& state, Group& group, const UserId& user, const std::string& reason, Context& ctx);

/// Of a time over which members come or go one after the other: how far into it the user's own moment is,
/// which their id decides.
TimeMs moment_in(const Group& group, const UserId& user, TimeMs time);

/// How many more there may be, those who are invited counted as there.
std::size_t room_in(const State& state, const Group& group);

/// Whether a spread end, in which each has a moment of their own, is over for a user who would come in now.
bool over_for(const State& state, const Group& group, const UserId& user, TimeMs now);

/// Works out the member's own ending time anew, and sets its timer.
void renew_member_end(State& state, const Group& group, const UserId& user, Member& member);
/// A member's own ending time has come.
void member_end_due(State& state, Group& group, const UserId& user, Context& ctx);

/// Keeps why somebody who qualifies did not come in, unless they were in before.
void pass_over(const Group& group, const UserId& user, const char* why, Context& ctx);
PastMember past_member(const Group& group, const Member& member, const std::string& reason, TimeMs now);

}  // namespace convoke::core
