#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "backend/core/plan.h"
#include "topics/ids.h"
#include "topics/membership.h"
#include "topics/messages/chat.h"
#include "topics/messages/limits.h"
#include "topics/messages/peer.h"
#include "topics/messages/peer_watch.h"
#include "topics/messages/presence.h"
#include "topics/messages/roster.h"

/// The records the server keeps, as values. All fields are stored (backend/store/records.h) unless they
/// follow from others, which is said.
namespace convoke::core {

using messages::GroupState;
using messages::PresenceState;
using topics::AreaId;
using topics::DeviceId;
using topics::GroupId;
using topics::PlanId;
using topics::SiteId;
using topics::UserId;

struct Device {
  PresenceState state = PresenceState::offline;
  std::uint64_t connect_number = 0;
  TimeMs heard_ms = 0;  // when its presence last came in
};

/// One entry of the presence database. The position is kept beside it, by the geofence tracker.
struct User {
  UserId id;
  std::string name;
  std::map<std::string, std::string> attributes;
  std::optional<TimeMs> chat_duration_ms;  // this user's longest chat; absent: as long as the group
  std::map<DeviceId, Device> devices;
  std::set<AreaId> areas;           // areas inside
  std::map<AreaId, TimeMs> left;    // when they last left an area, where a plan asks for that
  std::set<UserId> blocked;         // whom they have blocked
  bool other_sites = false;         // lets other sites draw them into chats
  std::set<SiteId> known_at;        // other sites that were told of them
  TimeMs known_ms = 0;              // when first heard of; 0: an earlier server did
  TimeMs unavailable_since_ms = 0;  // when they ceased to be available; 0: they are, or never were

  // Follow from the devices and from the groups' members.
  PresenceState presence = PresenceState::offline;
  std::set<GroupId> groups, invited;
  std::set<std::string> identities;  // keys, follow from their records
};

/// What makes a user registered with a plan. There is at most one of each source and act.
struct Registration {
  std::string source;  // "staff", "self", "call", "mail", "ticket"
  std::string proof;   // what it rests on: the staff user, who vouched; at most kMaxProofBytes
  TimeMs at_ms = 0;
  std::string act = {};  // of those from outside: what can be taken back, as the order; see Act::subject
};
inline constexpr std::size_t kMaxProofBytes = 256;

/// How somebody is known outside. The core never sees the value itself.
struct Identity {
  std::string key;     // "phone/", "mail/" or "ticket/" and a keyed hash: equal values have equal keys
  std::string sealed;  // the value, encrypted, for those who may read it
};
inline constexpr std::size_t kMaxSealedBytes = 1024;

/// Whose an identity is.
struct IdentityRecord {
  UserId user;
  bool proven = false;  // only then it counts; otherwise somebody says so
  std::string source;   // who says or has proved it: "operator crm", "token"
  TimeMs at_ms = 0;
  std::string sealed;
};

/// An act of somebody unknown, which registers whoever proves to be them.
struct WaitingAct {
  Registration registration;
  TimeMs until_ms = 0;
};

/// What is known of an act, so that it counts once, or of what it is about, so that only the newest counts.
struct ActRecord {
  TimeMs at_ms = 0;     // when it was done
  TimeMs heard_ms = 0;  // when that came in
};

/// A hint that waits for its shop's answer (hints.h).
struct HintRecord {
  TimeMs told_ms = 0;        // first, in real time
  std::uint64_t number = 0;  // of its last telling; only while the server runs
};

/// What a plan waits for at another site, and what that site has told of it.
using WatchedThere = std::pair<SiteId, messages::PeerWatched>;
struct ToldLevel {
  std::optional<bool> holds;  // absent: it is not known,
  std::string why = {};       // and why not
  friend bool operator==(const ToldLevel&, const ToldLevel&) = default;
};

/// What a plan of another site waits for here.
struct Watch {
  messages::PeerWatched what;
  bool told = false;  // follows from how things are here: each change is told at once
};

/// What a plan remembers between its groups.
struct PlanRecord {
  Plan plan;
  std::optional<Plan> running;          // as its live group began with it, where it was changed since
  std::set<std::size_t> disarmed;       // triggers that fired and wait for the area to fall below, or to fill
  std::map<std::size_t, TimeMs> again;  // of these, those that arm again at a time
  TimeMs scheduled_up_to = 0;           // schedule starts at or before this have had their turn
  std::map<WatchedThere, ToldLevel> watched;  // what it waits for at other sites
  // A record of its own for each user, who has at least one.
  std::unordered_map<UserId, std::vector<Registration>> registrations;
  // By identity; records of their own too.
  std::unordered_map<std::string, std::vector<WaitingAct>> waiting;

