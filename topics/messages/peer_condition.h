#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace convoke::messages {

/// What a server asks of another site's users, as that site may judge it. docs/protocol/peer.md is the page.

inline constexpr std::size_t kMaxPeerConditions = 100;  // of each of any, all, none
inline constexpr std::size_t kMaxPeerListed = 250;      // users of one condition
inline constexpr std::size_t kMaxSelectBytes = 32'000;  // of one question, as the sender makes it
inline constexpr std::uint32_t kMaxSelected = 100'000;  // users in one answer
inline constexpr std::size_t kMaxConditionBytes = 256;  // of an attribute's value

/// {"is":"area","area":"floor","within_ms":600000}: is in this area of the asked site, or was within this
/// time.
struct PeerInArea {
  std::string area;
  std::optional<std::int64_t> within_ms;
};
/// {"is":"users","users":["ben@arena"]}
struct PeerOneOf {
  std::vector<std::string> users;
};
/// {"is":"attribute","attribute":"ticket","equals":"vip"}
struct PeerHasAttribute {
  std::string name;
  std::optional<std::string> equals;
};
/// {"is":"registered","source":"staff"}
struct PeerRegistered {
  std::optional<std::string> source;
};
/// Of a later server: nobody is known to meet it.
struct PeerUnknownCondition {};
using PeerCondition =
    std::variant<PeerUnknownCondition, PeerInArea, PeerOneOf, PeerHasAttribute, PeerRegistered>;

}  // namespace convoke::messages
