#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

namespace convoke::sdk {

/// A place in a group's order of messages.
struct Place {
  std::uint64_t epoch = 0;
  std::uint64_t n = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

/// Which messages of one group this phone has, and which it must fetch from the archive. A message is new if
/// its (sender, id) was not seen and its place is behind what is complete. Bounded: old ids and far-ahead
/// places are forgotten.
///
/// `complete` is the place up to which nothing archived is missing here. It moves on with each message in
/// sequence, and over holes (messages withheld or never archived) when the archive was asked and had nothing
/// there.
class Transcript {
 public:
  static constexpr std::size_t kMaxSeen = 1024;
  static constexpr std::size_t kMaxAhead = 1024;
  static constexpr std::int64_t kAckedGapMs = 1'000;  // archived, but not here yet
  static constexpr std::int64_t kGapMs = 5'000;       // a hole that the archive has not told of
  static constexpr std::int64_t kMaxGapMs = 60'000;

  /// A live message. True: it is new.
  bool live(std::string_view from, std::string_view id, Place place, std::int64_t now_ms);
  /// A message out of a history answer, oldest first. True: it is new.
  bool archived(std::string_view from, std::string_view id, Place place);
  /// Everything up to `upto` is archived.
  void acked(Place upto, std::int64_t now_ms);

  /// Messages may have been missed (a fresh group, a new connection): the archive must be asked.
  void ask_archive() { want_ = true; }
  /// Where a history request is to begin, once for each that is to be sent.
  std::optional<Place> take_history_request();
  /// The archive has nothing for this phone up to there that it was not told.
  void looked_up_to(Place place) { complete_ = std::max(complete_, place); }
  /// The answer is through. `more`: the next part is asked for at once.
  void history_done(bool more, std::int64_t now_ms);
  /// There will be no answer (the server refused).
  void history_failed() { asking_ = false; }

  void tick(std::int64_t now_ms);
  std::optional<std::int64_t> next_due() const { return due_; }
  Place complete() const { return complete_; }

 private:
  bool first_sight(std::string_view from, std::string_view id);
  void advance();
  void watch_gap(std::int64_t now_ms);

  Place complete_;
  Place acked_;
  Place target_;  // what the archive had acknowledged when it was asked
  std::set<Place> ahead_;
  bool want_ = false;
  bool asking_ = false;
  std::int64_t gap_ms_ = kGapMs;
  std::optional<std::int64_t> due_;
  std::unordered_set<std::string> seen_;
  std::deque<std::string> seen_order_;
};

}  // namespace convoke::sdk
