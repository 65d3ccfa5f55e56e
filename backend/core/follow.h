#pragma once

#include "backend/core/effects.h"
#include "backend/core/state.h"

/// Groups whose plan follows its audience: who comes to qualify joins, and who does not any more leaves after
/// a time of grace. Of users of other sites these say who does (met.h).
namespace convoke::core {

/// Something has changed of the user that an audience may ask for: area, attributes, registration, presence.
void follow_user(State& state, const UserId& user, Context& ctx);
/// Adds the plans of the index for whose following audience the user may qualify now.
void add_concerned(const State& state, const PlanIndex& index, const User& user, std::set<PlanId>& plans);
/// Who qualifies finds no room in the group.
void turn_away(Group& group, const UserId& user, Context& ctx);
/// There may be room in the group: who found none comes in, the first of them first.
void follow_turned_away(State& state, const GroupId& group, Context& ctx);
/// A plan is new, loaded or has changed: from now on what happens finds it.
void index_plan(State& state, const PlanRecord& plan);
/// Some following audience has come to ask who is registered with the plan: notes those who are.
void note_registered_with(State& state, const PlanId& plan);
bool asks_registered(const State& state, const PlanId& plan);
/// The user has come into the chat, or is not in it any more, which other plans' audiences may ask for.
void note_membership(State& state, const Group& group, const UserId& user);
/// Follows all of those who were noted so; at the end of a step, when every chat is as it is to be.
void follow_members(State& state, Context& ctx);
/// A member's time of grace is over.
void leave_due(State& state, Group& group, const UserId& user, Context& ctx);

/// The user has left or entered an area: notes that for as long as some plan asks for it.
void note_area_left(State& state, User& user, const AreaId& area, Context& ctx);
void note_area_entered(State& state, User& user, const AreaId& area, Context& ctx);
/// A time that some plan asks for is over: forgets what no plan asks for any more.
void forget_areas_left(State& state, const UserId& user, Context& ctx);
/// Sets the timer for that.
void arm_forgetting(State& state, const User& user, TimeMs now);
/// The same for everybody: the plans ask for other times than before.
void arm_all_forgetting(State& state, TimeMs now);

}  // namespace convoke::core
