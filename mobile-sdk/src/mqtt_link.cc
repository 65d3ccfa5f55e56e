#include "mobile-sdk/src/mqtt_link.h"

#include <mqtt/async_client.h>

#include <atomic>

#include "topics/messages/stamp.h"

namespace convoke::sdk {
namespace {

constexpr int kMaxBufferedMessages = 10'000;  // Paho's; the session bounds what it gives
constexpr auto kConnectTimeout = std::chrono::seconds(10);
constexpr auto kGoodbyePatience = std::chrono::seconds(1);

/// Empty if there is none.
messages::Stamp stamp_of(const mqtt::properties& properties) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const std::size_t count = properties.count(mqtt::property::USER_PROPERTY);
  for (std::size_t i = 0; i < count; ++i) {
    const auto [name, value] = mqtt::get<mqtt::string_pair>(properties, mqtt::property::USER_PROPERTY, i);
    pairs.emplace_back(name, value);
  }
  return messages::read_stamp(pairs).value_or(messages::Stamp{});
}

mqtt::create_options create_options() {
  mqtt::create_options_builder options;
  return options.mqtt_version(MQTTVERSION_5).max_buffered_messages(kMaxBufferedMessages).finalize();
}

mqtt::ssl_options tls(const std::string& ca_file) {
  mqtt::ssl_options options;
  options.set_verify(true);
  options.set_enable_server_cert_auth(true);
  if (!ca_file.empty()) options.set_trust_store(ca_file);
  return options;
}

std::uint64_t ticket_of(const mqtt::token& token) {
  return reinterpret_cast<std::uintptr_t>(token.get_user_context());
}

void* context(std::uint64_t ticket) { return reinterpret_cast<void*>(static_cast<std::uintptr_t>(ticket)); }

/// The broker's reason, or -1 if the message never came to it.
int refusal(const mqtt::token& token) {
  return token.get_reason_code() >= 0x80 ? token.get_reason_code() : -1;
}

}  // namespace

struct MqttLink::Connection {
  struct Connecting final : mqtt::iaction_listener {
    explicit Connecting(Connection& c) : connection(c) {}
    void on_success(const mqtt::token& token) override {
      connection.live = true;
      connection.sink(LinkUp{token.get_connect_response().is_session_present()});
    }
    void on_failure(const mqtt::token& token) override {
      // The CONNACK's reason is in the return code; a negative one is Paho's own.
      const int code = std::max(token.get_return_code(), 0);
      connection.down(code, code > 0 ? mqtt::exception::reason_code_str(code)
                                     : mqtt::exception::error_str(token.get_return_code()));
    }
    Connection& connection;
  };
  struct Closing final : mqtt::iaction_listener {
    explicit Closing(Connection& c) : connection(c) {}
    void on_success(const mqtt::token&) override { connection.down(0, "closed"); }
    void on_failure(const mqtt::token&) override { connection.down(0, "closed"); }
    Connection& connection;
  };
  struct Publishing final : mqtt::iaction_listener {
    explicit Publishing(Connection& c) : connection(c) {}
    void on_success(const mqtt::token& token) override { connection.sink(PublishDone{ticket_of(token), 0}); }
    void on_failure(const mqtt::token& token) override {
      connection.sink(PublishDone{ticket_of(token), refusal(token)});
    }
    Connection& connection;
  };
  struct Subscribing final : mqtt::iaction_listener {
    explicit Subscribing(Connection& c) : connection(c) {}
    void on_success(const mqtt::token& token) override {
      // Of a refused first filter Paho C++ tells only that: it is taken for all, as asking again does no
      // harm.
      std::vector<int> codes(token.get_topics()->size(), token.get_reason_code());
      if (token.get_reason_code() < 0x80) {
        const auto response = token.get_subscribe_response();
        codes.assign(response.get_reason_codes().begin(), response.get_reason_codes().end());
      }
      connection.sink(SubscribeDone{ticket_of(token), std::move(codes)});
    }
    void on_failure(const mqtt::token& token) override {
      connection.sink(
          SubscribeDone{ticket_of(token), std::vector<int>(token.get_topics()->size(), refusal(token))});
    }
    Connection& connection;
  };

