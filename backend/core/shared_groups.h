#pragma once

#include <string>
#include <vector>

#include "backend/core/audience.h"
#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// Groups with members of several sites, as their home sees them: it alone decides who is in and when it
/// ends, and tells each site that has a part. Of groups without such members, and of mirrors, nothing is told
/// except where it is said.
namespace convoke::core {

/// Asks the other sites that the plan concerns who of theirs takes part. Until a site has answered, those who
/// are listed count as passed over for that.
void ask_sites(State& state, Group& group, Context& ctx);
/// Whether a site may still answer.
bool awaits_answers(const State& state, const Group& group);
inline constexpr const char* kNoAnswer = "no-answer";
inline constexpr const char* kTooOld = "site-too-old";  // its server does not know such questions
inline constexpr const char* kTooLarge = "too-large";   // the question
inline constexpr const char* kNoPeer = "no-such-site";

/// These have become members: the sites that are new to the group get all of it, the others these.
void share_joined(State& state, const Group& group, const std::vector<UserId>& joined, Context& ctx);
/// Not any more; the user is out of `group` already. Of a mirror's own user its home is told.
void share_left(State& state, const Group& group, const UserId& user, const std::string& reason,
                Context& ctx);
/// A member has another name or standing.
void share_member(State& state, const Group& group, const UserId& user, Context& ctx);
/// Its ending time or its rules are others.
void share_head(State& state, const Group& group, Context& ctx);
/// Staff or the server have said something, which has its place now.
void share_notice(State& state, const Group& group, const messages::Notice& notice, Context& ctx);
/// It has ended. Of a mirror its home is told that none of ours is in it any more.
void share_end(State& state, const Group& group, const std::string& reason, Context& ctx);
/// Everything about all groups that the site has a part in: it does not know what was told before. Of its own
/// groups: who has left them here, and which are over here.
void tell_all(State& state, const SiteId& site, Context& ctx);
/// The site has begun to count anew, and perhaps given up its answer: it is asked once more.
void ask_again(State& state, const SiteId& site, Context& ctx);

/// All members of that site leave the open group, and nobody of it is invited any more, which may end it.
void remove_all_of(State& state, Group& group, const SiteId& site, const std::string& reason, Context& ctx);
/// A user of another site of whom no group is left: nothing is kept of them.
void forget_stranger(State& state, const UserId& user, Context& ctx);

// What a member's site tells its groups' home; they say why it is refused.
std::string take_chosen(State& state, const SiteId& from, const messages::PeerChosen& item, Context& ctx);
std::string take_left(State& state, const SiteId& from, const messages::PeerLeft& item, Context& ctx);
std::string take_closed(State& state, const SiteId& from, const messages::PeerClosed& item, Context& ctx);

}  // namespace convoke::core
