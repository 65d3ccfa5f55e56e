#pragma once

#include <cstdint>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/roster.h"

/// The buddy list of a group: its header, pages and changes. Changes are published at most once a second and
/// group, each under a version of its own; a version never shows two different lists.
namespace convoke::core {

messages::RosterHead roster_head(const State& state, const Group& group);
messages::RosterPage roster_page(const State& state, const Group& group, std::uint32_t page);
messages::Buddy buddy_of(const State& state, const Group& group, const UserId& user);
/// The same as other members may see it: without a name where the plan hides names.
messages::Buddy shown_buddy(const State& state, const Group& group, const UserId& user);

/// Puts a member, already in `group.members`, on a page (the last one with room, or a new one).
void roster_place(const State& state, Group& group, const UserId& user);
/// Works out what follows from the members of a group that was loaded: who is on which page, who is
/// available.
void roster_rebuild(const State& state, Group& group);
/// Of a loaded group: what had changed when the server stopped and no version showed yet gets a version of
/// its own, and is told with the next change.
void roster_recover(State& state, Group& group, TimeMs now);

/// A member was added or looks different now (presence, ending time): published with the next change.
void roster_touch(State& state, Group& group, const UserId& user, Context& ctx);
/// The same for another name, for which the member may have to move to another page.
void roster_renamed(State& state, Group& group, const UserId& user, Context& ctx);
/// A member, still in `group.members`, is about to go: takes it off its page.
void roster_take(State& state, Group& group, const UserId& user, Context& ctx);
/// The header changed (ending time).
void roster_touch_head(State& state, Group& group, Context& ctx);

/// Publishes what changed since the last version, if anything did.
void roster_flush(State& state, Group& group, Context& ctx);
/// Publishes header and all pages, retained.
void roster_publish_all(const State& state, const Group& group, Context& ctx, bool durable);
/// Clears what `roster_publish_all` left with the broker.
void roster_clear(const State& state, const Group& group, Context& ctx);

}  // namespace convoke::core
