#include "backend/core/feed.h"

#include <string>
#include <utility>

#include "backend/core/blocks.h"
#include "backend/core/moderation.h"
#include "backend/core/peers.h"

namespace convoke::core {
namespace {

constexpr std::size_t kFeedUsersBytes = 16'000;  // user names in one feed operation
constexpr std::size_t kFeedUsers = 500;

/// Members as feed operations of bounded size.
std::vector<messages::FeedOp> feed_adds(const GroupId& group, const std::vector<UserId>& members) {
  std::vector<messages::FeedOp> ops;
  messages::FeedAdd add{group.str(), {}};
  std::size_t bytes = 0;
  for (const UserId& user : members) {
    add.users.push_back(user.str());
    bytes += user.str().size() + 3;
    if (bytes < kFeedUsersBytes && add.users.size() < kFeedUsers) continue;
    ops.emplace_back(std::exchange(add, {group.str(), {}}));
    bytes = 0;
  }
  if (!add.users.empty()) ops.emplace_back(std::move(add));
  return ops;
}

std::vector<messages::FeedOp> feed_members(const Group& group) {
  std::vector<UserId> users;
  for (const auto& [user, member] : group.members) users.push_back(user);
  return feed_adds(group.id, users);
}

}  // namespace

void feed_opened(const Group& group, Context& ctx) {
  for (auto& op : feed_members(group)) ctx.fx.out.emplace_back(FeedChange{{std::move(op)}});
  for (auto& op : feed_moderation(group)) ctx.fx.out.emplace_back(FeedChange{{std::move(op)}});
}

void feed_added(const Group& group, const std::vector<UserId>& added, Context& ctx) {
  std::vector<UserId> plain;
  for (const UserId& user : added) {
    const topics::Standing standing = standing_of(group, user);
    if (standing == topics::Standing::member)
      plain.push_back(user);
    else
      ctx.fx.out.emplace_back(FeedChange{{messages::FeedAdd{group.id.str(), {user.str()}},
                                          messages::FeedStanding{group.id.str(), standing, {user.str()}}}});
  }
  for (auto& op : feed_adds(group.id, plain)) ctx.fx.out.emplace_back(FeedChange{{std::move(op)}});
}

std::vector<messages::FeedOp> full_feed(const State& state) {
  std::vector<messages::FeedOp> ops{messages::FeedBegin{}};
  for (const auto& [id, group] : state.groups) {
    if (group.state != GroupState::open) continue;
    for (auto& op : feed_members(group)) ops.push_back(std::move(op));
    for (auto& op : feed_moderation(group)) ops.push_back(std::move(op));
  }
  for (auto& op : feed_blocks(state)) ops.push_back(std::move(op));
  for (auto& op : feed_peers(state)) ops.push_back(std::move(op));
  for (const auto& [mark, before_ms] : state.revocations)
    ops.emplace_back(messages::FeedRevoked{mark, before_ms});
  ops.emplace_back(messages::FeedReady{});
  return ops;
}

}  // namespace convoke::core
