#pragma once

#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Who may speak in a group, and how often. The broker plugin enforces it from what it is fed, so it holds
/// while the server is away.
namespace convoke::core {

inline constexpr std::size_t kMaxBanned = 1000;  // of one group, whose record has them all
inline constexpr std::size_t kMaxStandings = 1000;

/// Mutes a member, gives them the say of staff, or takes either back; it stays when they leave and come
/// again. False, and no change, for who is no member or with kMaxStandings others.
bool set_standing(State& state, Group& group, const UserId& user, topics::Standing standing, Context& ctx);

/// Gives who comes in the standing that the plan has for them, unless they have one already. Beyond
/// kMaxStandings others come in as members.
void begin_standing(const State& state, Group& group, const User& user, TimeMs now);

topics::Standing standing_of(const Group& group, const UserId& user);

void set_rules(State& state, Group& group, const topics::ChatRules& rules, Context& ctx);

/// Removes a member, with chat-end reason "banned", who cannot be added to this group again. Also of somebody
/// who is not a member. False, and no change, with kMaxBanned.
bool ban(State& state, Group& group, const UserId& user, Context& ctx);
/// Lets be added again; false: was not banned.
bool unban(Group& group, const UserId& user, Context& ctx);

/// What the plugin must know of a group besides its members, as feed operations after those that add them.
std::vector<messages::FeedOp> feed_moderation(const Group& group);

}  // namespace convoke::core
