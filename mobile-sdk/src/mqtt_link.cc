#include "mobile-sdk/src/mqtt_link.h"

#include <MQTTAsync.h>

#include <charconv>
#include <stdexcept>

namespace convoke::sdk {
namespace {

constexpr int kMaxBufferedMessages = 10'000;  // Paho's; the session bounds what it gives
constexpr int kConnectTimeoutS = 10;

std::string_view view(const MQTTLenString& text) {
  return {text.data, static_cast<std::size_t>(std::max(text.len, 0))};
}

void read(std::string_view text, std::uint64_t& number) {
  std::from_chars(text.data(), text.data() + text.size(), number);
}

messages::Stamp stamp_of(const MQTTProperties& properties) {
  messages::Stamp stamp;
  for (int i = 0; i < properties.count; ++i) {
    const MQTTProperty& property = properties.array[i];
    if (property.identifier != MQTTPROPERTY_CODE_USER_PROPERTY) continue;
    const std::string_view name = view(property.value.data);
    const std::string_view value = view(property.value.value);
    std::uint64_t time = 0;
    if (name == messages::kStampSite) stamp.site = value;
    if (name == messages::kStampEpoch) read(value, stamp.epoch);
    if (name == messages::kStampN) read(value, stamp.n);
    if (name == messages::kStampTime) read(value, time), stamp.time_ms = static_cast<std::int64_t>(time);
  }
  return stamp;
}

std::string describe(const char* message, int code) {
  if (message != nullptr) return message;
  return code < 0 ? "network error"
                  : std::string(MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(code)));
}

}  // namespace

struct MqttLink::Callbacks {
  static void connected(void* context, MQTTAsync_successData5* data) {
    auto* link = static_cast<MqttLink*>(context);
    link->live_ = true;
    link->sink_(LinkUp{data->alt.connect.sessionPresent != 0});
  }
  static void connect_failed(void* context, MQTTAsync_failureData5* data) {
    // The CONNACK's reason code is in `code`; a negative one is Paho's own. `reasonCode` is not always set.
    const int code = std::max(data->code, 0);
    static_cast<MqttLink*>(context)->down(
        code, code > 0 ? describe(nullptr, code) : describe(data->message, data->code));
  }
  static void lost(void* context, char*) { static_cast<MqttLink*>(context)->down(0, "connection lost"); }
  static void kicked(void* context, MQTTProperties*, MQTTReasonCodes code) {
    static_cast<MqttLink*>(context)->down(code, describe(nullptr, code));
  }
  static void closed(void* context, MQTTAsync_successData5*) {
    static_cast<MqttLink*>(context)->down(0, "closed");
  }
  static void not_closed(void* context, MQTTAsync_failureData5*) {
    static_cast<MqttLink*>(context)->down(0, "closed");
  }

  static int arrived(void* context, char* topic, int length, MQTTAsync_message* message) {
    Arrived event;
    event.topic = length > 0 ? std::string(topic, static_cast<std::size_t>(length)) : std::string(topic);
    event.payload.assign(static_cast<const char*>(message->payload),
                         static_cast<std::size_t>(message->payloadlen));
    event.stamp = stamp_of(message->properties);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    static_cast<MqttLink*>(context)->sink_(std::move(event));
    return 1;
  }

  static void done(void* context, MQTTAsync_successData5* data) {
    auto* waiting = static_cast<Waiting*>(context);
    MqttLink* link = waiting->link;
    const Waiting what = link->take(waiting);
    if (what.filters == 0) return link->sink_(PublishDone{what.ticket, 0});
    SubscribeDone answer{what.ticket, {static_cast<int>(data->reasonCode)}};
    if (data->alt.sub.reasonCodeCount > 1)
      answer.codes.assign(data->alt.sub.reasonCodes,
                          data->alt.sub.reasonCodes + data->alt.sub.reasonCodeCount);
    link->sink_(std::move(answer));
  }
  static void failed(void* context, MQTTAsync_failureData5* data) {
    auto* waiting = static_cast<Waiting*>(context);
    MqttLink* link = waiting->link;
    const Waiting what = link->take(waiting);
    const int code = data->reasonCode >= 0x80 ? static_cast<int>(data->reasonCode) : -1;
    if (what.filters == 0) return link->sink_(PublishDone{what.ticket, code});
    link->sink_(SubscribeDone{what.ticket, std::vector<int>(what.filters, code)});
  }
};

MqttLink::MqttLink(Config config, Sink sink) : config_(std::move(config)), sink_(std::move(sink)) {
  MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
  options.sendWhileDisconnected = 0;
  options.maxBufferedMessages = kMaxBufferedMessages;
  const int rc =
      MQTTAsync_createWithOptions(&handle_, config_.brokers.front().c_str(), config_.client_id.c_str(),
                                  MQTTCLIENT_PERSISTENCE_NONE, nullptr, &options);
  if (rc != MQTTASYNC_SUCCESS)
    throw std::runtime_error("MQTT client: " + std::string(MQTTAsync_strerror(rc)));
  MQTTAsync_setCallbacks(handle_, this, &Callbacks::lost, &Callbacks::arrived, nullptr);
  MQTTAsync_setDisconnected(handle_, this, &Callbacks::kicked);
}

