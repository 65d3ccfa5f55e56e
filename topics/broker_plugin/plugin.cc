// The C entry points that Mosquitto 2.0 calls, and nothing else: they turn its events into values for
// PolicyGate and its answers into return codes. All run in the broker's one thread; none may let an exception
// out.

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mosquitto_plugin.h>

#include <chrono>
#include <exception>
#include <memory>
#include <string>

#include "topics/broker_plugin/options.h"
#include "topics/broker_plugin/policy_gate.h"
#include "topics/broker_plugin/properties.h"
#include "topics/topic.h"

namespace {

using namespace convoke;
using namespace convoke::broker_plugin;

struct Plugin {
  mosquitto_plugin_id_t* id;
  Options options;
  PolicyGate gate;
  std::string server;  // client id of the server that feeds us
};

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

void log(int level, const std::string& line) { mosquitto_log_printf(level, "convoke: %s", line.c_str()); }

std::string_view text_or_empty(const char* text) { return text ? text : ""; }

/// Runs `step` for an event; an exception (memory, in the end) is logged and becomes `otherwise`.
template <class Step>
int guarded(int otherwise, Step step) noexcept {
  try {
    return step();
  } catch (const std::exception& error) {
    mosquitto_log_printf(MOSQ_LOG_ERR, "convoke: %s", error.what());
    return otherwise;
  }
}

int on_basic_auth(int, void* event_data, void* userdata) noexcept {
  return guarded(MOSQ_ERR_AUTH, [&] {
    const auto& event = *static_cast<mosquitto_evt_basic_auth*>(event_data);
    auto& plugin = *static_cast<Plugin*>(userdata);
    switch (plugin.gate.connect(text_or_empty(mosquitto_client_id(event.client)),
                                text_or_empty(event.password), event.client, now_ms())) {
      case Admission::accepted:
        return MOSQ_ERR_SUCCESS;
      case Admission::refused:
        return MOSQ_ERR_AUTH;
      case Admission::try_later:
        break;
    }
    // Anything but success and AUTH makes 2.0.11 close the connection without a CONNACK (handle_connect.c):
    // to a client, a network that fails for now.
    return MOSQ_ERR_UNKNOWN;
  });
}

int on_disconnect(int, void* event_data, void* userdata) noexcept {
  return guarded(MOSQ_ERR_SUCCESS, [&] {
    const auto& event = *static_cast<mosquitto_evt_disconnect*>(event_data);
    const char* id = mosquitto_client_id(event.client);
    if (id) static_cast<Plugin*>(userdata)->gate.disconnected(id, event.client, now_ms());
    return MOSQ_ERR_SUCCESS;
  });
}

int on_acl_check(int, void* event_data, void* userdata) noexcept {
  return guarded(MOSQ_ERR_ACL_DENIED, [&] {
    const auto& event = *static_cast<mosquitto_evt_acl_check*>(event_data);
    topics::Access access = topics::Access::receive;
    switch (event.access) {
      case MOSQ_ACL_UNSUBSCRIBE:
        return MOSQ_ERR_SUCCESS;
      case MOSQ_ACL_READ:
        break;
      case MOSQ_ACL_SUBSCRIBE:
        access = topics::Access::subscribe;
        break;
      case MOSQ_ACL_WRITE:
        access = topics::Access::publish;
        break;
      default:
        return MOSQ_ERR_ACL_DENIED;
    }
    const bool allowed = static_cast<Plugin*>(userdata)->gate.allows(
        text_or_empty(mosquitto_client_id(event.client)), event.client, access, text_or_empty(event.topic),
        event.retain);
    return allowed ? MOSQ_ERR_SUCCESS : MOSQ_ERR_ACL_DENIED;
  });
}

/// With 2.0.11 a refusal here is "not authorized" or the end of the connection (handle_publish.c), never
/// "quota exceeded". But a message that nobody gets is acknowledged with "no matching subscribers" (16),
/// which is what happens: so it goes to a topic that is nobody's.
/// Most client libraries hide that number, so the sender's devices are told in their inbox too; with QoS 0:
/// later it would not be true any more.
mosq_err_t put_off(mosquitto_evt_message& event, const topics::SiteId& site, std::int64_t for_ms) {
  const PutOffNotice notice = put_off_notice(site, text_or_empty(event.topic), for_ms);
  if (!notice.topic.empty())
    mosquitto_broker_publish_copy(nullptr, notice.topic.c_str(), static_cast<int>(notice.payload.size()),
                                  notice.payload.data(), 0, false, nullptr);
  char* nowhere = mosquitto_strdup("$convoke/put-off");
  if (!nowhere) return MOSQ_ERR_NOMEM;
  mosquitto_free(event.topic);
  event.topic = nowhere;
  event.retain = false;
  return MOSQ_ERR_SUCCESS;
}

int on_message(int, void* event_data, void* userdata) noexcept {
  return guarded(MOSQ_ERR_ACL_DENIED, [&] {
    auto& event = *static_cast<mosquitto_evt_message*>(event_data);
    auto& plugin = *static_cast<Plugin*>(userdata);
    auto& gate = plugin.gate;
    const PropertyFacts facts = read_properties(event.properties);
    const MessageVerdict verdict =
        gate.message(text_or_empty(mosquitto_client_id(event.client)), text_or_empty(event.topic),
                     facts.response_topic, event.retain, now_ms());
    if (!verdict.allowed) return MOSQ_ERR_ACL_DENIED;
    if (verdict.put_off_ms > 0) return put_off(event, plugin.options.site, verdict.put_off_ms);
    if (facts.has_reserved) {
      if (!strip_reserved(event.properties)) return MOSQ_ERR_NOMEM;
      gate.count_stripped_properties();
    }
    if (verdict.drop_retain) event.retain = false;
    if (verdict.stamp && !add_stamp(event.properties, *verdict.stamp)) return MOSQ_ERR_NOMEM;
    return MOSQ_ERR_SUCCESS;
  });
}

/// With QoS 0 the broker keeps nothing of it for a server that is away, in memory or on disk.
void tell_server(const Plugin& plugin, const std::string& payload, int qos) {
  mosquitto_broker_publish_copy(plugin.server.c_str(), topics::kFeedResponseTopic.data(),
                                static_cast<int>(payload.size()), payload.data(), qos, false, nullptr);
}

int on_control(int, void* event_data, void* userdata) noexcept {
  // Success in any case: an error code would disconnect the server. What was wrong is in the answer.
  return guarded(MOSQ_ERR_SUCCESS, [&] {
    const auto& event = *static_cast<mosquitto_evt_control*>(event_data);
    auto& plugin = *static_cast<Plugin*>(userdata);
    plugin.server = text_or_empty(mosquitto_client_id(event.client));
    tell_server(
        plugin,
        plugin.gate.feed({static_cast<const char*>(event.payload), event.payload ? event.payloadlen : 0},
                         now_ms()),
        1);
    return MOSQ_ERR_SUCCESS;
  });
}

int on_tick(int, void*, void* userdata) noexcept {
  return guarded(MOSQ_ERR_SUCCESS, [&] {
    auto& plugin = *static_cast<Plugin*>(userdata);
    // Only here may clients be cut off: not while the broker is in the middle of one of them.
    for (const auto& id : plugin.gate.tick(now_ms())) {
      mosquitto_kick_client_by_clientid(id.c_str(), true);
    }
    if (const std::string told = plugin.gate.sign_ins(now_ms()); !told.empty()) tell_server(plugin, told, 0);
    return MOSQ_ERR_SUCCESS;
  });
}

int on_reload(int, void*, void* userdata) noexcept {
  return guarded(MOSQ_ERR_SUCCESS, [&] {
    auto& plugin = *static_cast<Plugin*>(userdata);
    plugin.gate.replace_keys(token::KeySet::load(plugin.options.keys_path));
    log(MOSQ_LOG_NOTICE, "keys loaded again");
    return MOSQ_ERR_SUCCESS;
  });
}

std::unique_ptr<Plugin> make_plugin(mosquitto_plugin_id_t* id, mosquitto_opt* options, int option_count) {
  std::vector<std::pair<std::string, std::string>> given;
  for (int i = 0; i < option_count; ++i)
    given.emplace_back(text_or_empty(options[i].key), text_or_empty(options[i].value));
  Options parsed = parse_options(given);
  if (parsed.dev_clock)
    log(MOSQ_LOG_WARNING, "dev_clock is set: stamps on chat messages do not show real time");
  auto keys = token::KeySet::load(parsed.keys_path);
  Stamper stamper(parsed.site.str(), static_cast<std::uint64_t>(now_ms()), parsed.dev_clock);
  RateLimiter limiter(parsed.messages_per_second);
  const topics::SiteId site = parsed.site;
  const auto warn = [](const std::string& line) { log(MOSQ_LOG_WARNING, line); };
  return std::unique_ptr<Plugin>(
      new Plugin{id,
                 std::move(parsed),
                 PolicyGate(site, std::move(keys), std::move(stamper), std::move(limiter), warn),
                 {}});
}

struct Callback {
  int event;
  MOSQ_FUNC_generic_callback function;
  const char* topic;
};

constexpr Callback kCallbacks[] = {
    {MOSQ_EVT_BASIC_AUTH, on_basic_auth, nullptr},
    {MOSQ_EVT_DISCONNECT, on_disconnect, nullptr},
    {MOSQ_EVT_ACL_CHECK, on_acl_check, nullptr},
    {MOSQ_EVT_MESSAGE, on_message, nullptr},
    {MOSQ_EVT_TICK, on_tick, nullptr},
    {MOSQ_EVT_RELOAD, on_reload, nullptr},
    {MOSQ_EVT_CONTROL, on_control, topics::kFeedTopic.data()},
};

}  // namespace