  std::optional<GroupId> live;  // follows from the groups
};

/// Where a message stands in its group's order.
struct ChatPlace {
  std::uint64_t epoch = 0, n = 0;
  friend auto operator<=>(const ChatPlace&, const ChatPlace&) = default;
};

/// A time in a chat, by its messages: those behind `from`, up to `to`.
struct Stay {
  ChatPlace from = {};
  ChatPlace to = {messages::kMaxInteger, messages::kMaxInteger};
};
inline constexpr std::size_t kMaxStays = 32;  // of one user in one chat; of more the oldest are forgotten

inline constexpr std::size_t kMaxWhyBytes = 4096;
inline constexpr std::size_t kMaxTurnedAway = 1000;  // are kept; of more nothing is but that there were

struct Member {
  std::string why;                  // why in: "in hall-a", "listed", "added by staff ana"
  TimeMs joined_ms = 0;             // 0: at the group's start
  ChatPlace from;                   // what was said up to there was said before they came
  std::optional<TimeMs> ends_ms;    // own ending time, where it differs from the group's
  std::optional<TimeMs> leaves_ms;  // does not qualify any more, and goes then
  bool by_hand = false;             // added by staff: stays whether they qualify or not
  std::uint64_t since_version = 0;  // roster version that their start was told with; 0: the group's first
  std::uint64_t held_version = 0;   // newest roster version that a phone of theirs said it holds
  std::uint32_t page = 0;           // of the buddy list
};

/// Why somebody was a member, or was passed over when the group opened, for staff. Kept with the group's
/// archive.
struct PastMember {
  std::string why;                    // empty: passed over
  TimeMs joined_ms = 0, left_ms = 0;  // passed over: 0, and then
  std::string reason;            // why not any more: the chat-end's; passed over: kNotAvailable, kLot, …
  std::vector<Stay> stays = {};  // in the chat, in order
  // kNotMet: of what was asked, as places in the group's Selection::asked. One of `any` stands for all.
  std::vector<std::uint16_t> unmet = {};
};
inline constexpr const char* kNotAvailable = "not-available";
inline constexpr const char* kLot = "lot";
inline constexpr const char* kNotMet = "not-met";              // something that is asked
inline constexpr const char* kKeptApart = "kept-apart";        // from a member, when their turn came
inline constexpr const char* kOver = "over";                   // the chat, when their turn would have come
inline constexpr const char* kFull = "full";                   // the chat, when they came to qualify
inline constexpr const char* kNotQualified = "not-qualified";  // any more
inline constexpr const char* kBanned = "banned";               // while they were invited, or members

/// One thing that an audience asks, in words, for staff.
struct AskedCondition {
  std::string part;       // "any", "all", "none", "presence"; "more": how many others
  std::string condition;  // "in hall-a", "available"
};

/// How a group's first members were chosen. Who met what was asked, and who was looked at, is in a record, so
/// of all others it says why they were not.
struct Selection {
  TimeMs at_ms = 0;                   // 0: nobody has been chosen yet
  std::vector<AskedCondition> asked;  // of the plan as the group began with it
  bool follows = false;               // and whoever came to qualify later came in, as far as there was room
  bool all_passed_over = true;        // are in a record; else some of many
  bool all_missed = true;             // the same of those who were looked at and did not meet what was asked
  std::optional<std::uint16_t> others_unmet = {};  // what everybody else did not meet, as PastMember::unmet
};

/// Somebody chosen for a group who becomes a member later.
struct Invitation {
  std::string why;              // as the member's will be
  std::optional<TimeMs> at_ms;  // then; absent: as soon as they are available
  TimeMs until_ms = 0;          // and after this not any more
};

/// Which chat messages of an epoch have reached the archive.
struct ArchiveProgress {
  std::uint64_t epoch = 0;
  std::uint64_t upto = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> missing;  // inclusive ranges, ascending
};

/// What a user of another site said, from when their server told it until the broker gave it back with a
/// stamp.
struct Relayed {
  enum class Step {
    placed,  // home has said where it stands, and it has not come yet
    held,    // it has come from somebody who may not speak here as far as home has told: where home has it,
             // its place will come
    said     // published, and not come back with a stamp yet
  };
  UserId from;
  messages::ChatMessage message;         // placed: none
  std::optional<messages::Stamp> place;  // at home, where that came first
  Step step = Step::said;
};

/// One page of a group's buddy list.
struct Page {
  std::uint64_t version = 0;  // roster version at which it last changed

