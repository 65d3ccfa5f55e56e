#pragma once

#include <optional>
#include <set>
#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// What a plan asks of other sites about their users, and what this site is asked. Each site judges its own
/// users: whether they are in its areas, their attributes, their registrations with its plan of the same id.
/// Lists and memberships of chats are home's to judge.
namespace convoke::core {

/// The other sites that the plan concerns: those it names, those of areas and users that it names.
std::set<SiteId> sites_asked(const Plan& plan);
/// Users of that site who are to be asked for by name: nothing else of the plan is that site's to judge.
std::set<UserId> listed_of(const State& state, const Plan& plan, const SiteId& site, TimeMs now);
/// What else is asked there; nothing if it is nothing.
std::optional<messages::PeerSelect> selection_of(const Plan& plan, const SiteId& site);

/// Whether a condition is the user's own site's to judge: of this one's users none is.
bool is_judged_there(const Plan& plan, const UserId& user, const Condition& condition);
/// Why a user whom their site has selected takes part; empty: it could not, or home knows better.
std::string why_selected(const State& state, const Plan& plan, const UserId& user, TimeMs now);

/// The question, as of a plan of this site.
Plan asked_plan(const State& state, const messages::PeerSelect& item);
/// Why the site is not answered; empty: it is.
std::string refusal(const State& state, const Peer& peer, const messages::PeerSelect& item);

/// The operator says what the site may ask. False: there is no such site.
bool allow_peer(State& state, const SiteId& site, std::set<std::string> may, Context& ctx);
/// Whether the user lets other sites draw them in.
void let_others(State& state, const UserId& user, bool allow, Context& ctx);
/// Answers it with those of this site who meet it. One that is to be kept is so also while it is not allowed.
std::string take_select(State& state, const SiteId& from, const messages::PeerSelect& item, Context& ctx);

inline constexpr const char* kNotAllowed = "not-allowed";  // by the operator of the site
inline constexpr const char* kTooMany = "too-many";        // questions are kept

}  // namespace convoke::core
