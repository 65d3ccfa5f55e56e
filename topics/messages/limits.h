#pragma once

#include <cstddef>
#include <cstdint>

/// Every bound of the wire contract, once. A payload beyond one is refused whole.
namespace convoke::messages {

/// The largest integer that every JSON reader holds exactly (RFC 7493, section 2.2): 2^53 - 1.
inline constexpr std::uint64_t kMaxInteger = (std::uint64_t{1} << 53) - 1;

inline constexpr std::size_t kMaxPayloadBytes = 65536;  // any message
inline constexpr std::size_t kMaxJsonDepth = 16;
inline constexpr std::size_t kMaxFixes = 200;             // fixes in one position report
inline constexpr std::size_t kMaxTextBytes = 4096;        // a chat text
inline constexpr std::size_t kMaxNameBytes = 128;         // a display name (UTF-8)
inline constexpr std::size_t kMaxIdBytes = 64;            // message, request and plain ids
inline constexpr std::size_t kPageBuddies = 200;          // buddies in one page
inline constexpr std::size_t kPageBytes = 6144;           // bytes in one page
inline constexpr std::size_t kMaxHeldGroups = 256;        // groups in one resume or hold request
inline constexpr std::size_t kMaxCorrelationBytes = 256;  // MQTT 5 correlation data of a request
inline constexpr std::size_t kMaxHistory = 100;           // chat messages in one history answer
inline constexpr std::size_t kMinRegionVertices = 3;      // of a safe region
inline constexpr std::size_t kMaxRegionVertices = 16;
inline constexpr std::size_t kSafeRegionBytes = 256;     // a safe-region message, as the server makes it
inline constexpr std::uint32_t kMaxRegionAgeS = 86'400;  // longest silence that a safe region allows
inline constexpr std::size_t kMaxBlocked = 200;       // users that one user has blocked, or one message hides
inline constexpr std::size_t kMaxReasonBytes = 1000;  // why somebody reports a message
inline constexpr std::size_t kMaxPeerKeysBytes = 4096;            // JWK Set of another site
inline constexpr std::uint32_t kMaxSlowMs = 86'400'000;           // between two messages of a member
inline constexpr std::uint32_t kMaxPerMinute = 10'000;            // messages of a member
inline constexpr std::int64_t kMaxFutureMs = 5 * 60'000;          // a time further ahead than this is refused
inline constexpr std::int64_t kMaxPastMs = 7 * 24 * 3'600'000LL;  // a fix older than this is refused

}  // namespace convoke::messages
