#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics/membership.h"
#include "topics/messages/presence.h"
#include "topics/messages/result.h"

namespace convoke::messages {

/// On the wire a roster is what the requirements call a buddy list: a header, pages, and changes, all
/// carrying the version of the roster they show. A version never shows two different rosters.

/// open: the chat runs. ending: its end is decided. retired: it is gone for ever (the tombstone).
enum class GroupState : std::uint8_t { scheduled, gathering, open, ending, retired };

std::string_view to_string(GroupState state);
std::optional<GroupState> parse_group_state(std::string_view text);

/// Payload of `…/head`, retained while the group lives; with state retired it is the tombstone (not
/// retained).
///   {"group":"…","plan":"hall-a","name":"Hall
///   A","state":"open","started":…,"ends":…,"version":7,"pages":1,"members":42,"available":40}
struct RosterHead {
  std::string group;
  std::string plan;
  std::string name;  // the plan's name, for people
  GroupState state = GroupState::open;
  std::int64_t started_ms = 0;          // Unix ms
  std::optional<std::int64_t> ends_ms;  // Unix ms; absent: no end is set yet
  std::uint64_t version = 0;            // roster version
  std::uint32_t pages = 0;
  std::uint32_t members = 0;
  std::uint32_t available = 0;
  topics::ChatRules rules = {};
  std::string home = {};  // the site whose group it is; empty: this one's
};

/// One member as the others see it. Never a position.
///   {"u":"anna","n":"Anna","p":"available"}  with "e":1767225600000 where the member's end differs from the
///   header's
struct Buddy {
  std::string user;
  std::string name;  // display name; empty: show the user id
  PresenceState presence = PresenceState::offline;
  std::optional<std::int64_t> ends_ms;  // this member's own ending time, where it differs from the header's
  topics::Standing standing = topics::Standing::member;
  friend bool operator==(const Buddy&, const Buddy&) = default;
};

/// Payload of `…/buddies/{page}`, retained: at most kPageBuddies buddies and kPageBytes bytes.
///   {"group":"…","version":7,"page":0,"buddies":[…]}
struct RosterPage {
  std::string group;
  std::uint64_t version = 0;  // the roster version at which this page last changed
  std::uint32_t page = 0;
  std::vector<Buddy> buddies;
};

/// Payload of `…/changes`: what happened between `from` and `version`. A phone that holds another version
/// than `from` has a gap and fetches header and pages again. Rosters of one page carry the entries
/// themselves; larger ones carry only which pages changed (at most 32 are named; more: `pages_changed` is
/// empty and `all` is set).
///   {"group":"…","from":6,"version":7,"members":42,"available":40,"put":[buddy…],"gone":["ben"]}
///   {"group":"…","from":6,"version":7,"members":9000,"available":8123,"pages":[0,17]}
struct RosterChanges {
  std::string group;
  std::uint64_t from = 0;
  std::uint64_t version = 0;
  std::uint32_t members = 0;
  std::uint32_t available = 0;
  std::optional<std::int64_t> ends_ms;  // the group's ending time after this change, where one is set
  std::vector<Buddy> put;               // added or changed
  std::vector<std::string> gone;        // removed users
  std::vector<std::uint32_t> pages_changed;
  bool all = false;  // "all":true: any page may have changed
};

[[nodiscard]] Result<RosterHead> decode_roster_head(std::string_view payload);
std::string encode(const RosterHead&);
[[nodiscard]] Result<RosterPage> decode_roster_page(std::string_view payload);
std::string encode(const RosterPage&);
[[nodiscard]] Result<RosterChanges> decode_roster_changes(std::string_view payload);
std::string encode(const RosterChanges&);

}  // namespace convoke::messages
