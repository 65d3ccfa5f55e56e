#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "topics/ids.h"

namespace convoke::topics {

/// Every kind of topic of the language. `docs/protocol/topics.md` has the table with direction, QoS and
/// retain.
enum class Kind : std::uint8_t {
  position,        // cv1/{site}/u/{user}/{device}/pos
  presence,        // cv1/{site}/u/{user}/{device}/presence
  request,         // cv1/{site}/u/{user}/{device}/req
  response,        // cv1/{site}/u/{user}/{device}/res
  inbox,           // cv1/{site}/u/{user}/in
  group_head,      // cv1/{site}/g/{group}/head
  group_buddies,   // cv1/{site}/g/{group}/buddies/{page}
  group_changes,   // cv1/{site}/g/{group}/changes
  group_chat,      // cv1/{site}/g/{group}/chat/{user}
  group_ack,       // cv1/{site}/g/{group}/ack
  group_signal,    // cv1/{site}/g/{group}/signal/{user}
  group_notice,    // cv1/{site}/g/{group}/notice
  area_events,     // cv1/{site}/area/{area}/events
  area_occupancy,  // cv1/{site}/area/{area}/occupancy
  staff_request,   // cv1/{site}/staff/{user}/{device}/req
  staff_response,  // cv1/{site}/staff/{user}/{device}/res
  staff_event,     // cv1/{site}/staff/{user}/{device}/event
  server_status,   // cv1/{site}/server/{server}/status
  server_marker,   // cv1/{site}/server/{server}/marker   a server's message to itself: "drained up to here"
  peer,            // cv1/{site}/peer/{sender site}/{rest}   rest: one or more levels
  owntracks,       // owntracks/{user}/{device}[/{rest}]
  feed,            // $CONTROL/convoke/v1   server -> broker plugin
  feed_response,   // $CONTROL/convoke/v1/response   broker plugin -> server
  broker_stats,    // $SYS/{rest}
};

/// One parsed topic name. Only the fields that its kind has are set; the others are empty (page: 0).
struct Topic {
  Kind kind = Kind::position;
  SiteId site;             // every kind that begins with cv1/
  UserId user;             // u, staff, chat, signal, owntracks
  DeviceId device;         // u, staff, owntracks
  GroupId group;           // g
  std::uint32_t page = 0;  // group_buddies, 0 to kMaxPage
  AreaId area;             // area
  ServerId server;         // server
  SiteId sender_site;      // peer
  std::string rest;  // peer, broker_stats: without the leading slash; owntracks: the levels after the device,
                     // may be empty

  friend bool operator==(const Topic&, const Topic&) = default;
};

inline constexpr std::uint32_t kMaxPage = 9999;

/// The topic that `name` names, or nothing if it is none of ours (an unknown kind, an id that breaks its
/// rule, a wildcard, a page with leading zero, more than 512 bytes). Not an error: unknown means no.
std::optional<Topic> parse_topic(std::string_view name);

/// The name of `topic`; the exact inverse of `parse_topic`.
std::string format_topic(const Topic& topic);

// Shorthands for the names that are written often. Arguments are checked ids, so these cannot fail.
std::string position_topic(const SiteId&, const UserId&, const DeviceId&);
std::string presence_topic(const SiteId&, const UserId&, const DeviceId&);
std::string request_topic(const SiteId&, const UserId&, const DeviceId&);
std::string response_topic(const SiteId&, const UserId&, const DeviceId&);
std::string inbox_topic(const SiteId&, const UserId&);
std::string head_topic(const SiteId&, const GroupId&);
std::string buddies_topic(const SiteId&, const GroupId&, std::uint32_t page);
std::string changes_topic(const SiteId&, const GroupId&);
std::string chat_topic(const SiteId&, const GroupId&, const UserId&);
std::string ack_topic(const SiteId&, const GroupId&);
std::string signal_topic(const SiteId&, const GroupId&, const UserId&);
std::string notice_topic(const SiteId&, const GroupId&);
std::string area_events_topic(const SiteId&, const AreaId&);
std::string area_occupancy_topic(const SiteId&, const AreaId&);
std::string staff_request_topic(const SiteId&, const UserId&, const DeviceId&);
std::string staff_response_topic(const SiteId&, const UserId&, const DeviceId&);
std::string staff_event_topic(const SiteId&, const UserId&, const DeviceId&);
std::string server_status_topic(const SiteId&, const ServerId&);
std::string server_marker_topic(const SiteId&, const ServerId&);
inline constexpr std::string_view kFeedTopic = "$CONTROL/convoke/v1";
inline constexpr std::string_view kFeedResponseTopic = "$CONTROL/convoke/v1/response";

}  // namespace convoke::topics
