#pragma once

#include <string_view>
#include <vector>

#include "topics/messages/chat.h"
#include "topics/messages/inbox.h"
#include "topics/messages/json_reader.h"
#include "topics/messages/json_writer.h"
#include "topics/messages/peer_condition.h"
#include "topics/messages/peer_watch.h"
#include "topics/messages/roster.h"
#include "topics/messages/safe_region.h"

/// The parts that occur inside more than one payload. Private to the codecs. The writers write a whole
/// object.
namespace convoke::messages {

PresenceState read_presence_state(const Field& field);  // presence.cc

Buddy read_buddy(const Field& field);  // roster.cc
void write(JsonWriter& json, const Buddy& buddy);
RosterHead read_roster_head(const Field& field);
void write(JsonWriter& json, const RosterHead& head);
RosterPage read_roster_page(const Field& field);
void write(JsonWriter& json, const RosterPage& page);

ChatStart read_chat_start(const Field& field);  // inbox.cc
void write(JsonWriter& json, const ChatStart& start);
ChatEnd read_chat_end(const Field& field);
void write(JsonWriter& json, const ChatEnd& end);

SafeRegion read_safe_region(const Field& field);  // safe_region.cc
void write(JsonWriter& json, const SafeRegion& region);

ChatMessage read_chat_message(const Field& field);  // chat.cc
/// The members only: others stand beside them.
void write_members(JsonWriter& json, const ChatMessage& message);
/// What a member said may not pass for the server's word, nor change what another member said.
void refuse_server_words(const Field& field, ChatMessage& message);
Stamp read_stamp(const Field& field);
void write(JsonWriter& json, const Stamp& stamp);
ArchivedMessage read_archived_message(const Field& field);
void write(JsonWriter& json, const ArchivedMessage& message);

std::string read_full_user(const Field& field);  // peer_condition.cc: with their site
PeerCondition read_peer_condition(const Field& field);
void write(JsonWriter& json, const PeerCondition& condition);

PeerWatched read_peer_watched(const Field& field);  // peer_watch.cc
void write(JsonWriter& json, const PeerWatched& watched);
PeerLevel read_peer_level(const Field& field);
void write(JsonWriter& json, const PeerLevel& level);

template <class T>
void write_list(JsonWriter& json, std::string_view key, const std::vector<T>& elements) {
  json.key(key).begin_list();
  for (const T& element : elements) write(json, element);
  json.end_list();
}

}  // namespace convoke::messages
