#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace convoke::messages {

/// What a plan waits for at another site. docs/protocol/peer.md is the page.

inline constexpr std::size_t kMaxPeerWatches = 300;          // of one plan at one site
inline constexpr std::size_t kMaxPeerLevels = 100;           // in one item
inline constexpr std::uint32_t kMaxWatchPeople = 1'000'000;  // in an area

/// {"is":"at-least","area":"floor","people":50}, {"is":"at-most","area":"floor","people":2},
/// {"is":"enter","area":"floor"}, {"is":"available","user":"ben@arena"}: an area or a user of the asked site.
struct PeerWatched {
  enum class Is : std::uint8_t {
    unknown,  // of a later server: passed over
    at_least,
    at_most,
    enter,
    available
  };
  Is is = Is::unknown;
  std::string of = {};       // the area; the user, in full
  std::uint32_t people = 0;  // at_least, at_most
  friend auto operator<=>(const PeerWatched&, const PeerWatched&) = default;
};

/// {"watch":{…},"holds":true}
struct PeerLevel {
  PeerWatched watched;
  bool holds = false;        // of `enter`: it has just happened
  std::string refused = {};  // why it is not told; empty: it is
};

std::string encode(const PeerWatched& watched);

}  // namespace convoke::messages
