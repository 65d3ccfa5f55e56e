#include "geo/user_table.h"

#include <algorithm>

namespace convoke::geo {
namespace {

/// An eighth more, not twice as much: there may be millions.
template <class T>
void grow(std::vector<T>& vector) {
  if (vector.size() == vector.capacity()) vector.reserve(vector.size() + vector.size() / 8 + 16);
  vector.emplace_back();
}

}  // namespace

UserHandle UserTable::intern(std::string_view name) {
  if (const auto known = find(name)) return *known;
  UserHandle user = static_cast<UserHandle>(state_.size());
  if (free_.empty()) {
    grow(last_);
    grow(state_);
    grow(names_);
  } else {
    user = free_.back();
    free_.pop_back();
  }
  names_[user] = name;
  by_name_.insert(user);
  return user;
}

std::optional<UserHandle> UserTable::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? std::nullopt : std::optional(*it);
}

void UserTable::erase(UserHandle user) {
  move_to(user, UserState::kNowhere);
  by_name_.erase(user);
  last_[user] = {};
  state_[user] = {};
  names_[user] = {};
  free_.push_back(user);
}

void UserTable::move(UserHandle user, BlockKey block) {
  UserState& state = state_[user];
  if (const auto old = blocks_.find(state.block); old != blocks_.end()) {
    std::vector<UserHandle>& users = old->second;
    users[state.place_in_block] = users.back();
    state_[users.back()].place_in_block = state.place_in_block;
    users.pop_back();
    if (users.empty()) blocks_.erase(old);
  }
  state.block = block;
  if (block == UserState::kNowhere) return;
  std::vector<UserHandle>& users = blocks_[block];
  state.place_in_block = static_cast<std::uint32_t>(users.size());
  users.push_back(user);
}

std::size_t UserTable::bytes() const {
  std::size_t sum = last_.capacity() * sizeof(LastFix) + state_.capacity() * sizeof(UserState) +
                    names_.capacity() * sizeof(std::string) +
                    by_name_.bucket_count() * (sizeof(UserHandle) + 1);
  for (const UserState& state : state_)
    sum += state.pairs.capacity() > 2 ? state.pairs.capacity() * sizeof(Pair) : 0;
  for (const std::string& name : names_) sum += name.capacity() > 15 ? name.capacity() + 1 : 0;
  for (const auto& [key, users] : blocks_)
    sum += sizeof(key) + sizeof(users) + users.capacity() * sizeof(UserHandle);
  return sum;
}

}  // namespace convoke::geo
