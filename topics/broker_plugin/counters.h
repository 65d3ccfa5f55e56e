#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "topics/policy.h"
#include "topics/token/token.h"

namespace convoke::broker_plugin {

/// Why a connection was not let in, besides what is wrong with a token.
enum class ConnectRefusal : std::uint8_t { not_ready, client_id, revoked, taken };
std::string_view to_string(ConnectRefusal refusal);

/// What the plugin did since the broker started, for staff.
class Counters {
 public:
  void denied(topics::Access access, topics::Decision why) { ++denied_[index(access)][index(why)]; }
  void refused(token::Refusal why) { ++bad_tokens_[index(why)]; }
  void refused(ConnectRefusal why) { ++refused_[index(why)]; }

  std::uint64_t connected = 0;
  std::uint64_t stamped = 0;
  std::uint64_t properties_stripped = 0;  // messages from which properties named cv-… were taken
  std::uint64_t retain_dropped = 0;
  std::uint64_t denied_response_topic = 0;
  std::uint64_t put_off = 0;  // chat messages that came too soon
  std::uint64_t kicked_expired = 0;
  std::uint64_t kicked_revoked = 0;
  std::uint64_t feed_applied = 0;
  std::uint64_t feed_refused = 0;

  /// Name and count of each that is not zero. The names are part of the wire contract: docs/protocol/feed.md.
  std::vector<std::pair<std::string, std::uint64_t>> list() const;

 private:
  template <class Enum>
  static std::size_t index(Enum value) {
    return static_cast<std::size_t>(value);
  }
  static constexpr std::size_t kAccesses = 3;
  static constexpr std::size_t kDecisions = 9;
  static constexpr std::size_t kTokenRefusals = 8;
  static constexpr std::size_t kConnectRefusals = 4;

  std::array<std::array<std::uint64_t, kDecisions>, kAccesses> denied_{};
  std::array<std::uint64_t, kTokenRefusals> bad_tokens_{};
  std::array<std::uint64_t, kConnectRefusals> refused_{};
};

}  // namespace convoke::broker_plugin
