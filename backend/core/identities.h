#pragma once

#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Which user somebody is who called, wrote or bought a ticket. An identity belongs to one user at most, and
/// counts once it is proven to be theirs.
namespace convoke::core {

inline constexpr std::size_t kMaxIdentities = 20;  // of a user

enum class LinkResult { linked, taken, too_many };

/// The identity is the user's, says `source`, or has proved it. One that is proven to be another's is taken,
/// unless this is proven too: then it moves. Acts that waited for it register the user now.
LinkResult link_identity(State& state, const UserId& user, const Identity& identity, bool proven,
                         const std::string& source, Context& ctx);
inline constexpr const char* kByToken = "token";

/// The user has signed in with a token, issued at that time, that proves these. Of an identity that several
/// have proved the latest proof counts, in whatever order they sign in.
void sign_in(State& state, const UserId& user, const std::vector<Identity>& proven, TimeMs issued_ms,
             Context& ctx);
/// False, and no change, if it is not the user's.
bool unlink_identity(State& state, const UserId& user, const std::string& key, Context& ctx);

/// Who has proved that the identity is theirs; empty: nobody.
UserId proven_owner(const State& state, const std::string& key);

/// An act of somebody unknown waits for whoever proves to be them. At most so many a plan, of so many acts
/// each: more are passed over.
void await_identity(State& state, PlanRecord& plan, const std::string& key, Registration registration,
                    TimeMs until_ms, Context& ctx);
/// Notes which acts wait for an identity whose record was loaded.
void note_waiting(State& state, const PlanRecord& plan, const std::string& key);
/// An act that waits is taken back.
void withdraw_waiting(State& state, PlanRecord& plan, const std::string& source, const std::string& act,
                      Context& ctx);
/// All that waits for an identity, in any plan.
void forget_waiting_for(State& state, const std::string& key, Context& ctx);
/// All that waits in vain until now, or with the plan that is withdrawn.
void forget_waiting(State& state, PlanRecord& plan, TimeMs until, Context& ctx);

}  // namespace convoke::core
