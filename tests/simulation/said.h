#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "convoke/types.h"
#include "topics/messages/request.h"
#include "topics/messages/roster.h"

namespace convoke::simulation {

/// All that the server has said of the buddy lists, version by version; and whether a phone shows anything
/// else. All throw Violation.
class Said {
 public:
  /// The server publishes this.
  void note(const std::string& topic, const std::string& payload);
  /// A user's phone shows this list, but for those whom it hides.
  void check(const std::string& user, const sdk::Group& held, const std::vector<sdk::Buddy>& shown,
             const std::set<std::string, std::less<>>& hidden);

 private:
  using Entries = std::map<std::string, sdk::Buddy>;
  /// What headers and changes say alike: members, available, ending time.
  using Counts = std::tuple<std::uint32_t, std::uint32_t, std::optional<std::int64_t>>;
  /// A page that somebody has asked for may be ahead of the last version.
  struct Ahead {
    std::uint64_t from = 0, to = 0;  // the versions at which a phone may hold it
    std::set<std::string> users;     // of whom it says something else than these
    Entries entries;
  };
  struct List {
    std::map<std::uint64_t, std::uint32_t> pages;      // how many, by version
    std::map<std::uint64_t, std::set<Counts>> counts;  // by version
    std::set<std::tuple<bool, std::int64_t, std::uint32_t>> rules;
    std::map<std::uint32_t, std::map<std::uint64_t, Entries>> entries;  // of each page, when it changed
    std::vector<Ahead> ahead;
  };

  void note_published(const messages::RosterHead& head);
  void note_told(const messages::RosterHead& head);
  void note(const messages::RosterChanges& changes);
  void note_published(const messages::RosterPage& page);
  void note_answered(const messages::RosterPage& page);

  std::map<std::string, List> lists_;
  std::map<std::pair<std::string, std::string>, std::uint64_t>
      held_;  // by user and group: the newest version
};

}  // namespace convoke::simulation