MqttLink::~MqttLink() { MQTTAsync_destroy(&handle_); }

/// Paho tells the end of one connection up to three times.
void MqttLink::down(int code, std::string reason) {
  if (live_.exchange(false)) sink_(LinkDown{code, std::move(reason)});
}

void MqttLink::connect(const ConnectCommand& command, const std::string& token) {
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
  char* broker = const_cast<char*>(config_.brokers[command.attempt % config_.brokers.size()].c_str());
  options.serverURIs = &broker;
  options.serverURIcount = 1;
  options.cleanstart = 0;
  options.keepAliveInterval = config_.keepalive_s;
  options.connectTimeout = kConnectTimeoutS;
  options.username = config_.user.c_str();
  options.password = token.c_str();
  options.context = this;
  options.onSuccess5 = &Callbacks::connected;
  options.onFailure5 = &Callbacks::connect_failed;

  MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
  will.topicName = command.will_topic.c_str();
  will.message = command.will_payload.c_str();
  will.qos = 1;
  will.retained = 1;
  options.will = &will;

  MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
  tls.verify = 1;
  tls.enableServerCertAuth = 1;
  if (!config_.ca_file.empty()) tls.trustStore = config_.ca_file.c_str();
  if (config_.brokers.front().starts_with("ssl://")) options.ssl = &tls;

  MQTTProperty expiry{};
  expiry.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL;
  expiry.value.integer4 = config_.session_expiry_s;
  MQTTProperties properties = MQTTProperties_initializer;
  MQTTProperties_add(&properties, &expiry);
  options.connectProperties = &properties;

  live_ = true;
  const int rc = MQTTAsync_connect(handle_, &options);
  MQTTProperties_free(&properties);
  if (rc != MQTTASYNC_SUCCESS) down(0, MQTTAsync_strerror(rc));
}

void MqttLink::disconnect() {
  MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
  options.reasonCode = MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE;
  options.timeout = 0;  // what was sent before is before it on the wire
  options.context = this;
  options.onSuccess5 = &Callbacks::closed;
  options.onFailure5 = &Callbacks::not_closed;
  if (MQTTAsync_disconnect(handle_, &options) == MQTTASYNC_SUCCESS) return;
  live_ = false;  // not connected (any more, or yet: then the LinkUp is still to come)
  sink_(LinkDown{0, "closed"});
}

MqttLink::Waiting* MqttLink::wait(std::uint64_t ticket, std::size_t filters) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({this, ticket, filters, {}});
  waiting_.back().self = std::prev(waiting_.end());
  return &waiting_.back();
}

MqttLink::Waiting MqttLink::take(Waiting* waiting) {
  const std::lock_guard lock(mutex_);
  const Waiting copy = *waiting;
  waiting_.erase(copy.self);
  return copy;
}

void MqttLink::publish(const PublishCommand& command) {
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  Waiting* waiting = nullptr;
  if (command.qos > 0) {
    options.context = waiting = wait(command.ticket, 0);
    options.onSuccess5 = &Callbacks::done;
    options.onFailure5 = &Callbacks::failed;
  }
  const int rc = MQTTAsync_send(handle_, command.topic.c_str(), static_cast<int>(command.payload.size()),
                                command.payload.data(), command.qos, command.retain ? 1 : 0, &options);
  if (rc == MQTTASYNC_SUCCESS || waiting == nullptr) return;
  take(waiting);
  sink_(PublishDone{command.ticket, -1});
}

void MqttLink::subscribe(const SubscribeCommand& command) {
  std::vector<char*> filters;
  std::vector<int> qos;
  for (const auto& [filter, level] : command.filters) {
    filters.push_back(const_cast<char*>(filter.c_str()));
    qos.push_back(level);
  }
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  Waiting* waiting = wait(command.ticket, filters.size());
  options.context = waiting;
  options.onSuccess5 = &Callbacks::done;
  options.onFailure5 = &Callbacks::failed;
  const int rc = MQTTAsync_subscribeMany(handle_, static_cast<int>(filters.size()), filters.data(),
                                         qos.data(), &options);
  if (rc == MQTTASYNC_SUCCESS) return;
  take(waiting);
  sink_(SubscribeDone{command.ticket, std::vector<int>(filters.size(), -1)});
}

void MqttLink::unsubscribe(const UnsubscribeCommand& command) {
  std::vector<char*> filters;
  for (const std::string& filter : command.filters) filters.push_back(const_cast<char*>(filter.c_str()));
  MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
  MQTTAsync_unsubscribeMany(handle_, static_cast<int>(filters.size()), filters.data(), &options);
}

}  // namespace convoke::sdk
