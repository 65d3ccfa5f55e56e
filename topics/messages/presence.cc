#include "topics/messages/presence.h"

#include "topics/messages/parts_json.h"

namespace convoke::messages {

std::string_view to_string(PresenceState state) {
  switch (state) {
    case PresenceState::available:
      return "available";
    case PresenceState::away:
      return "away";
    case PresenceState::busy:
      return "busy";
    case PresenceState::offline:
      return "offline";
  }
  return "offline";
}

std::optional<PresenceState> parse_presence_state(std::string_view text) {
  for (const auto state :
       {PresenceState::available, PresenceState::away, PresenceState::busy, PresenceState::offline}) {
    if (text == to_string(state)) return state;
  }
  return std::nullopt;
}

PresenceState read_presence_state(const Field& field) {
  return field.choice(parse_presence_state, "one of available, away, busy, offline");
}

Result<Presence> decode_presence(std::string_view payload) {
  JsonReader json(payload);
  const Field& root = json.root();
  Presence presence;
  presence.state = read_presence_state(root["state"]);
  presence.connect_number = root["n"].integer(1);
  return json.finish(presence);
}

std::string encode(const Presence& presence) {
  JsonWriter json;
  json.begin_object();
  json.member("state", to_string(presence.state));
  json.member("n", presence.connect_number);
  json.end_object();
  return json.take();
}

}  // namespace convoke::messages
