#pragma once

#include <vector>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/feed.h"

/// What the broker's plugin is told of who is a member of what. docs/protocol/feed.md.
namespace convoke::core {

/// Those who open the group, and what its rules are.
void feed_opened(const Group& group, Context& ctx);
/// Who has another standing than `member` gets it in the same change.
void feed_added(const Group& group, const std::vector<UserId>& added, Context& ctx);

/// The feed that tells a broker plugin everything, from nothing: begin, members of every live group, ready.
std::vector<messages::FeedOp> full_feed(const State& state);

}  // namespace convoke::core