  Connection(const Config& config, Sink to)
      : sink(std::move(to)), client(config.brokers.front(), config.client_id, create_options()) {
    client.set_message_callback([this](const mqtt::const_message_ptr& message) {
      sink(Arrived{message->get_topic(), message->to_string(), stamp_of(message->get_properties())});
    });
    client.set_connection_lost_handler([this](const std::string&) { down(0, "connection lost"); });
    client.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode code) {
      down(code, mqtt::exception::reason_code_str(code));
    });
  }

  /// Paho tells the end of one connection up to three times.
  void down(int code, std::string reason) {
    if (live.exchange(false)) sink(LinkDown{code, std::move(reason)});
  }

  const Sink sink;
  std::atomic<bool> live = false;  // a connection or an attempt that has not ended yet
  Connecting connecting{*this};
  Closing closing{*this};
  Publishing publishing{*this};
  Subscribing subscribing{*this};
  mqtt::token_ptr goodbye;    // of this connection or an earlier one
  mqtt::async_client client;  // last: gone before what its callbacks use
};

MqttLink::MqttLink(Config config, Sink sink)
    : config_(std::move(config)), connection_(std::make_unique<Connection>(config_, std::move(sink))) {}

MqttLink::~MqttLink() {
  // Cut before that, Paho would send a DISCONNECT that overtakes the goodbye and has the broker forget the
  // will.
  if (!connection_->live || !connection_->goodbye) return;
  try {
    connection_->goodbye->wait_for(kGoodbyePatience);
  } catch (const mqtt::exception&) {
    // It failed, with its connection.
  }
}

void MqttLink::connect(const ConnectCommand& command, const std::string& token) {
  // Not with Paho C++ 1.2.0's builder: what it builds has lost its properties.
  mqtt::connect_options options;
  options.set_mqtt_version(MQTTVERSION_5);
  options.set_servers(
      mqtt::string_collection::create(config_.brokers[command.attempt % config_.brokers.size()]));
  options.set_clean_start(false);
  options.set_keep_alive_interval(config_.keepalive_s);
  options.set_connect_timeout(kConnectTimeout);
  options.set_user_name(config_.user);
  options.set_password(token);
  options.set_will(
      mqtt::will_options(command.will_topic, mqtt::binary_ref(command.will_payload), 1, true, {}));
  options.set_properties(
      {{mqtt::property::SESSION_EXPIRY_INTERVAL, static_cast<std::int32_t>(config_.session_expiry_s)}});
  if (config_.brokers.front().starts_with("ssl://")) options.set_ssl(tls(config_.ca_file));

  // Paho tells a DISCONNECT before it has cleared that connection away, under its lock, and would take an
  // attempt made in between for the old one. Asking for the state waits for the lock.
  connection_->client.is_connected();
  connection_->live = true;
  try {
    connection_->client.connect(options, nullptr, connection_->connecting);
  } catch (const mqtt::exception& e) {
    connection_->down(0, e.what());
  }
}

void MqttLink::disconnect() {
  try {  // without waiting: what was sent before is before it on the wire
    connection_->goodbye = connection_->client.disconnect(0, nullptr, connection_->closing);
  } catch (const mqtt::exception&) {
    // Not connected any more, or not yet: that connection's end, or the attempt's, tells the LinkDown.
  }
}

void MqttLink::publish(const PublishCommand& command) {
  const auto message = mqtt::message::create(command.topic, command.payload, command.qos, command.retain);
  try {
    if (command.qos == 0)
      connection_->client.publish(message);
    else
      connection_->client.publish(message, context(command.ticket), connection_->publishing);
  } catch (const mqtt::exception&) {
    if (command.qos > 0) connection_->sink(PublishDone{command.ticket, -1});
  }
}

void MqttLink::subscribe(const SubscribeCommand& command) {
  std::vector<std::string> filters;
  std::vector<int> qos;
  for (const auto& [filter, level] : command.filters) {
    filters.push_back(filter);
    qos.push_back(level);
  }
  try {
    connection_->client.subscribe(mqtt::string_collection::create(filters), qos, context(command.ticket),
                                  connection_->subscribing);
  } catch (const mqtt::exception&) {
    connection_->sink(SubscribeDone{command.ticket, std::vector<int>(command.filters.size(), -1)});
  }
}

void MqttLink::unsubscribe(const UnsubscribeCommand& command) {
  try {
    connection_->client.unsubscribe(mqtt::string_collection::create(command.filters));
  } catch (const mqtt::exception&) {
    // Not connected: the next session's subscriptions do not hold it either.
  }
}

}  // namespace convoke::sdk