  // Follow from the members.
  std::vector<UserId> users;
  std::size_t bytes = 0;  // worst-case size of its entries on the wire
};

struct Group {
  GroupId id;
  PlanId plan;
  std::string name;
  GroupState state = GroupState::open;
  TimeMs started_ms = 0;  // of an open one: when it opened
  TimeMs opens_ms = 0;    // scheduled: when it opens; gathering: until when it waits for a member
  std::optional<TimeMs> ends_ms;
  std::string end_kind;                  // where ends_ms comes from: "duration", "set-time", "staff", …
  TimeMs watched_from_ms = 0;            // since when silence and absence count: its opening or extension
  TimeMs warned_up_to_ms = 0;            // warnings at or before this have had their turn
  std::optional<TimeMs> spread_from_ms;  // members end one after the other from then to ends_ms
  std::vector<std::string> reasons;      // why it started, and what would have started it since
  std::vector<std::string> start_keys;   // idempotency keys of its start and of starts that met it
  Selection selected;                    // how its first members were
  TimeMs ended_ms = 0;
  std::string end_reason;
  TimeMs keep_until_ms = 0;    // after the end: then only its id is left
  std::uint64_t version = 0;   // roster version, as published
  bool unsent = false;         // the members or the header have changed since that version
  std::uint64_t messages = 0;  // archived chat messages
  TimeMs last_message_ms = 0;  // when the newest of them was sent; 0: there is none
  ArchiveProgress archive;
  std::vector<Page> pages;
  topics::ChatRules rules;
  // Of those who have another than `member`, also while they are away: leaving does not shake a mute off.
  std::map<UserId, topics::Standing> standings;
  std::set<UserId> banned;    // who may not be added again
  std::set<UserId> kept_out;  // who left or was removed, where the plan would draw them in again
  std::uint64_t notices = 0;  // that the server said so far; makes their ids
  std::vector<messages::Notice> unarchived;  // of these, those that have not come back with a stamp

  // Each member is a record of its own. After the end: those who have not confirmed it yet.
  std::map<UserId, Member> members;
  std::map<UserId, Invitation> invited;  // records of their own too
  // Of those who have left, also if they have come again: follow from the records of past members.
  std::map<UserId, std::vector<Stay>> stays;
  // Who came to qualify while there was no room, and when: come in as soon as there is. As stays.
  std::map<UserId, TimeMs> turned_away;

  // Several sites (sites.h).
  SiteId home;             // of a mirror: whose group it is; empty: this site's
  bool anonymous = false;  // of a mirror: members are not told one another's names
  // Sites that have not answered yet who of theirs, of those listed, takes part: once for each answer to
  // come.
  std::multiset<SiteId> asked;
  // Sites that have not selected any of theirs by what the plan asks: why not. kNoAnswer: not yet.
  std::map<SiteId, std::string> unselected;
  std::map<SiteId, std::size_t> selected_of;  // how many a site has selected in the answer that is coming in
  // Of a plan that follows, users of other sites of whom their site says that they meet what is asked; false:
  // it is saying anew who does, and has not named them yet. Records of their own.
  std::map<UserId, bool> met;
  std::set<UserId> unnamed;  // of a mirror: members that home's list, which is on its way, has not named yet
  std::map<std::uint64_t, Relayed> relayed;  // by message_key; records of their own

