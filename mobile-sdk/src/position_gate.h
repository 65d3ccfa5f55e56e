#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "mobile-sdk/src/link.h"
#include "topics/messages/position.h"
#include "topics/messages/safe_region.h"

namespace convoke::sdk {

/// Decides which of the app's fixes the server needs: each, until it tells a safe region that holds for what
/// this phone has sent; then none while the phone stays inside, for max_age at most. A region is void once a
/// fix lies outside of it, when the server asks, and when the connection goes. What is kept back is the
/// newest fix, no more. docs/protocol/terminal.md, step 8.
class PositionGate {
 public:
  static constexpr std::size_t kRecent = 16;  // sent fixes that a region is held against

  using Fixes = std::vector<messages::Fix>;  // to be sent now, oldest first; often none

  /// `on` false: every fix is sent.
  explicit PositionGate(bool on) : on_(on) {}

  /// A fix of the app. With the first one outside goes the last one inside, which says how fast it went.
  Fixes fix(const messages::Fix& fix, Now now);
  /// The server told a region. It counts from here on if all that was sent after the fix it was made for, and
  /// where the phone is now, lie in it; else none does, and the phone says where it is.
  Fixes told(messages::SafeRegion region, Now now);
  /// The server asks.
  Fixes wanted(Now now);
  /// The connection is gone: what comes back is to be sent on the next one.
  Fixes disconnected(Now now);
  Fixes tick(Now now);
  /// When `tick` is needed, on the steady clock.
  std::optional<std::int64_t> next_due() const;

  std::uint64_t sent() const { return sent_; }
  std::uint64_t suppressed() const { return suppressed_; }

 private:
  bool agrees(const messages::SafeRegion& region) const;
  std::int64_t due_ms() const { return sent_ms_ + std::int64_t{region_->max_age_s} * 1'000; }
  Fixes send_kept(Now now);
  void count_sent(const messages::Fix& fix, Now now);

  bool on_;
  std::optional<messages::SafeRegion> region_;
  std::optional<messages::Fix> kept_;  // the newest one, not sent
  std::deque<messages::Fix> recent_;   // sent on this connection
  std::int64_t sent_ms_ = 0;           // when the last one was, on the steady clock
  std::uint64_t sent_ = 0, suppressed_ = 0;
};

}  // namespace convoke::sdk