#define CONVOKE_ENTRY_POINT extern "C" __attribute__((visibility("default")))

CONVOKE_ENTRY_POINT int mosquitto_plugin_version(int count, const int* versions) {
  for (int i = 0; i < count; ++i) {
    if (versions[i] == MOSQ_PLUGIN_VERSION) return MOSQ_PLUGIN_VERSION;
  }
  return -1;
}

CONVOKE_ENTRY_POINT int mosquitto_plugin_init(mosquitto_plugin_id_t* id, void** userdata,
                                              mosquitto_opt* options, int option_count) {
  return guarded(MOSQ_ERR_INVAL, [&] {
    auto plugin = make_plugin(id, options, option_count);
    for (const auto& callback : kCallbacks) {
      const int rc =
          mosquitto_callback_register(id, callback.event, callback.function, callback.topic, plugin.get());
      if (rc != MOSQ_ERR_SUCCESS) return rc;
    }
    *userdata = plugin.release();
    return static_cast<int>(MOSQ_ERR_SUCCESS);
  });
}

CONVOKE_ENTRY_POINT int mosquitto_plugin_cleanup(void* userdata, mosquitto_opt*, int) {
  const std::unique_ptr<Plugin> plugin(static_cast<Plugin*>(userdata));
  if (!plugin) return MOSQ_ERR_SUCCESS;
  for (const auto& callback : kCallbacks) {
    mosquitto_callback_unregister(plugin->id, callback.event, callback.function, callback.topic);
  }
  return MOSQ_ERR_SUCCESS;
}
