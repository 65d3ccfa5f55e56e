#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// Questions of other sites' following plans about users of this one: that site is told who comes to meet
/// them, and who does not any more. Each is kept until its group is over, or the site counts anew or is none
/// any more.
namespace convoke::core {

inline constexpr std::size_t kMaxKept = 1000;          // questions of one site,
inline constexpr std::size_t kMaxKeptNames = 100'000;  // and names in them

/// What of a group is asked: by name (`ask`), or by other conditions.
PlanId question_id(const std::string& group, bool by_name);
bool is_by_name(const PlanId& question);

/// Keeps the question in the place of what was kept of it. False: there are too many.
bool keep_question(State& state, const SiteId& from, const messages::PeerSelect& asked, Context& ctx);
/// The same of one by name, which an `ask` goes on with.
bool keep_named(State& state, const SiteId& from, const messages::PeerAsk& asked, Context& ctx);
void load_question(State& state, const SiteId& from, const PlanId& id, messages::PeerSelect asked);
void load_told(State& state, const SiteId& from, const PlanId& id, const UserId& user);

/// The site was told that the user meets the question. Nothing if it does not keep it.
void note_told(State& state, const SiteId& from, const PlanId& id, const UserId& user, Context& ctx);
/// Something of the user has changed: each site whose question they meet now, or not any more, is told.
void tell_askers(State& state, const UserId& user, Context& ctx);
/// What the site may ask is different: what it may ask now is answered, what it may not any more is over.
void allowances_changed(State& state, const SiteId& from, Context& ctx);
/// The user is erased.
void forget_in_questions(State& state, const UserId& user, Context& ctx);
/// Forgets all that the site asks.
void drop_questions(State& state, const SiteId& from, Context& ctx);

/// Whether the home of this mirror may draw in others of ours, also when none is in it.
bool may_grow(const State& state, const Group& mirror);
/// Whether some site keeps asking who is registered with the plan, or was in the area.
bool any_keeps(const State& state, Concern concern, const std::string& id);

std::string take_drop(State& state, const SiteId& from, const messages::PeerDrop& item, Context& ctx);

}  // namespace convoke::core
