#include "topics/membership.h"

namespace convoke::topics {
namespace {

template <class Map>
bool has_pair(const Map& map, std::string_view key, std::string_view value) {
  const auto found = map.find(key);
  return found != map.end() && found->second.find(value) != found->second.end();
}

/// True if the pair was there. Forgets a key with nothing left under it.
template <class Map>
bool erase_pair(Map& map, std::string_view key, std::string_view value) {
  const auto found = map.find(key);
  if (found == map.end()) return false;
  const auto member = found->second.find(value);
  if (member == found->second.end()) return false;
  found->second.erase(member);
  if (found->second.empty()) map.erase(found);
  return true;
}

}  // namespace

bool Membership::is_member(std::string_view group, std::string_view user) const {
  return has_pair(members_, group, user);
}

bool Membership::is_blocked(std::string_view a, std::string_view b) const {
  return !blocked_.empty() && has_pair(blocked_, a, b);
}

void Membership::add(std::string_view group, std::string_view user) {
  if (members_[std::string(group)].emplace(user).second) ++memberships_;
}

void Membership::remove(std::string_view group, std::string_view user) {
  if (erase_pair(members_, group, user)) --memberships_;
}

void Membership::retire(std::string_view group) {
  const auto found = members_.find(group);
  if (found == members_.end()) return;
  memberships_ -= found->second.size();
  members_.erase(found);
}

void Membership::block(std::string_view a, std::string_view b) {
  blocked_[std::string(a)].emplace(b);
  blocked_[std::string(b)].emplace(a);
}

void Membership::unblock(std::string_view a, std::string_view b) {
  erase_pair(blocked_, a, b);
  erase_pair(blocked_, b, a);
}

}  // namespace convoke::topics
