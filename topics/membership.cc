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

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::member:
      return "member";
    case Standing::muted:
      return "muted";
    case Standing::staff:
      return "staff";
  }
  return "member";
}

std::optional<Standing> parse_standing(std::string_view text) {
  for (const Standing standing : {Standing::member, Standing::muted, Standing::staff})
    if (text == to_string(standing)) return standing;
  return std::nullopt;
}

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
  if (!erase_pair(members_, group, user)) return;
  --memberships_;
  erase_pair(muted_, group, user);
  erase_pair(staff_, group, user);
  if (!members_.contains(group)) forget(group);
}

void Membership::retire(std::string_view group) {
  const auto found = members_.find(group);
  if (found == members_.end()) return;
  memberships_ -= found->second.size();
  members_.erase(found);
  forget(group);
}

void Membership::forget(std::string_view group) {
  for (auto* users : {&muted_, &staff_})
    if (const auto at = users->find(group); at != users->end()) users->erase(at);
  if (const auto at = rules_.find(group); at != rules_.end()) rules_.erase(at);
}

Standing Membership::standing(std::string_view group, std::string_view user) const {
  if (has_pair(muted_, group, user)) return Standing::muted;
  return has_pair(staff_, group, user) ? Standing::staff : Standing::member;
}

ChatRules Membership::rules(std::string_view group) const {
  const auto found = rules_.find(group);
  return found == rules_.end() ? ChatRules{} : found->second;
}

bool Membership::may_speak(std::string_view group, std::string_view user) const {
  const Standing who = standing(group, user);
  return who == Standing::staff || (who == Standing::member && !rules(group).announcement_only);
}

void Membership::set_standing(std::string_view group, std::string_view user, Standing standing) {
  if (!is_member(group, user)) return;
  erase_pair(muted_, group, user);
  erase_pair(staff_, group, user);
  if (standing == Standing::muted) muted_[std::string(group)].emplace(user);
  if (standing == Standing::staff) staff_[std::string(group)].emplace(user);
}

void Membership::set_rules(std::string_view group, const ChatRules& rules) {
  if (members_.contains(group)) rules_[std::string(group)] = rules;
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
