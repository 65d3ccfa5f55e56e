#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

/// The values that the SDK and the app exchange. Plain structs, owned by whoever holds them. Times are Unix
/// milliseconds (UTC).
namespace convoke::sdk {

/// What a user lets others know: available means "may be drawn into a chat now".
enum class Presence : std::uint8_t { available, away, busy, offline };

/// One position of this phone, WGS84.
struct Fix {
  std::int64_t time_ms = 0;          // of the measurement; 0: now, by Options::clock
  double lat = 0;                    // degrees, -90 to 90
  double lon = 0;                    // degrees, -180 to 180
  std::optional<double> acc_m = {};  // radius in metres that holds the true place with 68 %; 0 to 1,000,000
  std::optional<double> alt_m = {};  // above the ellipsoid; -10,000 to 100,000
  std::optional<double> speed_mps = {};  // 0 to 100,000
  std::optional<int> floor = {};         // storeys above the ground floor, as iOS tells; -127 to 127
};

/// What became of the positions reported so far.
struct PositionCounts {
  std::uint64_t sent = 0;        // or waiting for a connection
  std::uint64_t suppressed = 0;  // the server did not need them
};

/// What a member may do in a chat: a muted one only listens; staff speak also where only they may.
enum class Standing : std::uint8_t { member, muted, staff };

/// One member of a group. Never a position.
struct Buddy {
  std::string user;
  std::string name;  // display name; empty: show the user id
  Presence presence = Presence::offline;
  std::optional<std::int64_t> ends_ms;  // this member's own ending time, where it differs from the group's
  Standing standing = Standing::member;
  friend bool operator==(const Buddy&, const Buddy&) = default;
};

/// One live chat as this phone holds it.
struct Group {
  std::string id;
  std::string plan;
  std::string name;
  std::int64_t started_ms = 0;
  std::optional<std::int64_t> ends_ms;  // absent: no end is set yet
  std::uint64_t version = 0;            // of the buddy list held; 0: none yet
  bool settled = false;                 // false while the list is being brought from one version to the next
  std::uint32_t members = 0;
  std::uint32_t available = 0;
  std::uint32_t pages = 0;         // of the whole buddy list
  std::uint32_t pages_held = 0;    // of these this phone holds; see Client::load_more_buddies
  bool announcement_only = false;  // only staff speak: the broker refuses other messages
  std::int64_t slow_ms = 0;        // from a member's message to their next one; the SDK keeps to it by itself
  std::uint32_t per_minute = 0;    // messages of a member, 0: no limit; the SDK waits by itself
  std::string home;                // the site whose chat it is; empty: this one's
};

/// The place of a message in its group's order: first by epoch, then by n.
struct Stamp {
  std::string site;
  std::uint64_t epoch = 0;
  std::uint64_t n = 0;
  std::int64_t time_ms = 0;  // the broker's clock
};

/// The place of a message in the order of the site whose chat it is, which is the same at all sites.
struct HomePlace {
  std::uint64_t epoch = 0;
  std::uint64_t n = 0;
  friend auto operator<=>(const HomePlace&, const HomePlace&) = default;
};

struct Message {
  std::string group;
  std::string from;  // of an announcement: the staff user; of a system message: the site
  std::string id;
  std::string type;  // "text", "announcement" (by staff), "system" (by the server): nobody else can send
                     // these two. Show others as "not supported"
  std::string text;
  std::optional<std::string> reply_to;
  Stamp stamp;
  bool edited = false;                 // the text is not the first one
  bool deleted = false;                // there is no text any more
  std::optional<HomePlace> home = {};  // only in a chat of another site, and not before it is known there
};

/// The order in which a chat is shown: as at home, and behind it what has no place there yet, as it came
/// here.
inline bool earlier(const Message& a, const Message& b) {
  const auto key = [](const Message& m) {
    return std::tuple(!m.home, m.home.value_or(HomePlace{}), m.stamp.epoch, m.stamp.n);
  };
  return key(a) < key(b);
}

// ---- Events, drained with Client::poll --------------------------------------------------------------------

/// The connection is up (again). Everything held stays valid.
struct Connected {};

/// The connection is down, or an attempt failed. The SDK tries again by itself.
struct Disconnected {
  std::string reason;
  int code = 0;  // MQTT 5 reason code where the broker gave one, else 0
  std::int64_t retry_in_ms = 0;
};

/// This user is in a chat now.
struct ChatStarted {
  Group group;
};

/// The buddy list held of this group is at a new version.
struct BuddyListChanged {
  std::string group;
  std::uint64_t version = 0;
};

/// The chat is over for this user, and its buddy list and unsent messages are deleted from this phone.
struct ChatEnded {
  std::string group;
  std::string plan;
  std::string reason;
  std::int64_t ended_ms = 0;
};

/// A message, whether it came live or from the archive: once in the life of the Client, so again after a
/// restart of the app. `Message::from` and `id` together name it for ever.
struct MessageReceived {
  Message message;
};

/// A message has another text now. It may come again, and for a message that the app does not have.
struct MessageEdited {
  std::string group;
  std::string from;  // who wrote the message, and no other can edit it
  std::string id;    // of the message
  std::string text;
  Stamp stamp;  // place of the edit in the group's order
};

/// A message was deleted, by who wrote it or by staff: show it no more, and forget its text.
struct MessageDeleted {
  std::string group;
  std::string from;  // who wrote the message
  std::string id;    // of the message
  std::string by;
  Stamp stamp;  // place of the delete in the group's order
};

/// An own message, edit or delete: `sent` has its place in the group's order, `archived` is safe with the
/// server, `dropped` will not be sent (the chat ended, or the broker refused it).
struct OwnMessage {
  enum class State : std::uint8_t { sent, archived, dropped };
  std::string group;
  std::string id;
  State state = State::sent;
  std::optional<Stamp> stamp;
};

/// A member types, or has received or read all up to (epoch, n). May be lost or late. In a chat of another
/// site `home` is the same in the order there, and the only one that is known (`n` is 0) of members of other
/// sites.
struct SignalReceived {
  enum class Kind : std::uint8_t { typing, delivered, read };
  std::string group;
  std::string from;
  Kind kind = Kind::typing;
  std::uint64_t epoch = 0;
  std::uint64_t n = 0;
  std::optional<HomePlace> home = {};
};

/// The answer to Client::request_available. `more`: ask again with the last user as `after`.
struct AvailableBuddies {
  std::string request;
  std::string group;
  std::vector<Buddy> buddies;
  bool more = false;
};

/// The server asks for a fix now: measure one and report it.
struct PositionWanted {};

/// The server has kept that this user is registered with a plan by themselves, or is not any more.
struct Registered {
  std::string plan;
  bool registered = true;
};

/// The server has kept that this user blocks another, or does not any more.
struct Blocked {
  std::string user;
  bool blocked = true;
};

/// The answer to Client::request_blocked.
struct BlockedUsers {
  std::string request;
  std::vector<std::string> users;
};

/// The server has kept whether other sites may draw this user into chats.
struct OtherSites {
  bool allowed = false;
};

/// The server erases all that it holds about this user.
struct Erased {};

/// The broker or the server said no. For the developer's log, not for people.
struct Refused {
  std::string
      what;  // "publish", "subscribe", the request's name ("report-message" for one), or "report": the server
             // could not use a position or presence, most often because this phone's clock is wrong
  std::string topic;  // of a publish or subscribe
  int code = 0;       // MQTT 5 reason code; 0 for requests
  std::string detail;
  std::string request = {};  // of a request: its id, as Client::request_available gave it
  std::string group = {};    // of a request: its group, where it has one
};

/// The app did not drain its events in time, and the oldest were dropped.
struct EventsLost {
  std::uint64_t count = 0;
};

/// In a chat of another site: that message, by anybody, stands there in home's order. Soon after it came, or,
/// while the sites cannot reach one another, after they can again; another place may come later, and for a
/// message that the app does not have.
struct MessagePlaced {
  std::string group;
  std::string from;  // who wrote the message
  std::string id;    // of the message
  HomePlace home;
};

using Event = std::variant<Connected, Disconnected, ChatStarted, BuddyListChanged, ChatEnded, MessageReceived,
                           OwnMessage, SignalReceived, AvailableBuddies, PositionWanted, Registered, Refused,
                           EventsLost, MessageEdited, MessageDeleted, Blocked, BlockedUsers, Erased,
                           MessagePlaced, OtherSites>;

}  // namespace convoke::sdk
