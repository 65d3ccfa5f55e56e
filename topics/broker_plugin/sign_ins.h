#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "topics/messages/feed.h"
#include "topics/token/token.h"

namespace convoke::broker_plugin {

/// Users who have connected with a token that proves a number or an address of theirs, until the server has
/// that on its disk. Held only for a server that asks for it, and in memory only.
class SignIns {
 public:
  static constexpr std::size_t kMaxWaiting =
      10'000;  // more are passed over: they prove it when next they connect
  static constexpr std::size_t kAtOnce = 64;
  static constexpr std::int64_t kAgainMs = 5'000;

  /// Numbers grow over restarts of the broker, so that what the server says of an earlier one takes nothing
  /// away.
  explicit SignIns(std::uint64_t epoch_ms) : last_n_(epoch_ms * 1000) {}

  void connected(const token::Verified& verified);

  /// A full feed begins, and ends: a server that has not asked in between is not told.
  void feed_begins() { asked_ = false; }
  void feed_ends();
  /// The server asks to be told of those after `n`.
  void ask(std::uint64_t n);

  /// What to tell the server now: the next few, or those once more that it has not answered to.
  std::vector<messages::SignIn> due(std::int64_t now_ms);

 private:
  std::map<std::uint64_t, messages::SignIn> waiting_;
  std::uint64_t last_n_;
  std::int64_t told_ms_ = 0;  // 0: it waits for no answer
  bool asked_ = false;
};

}  // namespace convoke::broker_plugin
