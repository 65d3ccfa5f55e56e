#pragma once

#include <optional>
#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/feed.h"
#include "topics/messages/inbox.h"

/// Makes groups out of plans, changes their members, ends them, and repeats starts and ends until the phones
/// have confirmed them. States: open → ending (end decided, messages on their way) → retired (the broker
/// refuses its topics).
namespace convoke::core {

/// over: a set-time end of the plan has passed. put_off: no fresh group id is left, another turn brings some.
enum class StartResult { started, already_live, same_key, no_members, over, put_off };
struct StartOutcome {
  StartResult result = StartResult::no_members;
  GroupId group;  // empty unless started, already_live or same_key
};

/// Starts the plan's chat for `reason` ("staff ana", "schedule 2026-06-01T19:30:00Z", …). A plan has one live
/// group at most: while it lives, a further reason is recorded with it. The same non-empty `key` gives the
/// same group for ever.
StartOutcome start_group(State& state, PlanRecord& plan, const std::string& reason, const std::string& key,
                         Context& ctx);

/// Ends a live group: chat-end with buddy-list-delete to every member, topics cleared, closed to everyone.
/// Reasons: "duration", "set-time", "staff", "plan-withdrawn", "empty".
void end_group(State& state, Group& group, const std::string& reason, Context& ctx);

/// The broker plugin has confirmed the end: the group's topics are refused from now on.
void group_retired(State& state, const GroupId& id, Context& ctx);

/// Moves the end. False, and no change, for a time after kMaxTimeMs.
bool extend_group(State& state, Group& group, TimeMs ends_ms, Context& ctx);

/// Adds a user (who becomes known if not yet so). No change if already a member or banned. One who was a
/// member before is told of a roster version higher than any that was told then.
void add_member(State& state, Group& group, const UserId& user, const std::string& why, Context& ctx);
/// Removes a member, who gets a chat-end with this reason: "left", "removed", "banned", "duration". The group
/// ends with its last.
void remove_member(State& state, Group& group, const UserId& user, const std::string& reason, Context& ctx);

/// A phone says which roster version it holds of a group, or that it knows of the end.
void phone_holds(State& state, const UserId& user, const GroupId& group, std::uint64_t version, bool ended,
                 Context& ctx);

/// Repeats start or end to the reachable members who have not confirmed it, less and less often.
void resend(State& state, Group& group, Context& ctx);

/// How many members hold the group's present roster, as far as they told.
std::size_t holding(const Group& group);

messages::ChatStart chat_start(const State& state, const Group& group);
messages::ChatEnd chat_end(const Group& group, const std::string& reason, TimeMs at);

/// The feed that tells a broker plugin everything, from nothing: begin, members of every live group, ready.
std::vector<messages::FeedOp> full_feed(const State& state);

/// Sets the timers of a loaded group.
void arm_group_timers(State& state, const Group& group, TimeMs now);

}  // namespace convoke::core
