#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "backend/core/effects.h"

namespace convoke::egress {

/// The messages that wait for the broker, in order. Durable ones are in the store too, under their sequence
/// number, until the broker has them. A feed change is a barrier: it goes out when everything before it has
/// been taken, and what comes after it waits until it is confirmed (feed changes in a row go together).
class Outbox {
 public:
  struct Entry {
    std::uint64_t seq = 0;  // in the store; 0: not durable
    core::Outgoing message;
  };

  /// Appends. Non-durable messages are for those connected now: without a connection they are not kept.
  void push(Entry entry);

  /// The next message that may be sent now, with its number for `done`; nothing if it must wait.
  struct Next {
    std::uint64_t number;
    const core::Outgoing* message;
  };
  std::optional<Next> next();

  /// The broker has taken (a publish) or confirmed (a feed change) message `number`. Gives the message back;
  /// its sequence number is in `take_finished` from now on.
  std::optional<core::Outgoing> done(std::uint64_t number);

  /// The connection is gone: what was sent and not taken will be sent again; what is not durable is dropped.
  void restart();
  void set_connected(bool connected) { connected_ = connected; }

  /// Sequence numbers that may be removed from the store.
  std::vector<std::uint64_t> take_finished();

  /// Sequence number of the oldest durable message that the broker has not taken.
  std::optional<std::uint64_t> oldest() const;

  std::size_t size() const { return entries_.size(); }

 private:
  struct Slot {
    Entry entry;
    bool done = false;
  };
  static bool is_feed(const Slot& s) { return std::holds_alternative<core::FeedChange>(s.entry.message); }

  std::deque<Slot> entries_;
  std::uint64_t first_ = 1;        // number of entries_[0]
  std::size_t sent_ = 0;           // entries before this index have been sent
  std::size_t publishes_out_ = 0;  // sent, not taken
  std::size_t feeds_out_ = 0;      // sent, not confirmed
  bool connected_ = false;
  std::vector<std::uint64_t> finished_;
};

}  // namespace convoke::egress
