#pragma once

#include <optional>
#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Members who come in later than their group opens: one after the other, or each as soon as they are
/// available ("prescribed timing", R-1).
namespace convoke::core {

void invite(State& state, Group& group, const UserId& user, Invitation invitation, Context& ctx);
/// Not any more.
void withdraw_invitation(State& state, Group& group, const UserId& user, Context& ctx);
void withdraw_invitations(State& state, Group& group, Context& ctx);
/// Not any more, and there is room now. The open group ends if nobody is left.
void take_back_invitation(State& state, Group& group, const UserId& user, Context& ctx);

/// When somebody of another site comes into the open group who is chosen now: where the plan spreads the
/// start, each of them has a moment of their own in what is left of that, which their id decides. Nothing: at
/// once.
std::optional<TimeMs> spread_moment(const State& state, const Group& group, const UserId& user, TimeMs now);

/// The user has become available: they come into the groups that wait for that.
void invited_is_available(State& state, const UserId& user, Context& ctx);

/// Sets the timer for whose turn comes next; also after loading.
void arm_invitations(State& state, const Group& group);
/// It fired: those whose time has come are members from now on, and those whose time is over are not awaited
/// any more.
void invitations_due(State& state, Group& group, Context& ctx);

}  // namespace convoke::core
