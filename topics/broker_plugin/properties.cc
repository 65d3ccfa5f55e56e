#include "topics/broker_plugin/properties.h"

#include <mqtt_protocol.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace convoke::broker_plugin {
namespace {

constexpr const char* kReservedPrefix = "cv-";

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};
using Text = std::unique_ptr<char, Free>;

struct Pair {
  Text name;
  Text value;
};

Pair read_pair(const mosquitto_property* property) {
  char* name = nullptr;
  char* value = nullptr;
  mosquitto_property_read_string_pair(property, MQTT_PROP_USER_PROPERTY, &name, &value, false);
  return {Text(name), Text(value)};
}

Text read_text(const mosquitto_property* property, int identifier) {
  char* value = nullptr;
  mosquitto_property_read_string(property, identifier, &value, false);
  return Text(value);
}

bool is_reserved(const Pair& pair) {
  return pair.name && std::strncmp(pair.name.get(), kReservedPrefix, std::strlen(kReservedPrefix)) == 0;
}

bool copy_user_property(mosquitto_property*& to, const mosquitto_property* property) {
  const Pair pair = read_pair(property);
  if (!pair.name || !pair.value) return false;
  if (is_reserved(pair)) return true;
  return mosquitto_property_add_string_pair(&to, MQTT_PROP_USER_PROPERTY, pair.name.get(),
                                            pair.value.get()) == MOSQ_ERR_SUCCESS;
}

bool copy_text(mosquitto_property*& to, const mosquitto_property* property, int identifier) {
  const Text text = read_text(property, identifier);
  return text && mosquitto_property_add_string(&to, identifier, text.get()) == MOSQ_ERR_SUCCESS;
}

bool copy_binary(mosquitto_property*& to, const mosquitto_property* property, int identifier) {
  void* bytes = nullptr;
  std::uint16_t size = 0;
  if (!mosquitto_property_read_binary(property, identifier, &bytes, &size, false)) return false;
  const std::unique_ptr<void, Free> owned(bytes);
  return mosquitto_property_add_binary(&to, identifier, bytes, size) == MOSQ_ERR_SUCCESS;
}

bool copy_byte(mosquitto_property*& to, const mosquitto_property* property, int identifier) {
  std::uint8_t value = 0;
  if (!mosquitto_property_read_byte(property, identifier, &value, false)) return false;
  return mosquitto_property_add_byte(&to, identifier, value) == MOSQ_ERR_SUCCESS;
}

/// The broker keeps five kinds of property with a message (handle_publish.c); the others never get here.
bool copy_property(mosquitto_property*& to, const mosquitto_property* property) {
  const int identifier = mosquitto_property_identifier(property);
  switch (identifier) {
    case MQTT_PROP_USER_PROPERTY:
      return copy_user_property(to, property);
    case MQTT_PROP_CONTENT_TYPE:
    case MQTT_PROP_RESPONSE_TOPIC:
      return copy_text(to, property, identifier);
    case MQTT_PROP_CORRELATION_DATA:
      return copy_binary(to, property, identifier);
    case MQTT_PROP_PAYLOAD_FORMAT_INDICATOR:
      return copy_byte(to, property, identifier);
    default:
      return true;
  }
}

}  // namespace

PropertyFacts read_properties(const mosquitto_property* list) {
  PropertyFacts facts;
  for (const auto* at = list; at != nullptr; at = mosquitto_property_next(at)) {
    const int identifier = mosquitto_property_identifier(at);
    if (identifier == MQTT_PROP_USER_PROPERTY) {
      facts.has_reserved = facts.has_reserved || is_reserved(read_pair(at));
    } else if (identifier == MQTT_PROP_RESPONSE_TOPIC) {
      const Text topic = read_text(at, identifier);
      facts.response_topic = topic ? topic.get() : "";
    }
  }
  return facts;
}

bool strip_reserved(mosquitto_property*& list) {
  mosquitto_property* kept = nullptr;
  for (const mosquitto_property* at = list; at != nullptr; at = mosquitto_property_next(at)) {
    if (!copy_property(kept, at)) {
      mosquitto_property_free_all(&kept);
      return false;
    }
  }
  mosquitto_property_free_all(&list);
  list = kept;
  return true;
}

bool add_stamp(mosquitto_property*& list, const messages::Stamp& stamp) {
  const auto add = [&](const char* name, const std::string& value) {
    return mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, name, value.c_str()) ==
           MOSQ_ERR_SUCCESS;
  };
  return add(messages::kStampSite, stamp.site) && add(messages::kStampEpoch, std::to_string(stamp.epoch)) &&
         add(messages::kStampN, std::to_string(stamp.n)) &&
         add(messages::kStampTime, std::to_string(stamp.time_ms));
}

}  // namespace convoke::broker_plugin
