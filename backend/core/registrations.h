#pragma once

#include <set>
#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Who is registered with a plan, and what that rests on (R-5 to R-7: each source ends here).
namespace convoke::core {

inline constexpr const char* kBySelf = "self";
inline constexpr const char* kByStaff = "staff";

/// Whether the source has registered the user.
bool registered_by(const PlanRecord& plan, const UserId& user, const std::string& source);

inline constexpr std::size_t kMaxRegistrations = 64;  // of a user with a plan

/// Registers a user (who becomes known if not yet so). The same source and act again replaces what it said
/// before. Over kMaxRegistrations the oldest is forgotten.
void put_registration(State& state, PlanRecord& plan, const UserId& user, Registration registration,
                      Context& ctx);
/// Takes back what one source said, or with an empty source all. False, and no change, if there is nothing.
bool take_registration(State& state, PlanRecord& plan, const UserId& user, const std::string& source,
                       Context& ctx);
/// Stands for an act of a source.
std::string act_key(const std::string& source, const std::string& act);
/// Whom this act has registered, in order of their ids.
std::set<UserId> registered_by_act(const State& state, const PlanRecord& plan, const std::string& source,
                                   const std::string& act);
/// Notes by which acts a user is registered who was loaded.
void note_acts(State& state, const PlanRecord& plan, const UserId& user);
/// Nothing of a user who is erased is kept with the plan.
void erase_registrations(State& state, PlanRecord& plan, const UserId& user, Context& ctx);
/// Takes back what came by one act.
void take_act(State& state, PlanRecord& plan, const UserId& user, const std::string& source,
              const std::string& act, Context& ctx);
/// All of a plan that is withdrawn.
void take_registrations(State& state, PlanRecord& plan, Context& ctx);

/// Whether a terminal may register by itself with this plan now.
bool may_register(const Plan& plan, TimeMs now);

}  // namespace convoke::core
