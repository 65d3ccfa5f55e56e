#pragma once

#include <set>
#include <string>
#include <vector>

#include "backend/core/audience.h"
#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// Who has blocked whom. Of two of whom one has blocked the other neither hears the other: the broker plugin
/// withholds it, the history leaves it out, their phones do not list each other, and in a small chat only one
/// of them takes part. Which of the two has blocked is told to staff only.
namespace convoke::core {

/// Who blocks `user` from now on. False, and no change, with kMaxBlocked others.
bool block(State& state, const UserId& by, const UserId& user, Context& ctx);
/// Takes that back. False: there was nothing to take back.
bool unblock(State& state, const UserId& by, const UserId& user, Context& ctx);

/// Between sites: that of the blocked one is told, and no other. All that of somebody of ours blocks there.
void tell_blocks(State& state, const SiteId& site, Context& ctx);
/// Whom of ours a user of that site blocks now. Says why the item is refused; empty: it is taken.
std::string take_blocks(State& state, const SiteId& from, const messages::PeerBlocks& item, Context& ctx);
inline constexpr std::size_t kMaxBlockers = 10'000;  // of one site

/// Those whom the user has blocked or who have blocked the user.
const std::set<UserId>& blocked_with(const State& state, const UserId& user);

/// Works out the pairs of a user that was loaded.
void load_blocks(State& state, const User& user);
/// What the plugin must know of them.
std::vector<messages::FeedOp> feed_blocks(const State& state);

/// Whether blocked pairs are kept apart in a chat of so many members. In larger ones they may meet.
bool keeps_apart(std::size_t members);
/// With whom in this group the user would be a blocked pair, where that keeps them out; empty: nobody.
UserId kept_apart_from(const State& state, const Group& group, const UserId& user);

/// Tells the user's phones whom not to show: those of a blocked pair who are in a chat with the user. False,
/// and nothing is told, if there is nobody; `even_nobody` tells that too.
bool tell_hidden(const State& state, const UserId& user, bool durable, bool even_nobody, Context& ctx);
/// These have joined the group: tells whoever is in a blocked pair there from now on.
void tell_newly_hidden(const State& state, const Group& group, const std::vector<UserId>& joined,
                       Context& ctx);

}  // namespace convoke::core
