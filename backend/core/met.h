#pragma once

#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// Of a plan that follows its audience: users of other sites of whom their site says that they meet what is
/// asked. While it does they are drawn in and stay as this site's own users do who qualify (follow.h).
namespace convoke::core {

/// Whether the site keeps what this group asks it, and says what changes.
bool is_kept(const State& state, const Group& group, const SiteId& site);

/// The user's site says so. False: there are too many.
bool note_met(State& state, Group& group, const UserId& user, Context& ctx);
/// The site begins to say anew who meets what is asked. Those who are listed by name home knows.
void doubt_met(const State& state, Group& group, const SiteId& site, Context& ctx);
/// It has said all: those whom it did not name do not any more.
void end_doubts(State& state, Group& group, const SiteId& site, Context& ctx);
/// The group is over, or the user erased.
void forget_met(State& state, Group& group, Context& ctx);
void forget_met(State& state, Group& group, const UserId& user, Context& ctx);
/// Nobody of the site waits for room any more.
void forget_met_of(State& state, Group& group, const SiteId& site, Context& ctx);

/// Tells the sites that keep what this group asks that it is over.
void drop_kept(State& state, const Group& group, Context& ctx);

std::string take_unchosen(State& state, const SiteId& from, const messages::PeerUnchosen& item, Context& ctx);

}  // namespace convoke::core
