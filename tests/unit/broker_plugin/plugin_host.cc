#include "tests/unit/broker_plugin/plugin_host.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>
#include <mqtt_protocol.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>

using convoke::test::PluginHost;

// ---- What the broker gives to a plugin; the property functions are Mosquitto's own, from libmosquitto
// -------

int mosquitto_callback_register(mosquitto_plugin_id_t*, int event, MOSQ_FUNC_generic_callback function,
                                const void*, void* userdata) {
  PluginHost::current->callbacks[event] = {function, userdata};
  return MOSQ_ERR_SUCCESS;
}

int mosquitto_callback_unregister(mosquitto_plugin_id_t*, int event, MOSQ_FUNC_generic_callback,
                                  const void*) {
  PluginHost::current->callbacks.erase(event);
  return MOSQ_ERR_SUCCESS;
}

const char* mosquitto_client_id(const mosquitto* client) { return client ? client->id.c_str() : nullptr; }

int mosquitto_kick_client_by_clientid(const char* id, bool) {
  PluginHost::current->kicked.emplace_back(id);
  return MOSQ_ERR_SUCCESS;
}

void mosquitto_log_printf(int, const char* format, ...) {
  char line[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  PluginHost::current->log.emplace_back(line);
}

char* mosquitto_strdup(const char* text) { return ::strdup(text); }
void mosquitto_free(void* memory) { std::free(memory); }

int mosquitto_broker_publish_copy(const char*, const char*, int size, const void* payload, int, bool,
                                  mosquitto_property*) {
  PluginHost::current->answer.assign(static_cast<const char*>(payload), static_cast<std::size_t>(size));
  return MOSQ_ERR_SUCCESS;
}

// ---- The host
// ------------------------------------------------------------------------------------------------

namespace convoke::test {
namespace {

/// The broker's strings are its own and writable.
std::unique_ptr<char, decltype(&std::free)> copy(const char* text) {
  return {text ? ::strdup(text) : nullptr, &std::free};
}

mosquitto* writable(const mosquitto& client) { return const_cast<mosquitto*>(&client); }

mosquitto_property* to_list(const PluginHost::Message& message) {
  mosquitto_property* list = nullptr;
  for (const auto& [name, value] : message.user_properties)
    mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, name.c_str(), value.c_str());
  if (!message.response_topic.empty())
    mosquitto_property_add_string(&list, MQTT_PROP_RESPONSE_TOPIC, message.response_topic.c_str());
  return list;
}

void from_list(const mosquitto_property* list, PluginHost::Message& message) {
  message.user_properties.clear();
  for (const auto* at = list; at != nullptr; at = mosquitto_property_next(at)) {
    if (mosquitto_property_identifier(at) != MQTT_PROP_USER_PROPERTY) continue;
    char *name = nullptr, *value = nullptr;
    mosquitto_property_read_string_pair(at, MQTT_PROP_USER_PROPERTY, &name, &value, false);
    message.user_properties.emplace_back(name, value);
    std::free(name);
    std::free(value);
  }
}

}  // namespace

PluginHost* PluginHost::current = nullptr;

PluginHost::PluginHost() {
  current = this;
  write_keys(tokens.public_jwks());
}

PluginHost::~PluginHost() {
  unload();
  current = nullptr;
}

void PluginHost::write_keys(const std::string& text) { std::ofstream(dir_ / "verify.jwks") << text; }

int PluginHost::load(const Options& more) {
  Options all = {{"site", "demo"}, {"keys", dir_ / "verify.jwks"}};
  all.insert(all.end(), more.begin(), more.end());
  std::vector<mosquitto_opt> options;
  for (auto& [key, value] : all) options.push_back({key.data(), value.data()});
  return mosquitto_plugin_init(nullptr, &userdata_, options.data(), static_cast<int>(options.size()));
}

void PluginHost::unload() {
  if (userdata_) mosquitto_plugin_cleanup(userdata_, nullptr, 0);
  userdata_ = nullptr;
}

int PluginHost::call(int event, void* data) {
  const auto& [function, userdata] = callbacks.at(event);
  return function(event, data, userdata);
}

int PluginHost::connect(const mosquitto& client, const char* password) {
  const auto secret = copy(password);
  mosquitto_evt_basic_auth event{};
  event.client = writable(client);
  event.password = secret.get();
  return call(MOSQ_EVT_BASIC_AUTH, &event);
}

int PluginHost::disconnect(const mosquitto& client) {
  mosquitto_evt_disconnect event{};
  event.client = writable(client);
  return call(MOSQ_EVT_DISCONNECT, &event);
}

int PluginHost::check(const mosquitto& client, int access, const char* topic, bool retain) {
  mosquitto_evt_acl_check event{};
  event.client = writable(client);
  event.access = access;
  event.topic = topic;
  event.retain = retain;
  return call(MOSQ_EVT_ACL_CHECK, &event);
}

int PluginHost::publish(const mosquitto& client, Message& message) {
  mosquitto_evt_message event{};
  event.client = writable(client);
  event.topic = ::strdup(message.topic.c_str());
  event.retain = message.retain;
  event.properties = to_list(message);
  const int rc = call(MOSQ_EVT_MESSAGE, &event);
  from_list(event.properties, message);
  message.retain = event.retain;
  message.topic = event.topic;
  std::free(event.topic);
  mosquitto_property_free_all(&event.properties);
  return rc;
}

std::string PluginHost::control(const mosquitto& client, const std::string& payload) {
  answer.clear();
  mosquitto_evt_control event{};
  event.client = writable(client);
  event.payload = payload.empty() ? nullptr : payload.data();
  event.payloadlen = static_cast<std::uint32_t>(payload.size());
  call(MOSQ_EVT_CONTROL, &event);
  return answer;
}

void PluginHost::tick() {
  mosquitto_evt_tick event{};
  call(MOSQ_EVT_TICK, &event);
}

int PluginHost::reload() {
  mosquitto_evt_reload event{};
  return call(MOSQ_EVT_RELOAD, &event);
}

}  // namespace convoke::test
