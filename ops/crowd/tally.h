#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "convoke/types.h"
#include "ops/crowd/light_counts.h"

namespace convoke::crowd {

/// What the phones of this program have seen so far, counted.
struct Tally {
  struct Group {
    std::string name;
    std::uint32_t members = 0;                      // by the header
    std::map<std::size_t, std::uint64_t> versions;  // of the lists held; by phone
    std::set<std::size_t> ended;                    // phones
    bool over() const { return !ended.empty() && versions.empty(); }
    std::uint64_t newest() const;
    std::size_t holding(std::uint64_t version) const;
  };

  std::size_t phones = 0;
  std::size_t connected = 0;
  std::uint64_t disconnects = 0;
  std::uint64_t fixes = 0;
  std::uint64_t sent = 0;       // messages written by these phones
  std::uint64_t delivered = 0;  // messages shown by these phones
  std::uint64_t archived = 0;
  std::uint64_t dropped = 0;
  std::uint64_t refused = 0;
  std::uint64_t events_lost = 0;
  std::map<std::string, Group> groups;
  LightCounts light;

  /// One phone's event; `group` is what that phone holds of the event's group now, if it does.
  void count(std::size_t phone, const sdk::Event& event, const std::optional<sdk::Group>& group);
  /// Forgets the groups that are over, once they have been told, so that a venue can run for weeks.
  void forget_ended();
  /// One line of NDJSON without its end.
  std::string to_json(double at_s) const;
};

/// Tells people how things go, from one tally to the next: a line for each thing that has changed.
class Story {
 public:
  void tell(const Tally& tally, double at_s);

 private:
  struct Told {
    std::uint64_t version = 0;
    std::size_t holding = 0;
    std::size_t ended = 0;
  };
  void tell_light(const LightCounts& light, double at_s);

  std::size_t connected_ = 0;
  std::uint64_t delivered_ = 0;
  LightCounts light_;
  double messages_at_s_ = 0;
  std::map<std::string, Told> groups_;
};

}  // namespace convoke::crowd
