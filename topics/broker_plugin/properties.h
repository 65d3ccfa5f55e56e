#pragma once

#include <mosquitto.h>
#include <mosquitto_broker.h>

#include <optional>
#include <string>

#include "topics/messages/chat.h"

namespace convoke::broker_plugin {

/// What the plugin needs to know of a message's MQTT 5 properties.
struct PropertyFacts {
  std::optional<std::string> response_topic;
  bool has_reserved = false;  // a user property named cv-…, which only the plugin may set
};

PropertyFacts read_properties(const mosquitto_property* list);

/// Replaces the list by one without the user properties named cv-…. False if memory ran out; `list` is then
/// unchanged. The broker owns the list before and after.
bool strip_reserved(mosquitto_property*& list);

/// Adds the stamp as four user properties. False if memory ran out.
bool add_stamp(mosquitto_property*& list, const messages::Stamp& stamp);

}  // namespace convoke::broker_plugin