  // Follow from the above, or matter only while the server runs.
  std::uint32_t available = 0;
  std::set<UserId> touched, gone;  // what `unsent` stands for
  std::optional<TimeMs> flush_not_before;
  // By a hash of (sender, message id): each is archived once, and edits must find it.
  std::unordered_map<std::uint64_t, ChatPlace> message_keys;
  std::map<SiteId, std::size_t> sites;  // how many of the members are of each other site
  // Of a mirror: where messages stand in home's order, which phones are to be told.
  std::vector<messages::HomePlace> places;
  TimeMs places_not_before_ms = 0;
  int resends = 0;
};

// What another site may ask about users of this one, as its operator says.
inline constexpr const char* kMayUsers = "users";                  // who of these, by name, is there
inline constexpr const char* kMayAreas = "areas";                  // who is in this area
inline constexpr const char* kMayAttributes = "attributes";        // who has this attribute
inline constexpr const char* kMayRegistrations = "registrations";  // who is registered with this plan
inline constexpr const char* kMayEverybody = "everybody";          // who is there at all
inline constexpr std::array kAllMay = {kMayUsers, kMayAreas, kMayAttributes, kMayRegistrations,
                                       kMayEverybody};

/// Another site, with whose server ours exchanges numbered items. Own numbers go to it, `in_` come from it.
struct Peer {
  SiteId site;
  std::string host;  // of its broker
  int port = 0;
  std::string keys;                         // JWK Set: who speaks for it to our broker
  std::uint64_t epoch = 0;                  // of our numbers; another one when we begin to count anew
  std::uint64_t next = 1;                   // number of the next item
  std::uint64_t acked = 0;                  // it has taken all up to this
  std::uint64_t in_epoch = 0;               // 0: nothing has come yet
  std::uint64_t in_upto = 0;                // we have taken all up to this
  std::string shut;                         // the link is shut: why; empty: it is not
  std::uint32_t version = 1;                // the latest that both speak; 1 until it has said so
  std::set<std::string> features;           // what it can do beyond that, as it says
  std::set<std::string> may = {kMayUsers};  // what it may ask about users here
  std::map<UserId, std::uint64_t>
      erasures;  // of ours, that it has not taken: numbers of the items; 0: not told yet

  std::set<UserId> blockers;  // its users who block some of ours: follow from the users
  std::size_t watches = 0;    // how much its plans wait for here: follows from that

  // Matter only while the server runs.
  TimeMs heard_ms = 0;            // when a batch last came
  TimeMs forgot_ms = 0;           // since when it says to have less than it said before; 0: it does not
  std::set<UserId> presence_due;  // of whom it is to be told how they are,
  std::set<UserId> names_due;     // and of which of these their names
  TimeMs erase_window_ms = 0;     // of the limit to its erasures: its begin,
  std::size_t in_erase_window = 0;
  TimeMs presence_not_before_ms = 0;
  // What it is to be told next of what our users signal: the latest of each kind.
  std::map<std::tuple<GroupId, UserId, messages::Signal::Type>, messages::PeerSignal> signals_due;
  TimeMs signals_not_before_ms = 0;
  TimeMs anew_ms = 0;                            // when we last began to count anew,
  bool telling_all = false;                      // and whether that is going on
  TimeMs window_ms = 0;                          // of the limit to what it may tell: its begin,
  std::size_t in_window = 0;                     // and how many items came in it
  std::map<std::string, std::uint64_t> refused;  // items, by reason

  std::uint64_t waiting() const { return next - 1 - acked; }
};

/// What another site asks about users of this one for a group of its own, until it takes it back
/// (kept_questions.h).
struct KeptQuestion {
  messages::PeerSelect asked;
  std::set<UserId> told;  // who meets it, as that site was told last; records of their own

  // Follow from the above, and from what the site may ask.
  Plan plan;             // only its audience counts
  bool refused = false;  // the site may not ask it, or not any more
};

}  // namespace convoke::core
