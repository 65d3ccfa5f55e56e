#pragma once

#include <string>

#include "backend/core/effects.h"
#include "backend/core/state.h"
#include "topics/messages/peer.h"

/// Groups of other sites with members of this one. The mirror has the home's id, plan and name, and this
/// site's broker, store and phones deal with it as with any group; only who is in it and when it ends is what
/// home says. What home has said holds while it cannot be reached: the end comes at its time.
///
/// Each `take_` says why the item is refused; empty: it is taken.
namespace convoke::core {

inline constexpr std::size_t kMaxMirrors = 10'000;        // of one home
inline constexpr std::size_t kMaxMirrorMembers = 20'000;  // of one group

/// The last of ours has gone from the open mirror: it ends. Where home may draw others of ours in it waits
/// for them, and hears nothing meanwhile: its end may be put off.
void nobody_is_here(State& state, Group& mirror, const std::string& reason, Context& ctx);

std::string take_groups(State& state, const SiteId& from, const messages::PeerGroups& item, Context& ctx);
std::string take_ask(State& state, const SiteId& from, const messages::PeerAsk& item, Context& ctx);
std::string take_open(State& state, const SiteId& from, const messages::PeerOpen& item, Context& ctx);
std::string take_put(State& state, const SiteId& from, const messages::PeerPut& item, Context& ctx);
std::string take_gone(State& state, const SiteId& from, const messages::PeerGone& item, Context& ctx);
std::string take_head(State& state, const SiteId& from, const messages::PeerHead& item, Context& ctx);
std::string take_notice(State& state, const SiteId& from, const messages::PeerNotice& item, Context& ctx);
std::string take_end(State& state, const SiteId& from, const messages::PeerEnd& item, Context& ctx);

}  // namespace convoke::core
