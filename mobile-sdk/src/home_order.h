#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mobile-sdk/src/transcript.h"

namespace convoke::sdk {

/// In a group of another site: which of the messages here have no place in home's order yet. They have one
/// soon: it comes with the archive's markers, or, where such a marker was lost, with a history. Of one site
/// home has the messages in order. So one that home has passed over for a later one of the same site has
/// perhaps none, and stands right before that. Bounded: of too many that wait the oldest are forgotten.
class HomeOrder {
 public:
  static constexpr std::size_t kMaxWaiting = 4096;
  static constexpr std::int64_t kGapMs = 5'000;
  static constexpr std::int64_t kMaxGapMs = 600'000;

  /// What the app is to be told: this message stands there.
  struct Placed {
    std::string from, id;
    Place own, home;
  };

  /// A message came, live or out of a history; `home`: with its place.
  std::vector<Placed> came(std::string_view from, std::string_view id, Place own, std::optional<Place> home,
                           std::int64_t now_ms);
  /// A message that came before comes there once more: where the broker died before the archive had it, it
  /// has its place by that.
  void came_again(std::string_view from, std::string_view id, Place own, std::int64_t now_ms);
  /// The archive's marker tells its place.
  std::vector<Placed> placed(Place own, Place home, std::int64_t now_ms);
  /// The history is to be read again from the first that waits.
  void look_again();
  /// Where a history request that would begin behind `after` is to begin.
  Place begin(Place after) const { return looking_ && *looking_ < after ? *looking_ : after; }
  /// It has been read up to there; `more`: it goes on.
  void looked(std::optional<Place> upto, bool more);
  /// True, once: places are overdue.
  bool take_due(std::int64_t now_ms);
  std::optional<std::int64_t> next_due() const { return due_; }

 private:
  struct Waiting {
    std::string from, id;
    bool passed_over = false;  // and told to stand before the next of its site; or it came again
  };
  bool forget(std::string_view from, std::string_view id);
  std::vector<Placed> pass_over(std::string_view site, Place own, Place home);
  void watch(std::int64_t now_ms);

  std::map<Place, Waiting> waiting_;
  Place newest_placed_;           // here, of what has a place
  std::optional<Place> looking_;  // how far the history was read again
  std::int64_t gap_ms_ = kGapMs;
  std::optional<std::int64_t> due_;
};

}  // namespace convoke::sdk
