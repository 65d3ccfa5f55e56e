#pragma once

#include <vector>

#include "backend/core/audience.h"
#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Whom a chat opens with: those who are chosen here, and those whom other sites name in their first answers.
/// While these are on their way, of more than there may be none is in yet: each has the same chance, wherever
/// they are. docs/groups.md has the table.
namespace convoke::core {

/// Who of this site's users takes part. The group's id, which nobody can guess, draws the lot.
std::vector<Chosen> choose(const State& state, const Plan& plan, const GroupId& group, TimeMs now,
                           Passed& passed);
/// Keeps what was asked and who was passed over, for whoever asks why not.
void keep_selection(const State& state, Group& group, const Passed& passed, Context& ctx);

/// Asks other sites. Opens the group if one of the chosen can come at once; else, or where they are as many
/// as there may be and other sites' users have the same chance, it waits.
void gather(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx);

/// Whether those whom other sites choose wait for the group to open.
bool draws(const State& state, const Group& group);
/// These do, and their site has answered perhaps. Opens the group with all unless there are as many as there
/// may be and other sites have not answered yet.
void add_candidates(State& state, Group& group, const std::vector<Chosen>& chosen, Context& ctx);
/// No other answers are waited for. False: there is nobody.
bool open_with_candidates(State& state, Group& group, Context& ctx);

}  // namespace convoke::core
