#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace convoke::topics {

/// Who is in which group and who has blocked whom: the facts that the access policy needs. The server owns
/// them; the broker plugin holds this copy, fed over `$CONTROL/convoke/v1`. Not thread-safe.
/// Unknown groups have no members. A retired group is forgotten: unknown means no.
class Membership {
 public:
  bool is_member(std::string_view group, std::string_view user) const;
  /// True if either of the two has blocked the other.
  bool is_blocked(std::string_view a, std::string_view b) const;

  void add(std::string_view group, std::string_view user);
  void remove(std::string_view group, std::string_view user);
  void retire(std::string_view group);
  void block(std::string_view a, std::string_view b);
  void unblock(std::string_view a, std::string_view b);

  std::size_t groups() const { return members_.size(); }
  std::size_t memberships() const { return memberships_; }

 private:
  struct Hash {
    using is_transparent = void;
    // Not noexcept: libstdc++ then keeps the hash with each entry, instead of computing it again in a search.
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using Names = std::unordered_set<std::string, Hash, std::equal_to<>>;
  std::unordered_map<std::string, Names, Hash, std::equal_to<>> members_;  // group -> users
  std::unordered_map<std::string, Names, Hash, std::equal_to<>> blocked_;  // both directions
  std::size_t memberships_ = 0;
};

}  // namespace convoke::topics
