#include "backend/core/blocks.h"

#include <algorithm>

#include "backend/core/follow.h"
#include "backend/core/peers.h"
#include "backend/core/presence.h"
#include "backend/core/shared_groups.h"
#include "backend/core/sites.h"
#include "topics/messages/inbox.h"
#include "topics/messages/limits.h"
#include "topics/topic.h"

namespace convoke::core {
namespace {

bool has_blocked(const State& state, const UserId& by, const UserId& user) {
  const User* u = state.user(by);
  return u && u->blocked.contains(user);
}

bool share_a_chat(const State& state, const User& user, const UserId& other) {
  return std::any_of(user.groups.begin(), user.groups.end(),
                     [&](const GroupId& id) { return state.group(id)->members.contains(other); });
}

void forget_pair(State& state, const UserId& a, const UserId& b) {
  const auto pairs = state.blocked_pairs.find(a);
  pairs->second.erase(b);
  if (pairs->second.empty()) state.blocked_pairs.erase(pairs);
}

/// Each feed change holds up what comes after it, so those of one step go together, with the first: a block
/// may be in force too early, but not too late.
void feed(messages::FeedOp op, Context& ctx) {
  constexpr std::size_t kMaxTogether = 64;  // operations in one message
  if (ctx.fx.blocks_at) {
    auto& ops = std::get<FeedChange>(ctx.fx.out[*ctx.fx.blocks_at]).ops;
    if (ops.size() < kMaxTogether) return ops.push_back(std::move(op));
  }
  ctx.fx.blocks_at = ctx.fx.out.size();
  ctx.fx.out.emplace_back(FeedChange{{std::move(op)}});
}

/// Tells that site whom of its users this one of ours blocks now.
void share_blocks(State& state, const User& by, const SiteId& site, Context& ctx) {
  if (is_remote(by.id) || !has_feature(state, site, messages::kBlocks)) return;
  messages::PeerBlocks item{in_full(state, by.id), {}};
  for (const UserId& user : by.blocked)
    if (site_of(user) == site) item.blocks.push_back(user.str());
  note_known_at(state, by.id, site, ctx);
  send(state, site, item, ctx);
}

}  // namespace

const std::set<UserId>& blocked_with(const State& state, const UserId& user) {
  static const std::set<UserId> kNobody;
  const auto pairs = state.blocked_pairs.find(user);
  return pairs == state.blocked_pairs.end() ? kNobody : pairs->second;
}

bool block(State& state, const UserId& by, const UserId& user, Context& ctx) {
  User& u = ensure_user(state, by, ctx);
  if (u.blocked.contains(user)) return true;
  if (u.blocked.size() >= messages::kMaxBlocked) return false;
  u.blocked.insert(user);
  ctx.fx.users.insert(by);
  share_blocks(state, u, site_of(user), ctx);
  if (has_blocked(state, user, by)) return true;  // they are a pair already
  load_blocks(state, u);
  feed(messages::FeedBlock{by.str(), user.str()}, ctx);
  if (!share_a_chat(state, u, user)) return true;
  for (const UserId& one : {by, user}) tell_hidden(state, one, true, false, ctx);
  return true;
}

bool unblock(State& state, const UserId& by, const UserId& user, Context& ctx) {
  User* u = state.user(by);
  if (!u || u->blocked.erase(user) == 0) return false;
  ctx.fx.users.insert(by);
  share_blocks(state, *u, site_of(user), ctx);
  if (has_blocked(state, user, by)) return true;
  forget_pair(state, by, user);
  forget_pair(state, user, by);
  feed(messages::FeedUnblock{by.str(), user.str()}, ctx);
  for (const UserId& one : {by, user}) {
    // Also where they share no chat now: a phone may still hold it from an earlier one.
    tell_hidden(state, one, true, true, ctx);
    follow_user(state, one, ctx);
  }
  return true;
}

void tell_blocks(State& state, const SiteId& site, Context& ctx) {
  if (!has_feature(state, site, messages::kBlocks)) return;
  send(state, site, messages::PeerBlocks{}, ctx);
  const auto is_there = [&](const UserId& other) { return site_of(other) == site; };
  std::set<UserId> blockers;
  for (const auto& [id, others] : state.blocked_pairs)
    if (const User* user = state.user(id);
        user && std::any_of(user->blocked.begin(), user->blocked.end(), is_there))
      blockers.insert(id);
  for (const UserId& id : blockers) share_blocks(state, *state.user(id), site, ctx);
}

std::string take_blocks(State& state, const SiteId& from, const messages::PeerBlocks& item, Context& ctx) {
  std::set<UserId>& blockers = state.peers.at(from).blockers;
  if (item.user.empty()) {
    for (const UserId& id : std::set<UserId>(blockers)) take_blocks(state, from, {id.str(), {}}, ctx);
    return {};
  }
  const UserId by = UserId::parse(item.user);
  if (site_of(by) != from) return "foreign-user";
  std::set<UserId> now;
  for (const std::string& full : item.blocks) {
    const UserId user = as_here(state, full);
    if (is_remote(user)) return "foreign-user";
    now.insert(user);
  }
  if (!now.empty() && !blockers.contains(by) && blockers.size() >= kMaxBlockers) return "too-many";
  const User* known = state.user(by);
  for (const UserId& user : known ? std::set<UserId>(known->blocked) : std::set<UserId>())
    if (!now.contains(user)) unblock(state, by, user, ctx);
  for (const UserId& user : now) block(state, by, user, ctx);
  if (!now.empty()) {
    blockers.insert(by);
    return {};
  }
  blockers.erase(by);
  forget_stranger(state, by, ctx);
  return {};
}

void load_blocks(State& state, const User& user) {
  for (const UserId& other : user.blocked) {
    state.blocked_pairs[user.id].insert(other);
    state.blocked_pairs[other].insert(user.id);
  }
}

std::vector<messages::FeedOp> feed_blocks(const State& state) {
  std::vector<messages::FeedOp> ops;
  for (const auto& [user, others] : state.blocked_pairs)
    for (const UserId& other : others)
      if (user < other) ops.emplace_back(messages::FeedBlock{user.str(), other.str()});
  return ops;
}

bool keeps_apart(std::size_t members) { return members <= messages::kPageBuddies; }

UserId kept_apart_from(const State& state, const Group& group, const UserId& user) {
  if (!keeps_apart(group.members.size() + group.invited.size() + 1)) return {};
  const std::set<UserId>& others = blocked_with(state, user);
  const auto there = std::find_if(others.begin(), others.end(), [&](const UserId& other) {
    return group.members.contains(other) || group.invited.contains(other);
  });
  return there == others.end() ? UserId() : *there;
}

bool tell_hidden(const State& state, const UserId& id, bool durable, bool even_nobody, Context& ctx) {
  if (is_remote(id)) return false;  // their own site does
  std::vector<std::string> hidden;
  if (const User* user = state.user(id))
    for (const UserId& other : blocked_with(state, id))
      if (share_a_chat(state, *user, other)) hidden.push_back(other.str());
  if (hidden.empty() && !even_nobody) return false;
  messages::Hidden part{{}, true};
  std::size_t told = 0;
  do {
    const std::size_t end = std::min(hidden.size(), told + messages::kMaxBlocked);
    part.users.assign(hidden.begin() + static_cast<std::ptrdiff_t>(told),
                      hidden.begin() + static_cast<std::ptrdiff_t>(end));
    ctx.publish(
        {topics::inbox_topic(state.site, id), encode(messages::InboxMessage(part)), 1, false, durable});
    part.all = false;
    told = end;
  } while (told < hidden.size());
  return true;
}

void tell_newly_hidden(const State& state, const Group& group, const std::vector<UserId>& joined,
                       Context& ctx) {
  if (state.blocked_pairs.empty()) return;
  std::set<UserId> concerned;
  for (const UserId& user : joined)
    for (const UserId& other : blocked_with(state, user))
      if (group.members.contains(other)) concerned.insert({user, other});
  for (const UserId& user : concerned) tell_hidden(state, user, true, false, ctx);
}

}  // namespace convoke::core
