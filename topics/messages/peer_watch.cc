#include "topics/messages/peer_watch.h"

#include "topics/messages/parts_json.h"

namespace convoke::messages {

PeerWatched read_peer_watched(const Field& field) {
  using Is = PeerWatched::Is;
  const std::string is = field["is"].plain_id();
  if (is == "available") return {Is::available, read_full_user(field["user"])};
  if (is == "enter") return {Is::enter, field["area"].plain_id()};
  if (is == "at-least")
    return {Is::at_least, field["area"].plain_id(), field["people"].small_integer(1, kMaxWatchPeople)};
  if (is == "at-most")
    return {Is::at_most, field["area"].plain_id(), field["people"].small_integer(0, kMaxWatchPeople)};
  return {};
}

void write(JsonWriter& json, const PeerWatched& watched) {
  using Is = PeerWatched::Is;
  const bool counts = watched.is == Is::at_least || watched.is == Is::at_most;
  json.begin_object();
  json.member("is", watched.is == Is::available  ? "available"
                    : watched.is == Is::enter    ? "enter"
                    : watched.is == Is::at_least ? "at-least"
                    : watched.is == Is::at_most  ? "at-most"
                                                 : "unknown");
  if (watched.is != Is::unknown) json.member(watched.is == Is::available ? "user" : "area", watched.of);
  if (counts) json.member("people", watched.people);
  json.end_object();
}

std::string encode(const PeerWatched& watched) {
  JsonWriter json;
  write(json, watched);
  return json.take();
}

PeerLevel read_peer_level(const Field& field) {
  const Field refused = field["refused"];
  PeerLevel level{read_peer_watched(field["watch"]), field["holds"].boolean()};
  if (refused.present()) level.refused = refused.plain_id();
  return level;
}

void write(JsonWriter& json, const PeerLevel& level) {
  json.begin_object();
  write(json.key("watch"), level.watched);
  json.member("holds", level.holds);
  if (!level.refused.empty()) json.member("refused", level.refused);
  json.end_object();
}

}  // namespace convoke::messages
