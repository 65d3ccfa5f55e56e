#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace convoke::topics {

/// What a member may do in a group's chat. Staff speak where the others only listen, and as often as they
/// like.
enum class Standing : std::uint8_t { member, muted, staff };

std::string_view to_string(Standing standing);
std::optional<Standing> parse_standing(std::string_view text);

/// What holds for a group's whole chat.
struct ChatRules {
  bool announcement_only = false;  // only staff speak
  std::uint32_t slow_ms = 0;       // from a member's message to their next one
  std::uint32_t per_minute = 0;    // messages of a member: so many at once, and then so many a minute
  friend bool operator==(const ChatRules&, const ChatRules&) = default;
};

/// Who is in which group, who may speak there and who has blocked whom: the facts that the access policy
/// needs. The server owns them; the broker plugin holds this copy, fed over `$CONTROL/convoke/v1`. Not
/// thread-safe. Unknown groups have no members. A retired group is forgotten: unknown means no.
class Membership {
 public:
  bool is_member(std::string_view group, std::string_view user) const;
  /// True if either of the two has blocked the other.
  bool is_blocked(std::string_view a, std::string_view b) const;

  /// Of a member; nobody else has another than `member`.
  Standing standing(std::string_view group, std::string_view user) const;
  ChatRules rules(std::string_view group) const;
  /// Whether a member may say something at all.
  bool may_speak(std::string_view group, std::string_view user) const;

  /// A new member's standing is `member`; who is one already keeps theirs.
  void add(std::string_view group, std::string_view user);
  void remove(std::string_view group, std::string_view user);
  void retire(std::string_view group);
  void set_standing(std::string_view group, std::string_view user, Standing standing);  // of a member
  void set_rules(std::string_view group, const ChatRules& rules);  // of a group that lives
  void block(std::string_view a, std::string_view b);
  void unblock(std::string_view a, std::string_view b);

  std::size_t groups() const { return members_.size(); }
  std::size_t memberships() const { return memberships_; }

 private:
  void forget(std::string_view group);

  struct Hash {
    using is_transparent = void;
    // Not noexcept: libstdc++ then keeps the hash with each entry, instead of computing it again in a search.
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  using Names = std::unordered_set<std::string, Hash, std::equal_to<>>;
  std::unordered_map<std::string, Names, Hash, std::equal_to<>> members_;  // group -> users
  // Of few only, so beside the members, who are asked for at each delivery.
  std::unordered_map<std::string, Names, Hash, std::equal_to<>> muted_, staff_;  // group -> users
  std::unordered_map<std::string, ChatRules, Hash, std::equal_to<>> rules_;      // by group
  std::unordered_map<std::string, Names, Hash, std::equal_to<>> blocked_;        // both directions
  std::size_t memberships_ = 0;
};

}  // namespace convoke::topics
