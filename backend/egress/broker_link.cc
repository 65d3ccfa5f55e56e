#include "backend/egress/broker_link.h"

#include <mqtt/async_client.h>

#include "backend/egress/no_delay.h"
#include "topics/messages/stamp.h"

namespace convoke::egress {
namespace {

constexpr int kSessionExpiryS = 86'400;
constexpr int kKeepAliveS = 20;
constexpr int kConnectTimeoutS = 5;
constexpr int kMaxBuffered = 1'000'000;  // the outbox bounds what is on its way, not Paho

std::optional<messages::Stamp> stamp_of(const mqtt::properties& props) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const std::size_t count = props.count(mqtt::property::USER_PROPERTY);
  for (std::size_t i = 0; i < count; ++i) {
    const auto [name, value] = mqtt::get<mqtt::string_pair>(props, mqtt::property::USER_PROPERTY, i);
    pairs.emplace_back(name, value);
  }
  return messages::read_stamp(pairs);
}

mqtt::ssl_options ssl_options(const LinkTls& tls) {
  mqtt::ssl_options ssl;
  ssl.set_trust_store(tls.ca_file);
  if (!tls.cert_file.empty()) ssl.set_key_store(tls.cert_file);
  if (!tls.key_file.empty()) ssl.set_private_key(tls.key_file);
  ssl.set_enable_server_cert_auth(true);
  ssl.set_verify(true);  // that the certificate is for this host
  return ssl;
}

mqtt::create_options create_options() {
  return mqtt::create_options_builder()
      .mqtt_version(MQTTVERSION_5)
      .send_while_disconnected(true, false)  // without it Paho refuses the 101st message on its way
      .max_buffered_messages(kMaxBuffered)
      .restore_messages(false)
      .persist_qos0(false)
      .finalize();
}

}  // namespace

struct BrokerLink::Connection {
  struct Published final : mqtt::iaction_listener {
    explicit Published(Connection& c) : connection(c) {}
    void on_success(const mqtt::token& t) override {
      const auto number = reinterpret_cast<std::uintptr_t>(t.get_user_context());
      connection.sink(LinkDone{connection.id, number, t.get_reason_code()});
    }
    void on_failure(const mqtt::token& t) override {
      if (t.get_reason_code() >= 0x80) return on_success(t);
      connection.sink(LinkDown{connection.id, "a message could not be sent"});
    }
    Connection& connection;
  };

  struct Connecting final : mqtt::iaction_listener {
    explicit Connecting(Connection& c) : connection(c) {}
    void on_success(const mqtt::token& t) override {
      set_no_delay(connection.port);
      connection.sink(LinkUp{connection.id, t.get_connect_response().is_session_present()});
    }
    void on_failure(const mqtt::token& t) override {
      std::string why = "cannot connect";
      if (t.get_reason_code() > 0)
        why += " (MQTT reason " + std::to_string(static_cast<int>(t.get_reason_code())) + ")";
      connection.sink(LinkDown{connection.id, why});
    }
    Connection& connection;
  };

  Connection(const LinkOptions& options, std::uint64_t number, std::function<void(LinkEvent)>& to)
      : id(number),
        port(static_cast<std::uint16_t>(options.port)),
        sink(to),
        client((options.tls.ca_file.empty() ? "tcp://" : "ssl://") + options.host + ":" +
                   std::to_string(options.port),
               options.client_id, create_options()) {
    client.set_message_callback([this](mqtt::const_message_ptr m) { received(*m); });
    client.set_connection_lost_handler([this](const std::string& why) {
      sink(LinkDown{id, why.empty() ? "connection lost" : why});
    });
    client.set_disconnected_handler([this](const mqtt::properties&, mqtt::ReasonCode reason) {
      sink(LinkDown{
          id, "disconnected by the broker (MQTT reason " + std::to_string(static_cast<int>(reason)) + ")"});
    });
  }

  void received(const mqtt::message& m) {
    LinkMessage out{id, m.get_topic(), m.to_string(), {}, stamp_of(m.get_properties())};
    if (m.get_properties().contains(mqtt::property::CORRELATION_DATA))
      out.correlation = mqtt::get<std::string>(m.get_properties(), mqtt::property::CORRELATION_DATA);
    sink(std::move(out));
  }

  std::uint64_t id;
  std::uint16_t port;
  std::function<void(LinkEvent)>& sink;
  Published published{*this};
  Connecting connecting{*this};
  mqtt::async_client client;  // last: gone before what its callbacks use
};

BrokerLink::BrokerLink(LinkOptions options, std::function<void(LinkEvent)> sink)
    : options_(std::move(options)), sink_(std::move(sink)) {}
BrokerLink::~BrokerLink() = default;

void BrokerLink::connect(const std::string& token) {
  lookup_.cancel();
  current_.reset();
  ++connection_;
  if (!options_.finds_host_first) return dial(token);
  lookup_.start(options_.host, [this, token](const std::string& problem) {
    if (problem.empty()) return dial(token);
    sink_(LinkDown{connection_, problem});
  });
}

void BrokerLink::dial(const std::string& token) {
  current_ = std::make_unique<Connection>(options_, connection_, sink_);
  // Not with Paho C++ 1.2.0's builder: what it builds has lost its properties, and with them the session's
  // expiry.
  mqtt::connect_options connect;
  connect.set_mqtt_version(MQTTVERSION_5);
  connect.set_clean_start(!options_.keeps_session);
  connect.set_keep_alive_interval(std::chrono::seconds(kKeepAliveS));
  connect.set_connect_timeout(std::chrono::seconds(kConnectTimeoutS));
  connect.set_max_inflight(65535);
  connect.set_user_name("server");
  connect.set_password(token);
  if (!options_.will_topic.empty())
    connect.set_will(
        mqtt::will_options(options_.will_topic, mqtt::binary_ref(options_.will_payload), 1, true, {}));
  connect.set_properties(
      {{mqtt::property::SESSION_EXPIRY_INTERVAL, options_.keeps_session ? kSessionExpiryS : 0},
       {mqtt::property::RECEIVE_MAXIMUM, 65535}});
  if (!options_.tls.ca_file.empty()) connect.set_ssl(ssl_options(options_.tls));
  try {
    current_->client.connect(connect, nullptr, current_->connecting);
  } catch (const mqtt::exception& e) {
    sink_(LinkDown{connection_, e.what()});
  }
}

void BrokerLink::disconnect() {
  lookup_.cancel();
  if (!current_) return;
  try {
    current_->client.disconnect()->wait_for(std::chrono::seconds(2));
  } catch (const mqtt::exception&) {
    // It was not connected; that is as good.
  }
  current_.reset();
}

void BrokerLink::subscribe(const std::vector<Filter>& filters) {
  // One by one: Paho C++ 1.2.0 crashes in its subscribe for many filters with options.
  using mqtt::subscribe_options;
  try {
    for (const Filter& filter : filters)
      current_->client.subscribe(
          filter.text, filter.qos,
          subscribe_options(false, false,
                            filter.always_retained ? subscribe_options::SEND_RETAINED_ON_SUBSCRIBE
                                                   : subscribe_options::SEND_RETAINED_ON_NEW));
  } catch (const mqtt::exception& e) {
    sink_(LinkDown{connection_, e.what()});
  }
}

void BrokerLink::unsubscribe(const std::string& filter) {
  try {
    current_->client.unsubscribe(filter);
  } catch (const mqtt::exception& e) {
    sink_(LinkDown{connection_, e.what()});
  }
}

void BrokerLink::publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                         const std::string& correlation, std::uint64_t number) {
  mqtt::properties properties;
  if (!correlation.empty()) properties.add({mqtt::property::CORRELATION_DATA, correlation});
  auto message = mqtt::message::create(topic, payload, qos, retain, properties);
  try {
    if (qos == 0)
      current_->client.publish(message);
    else
      current_->client.publish(message, reinterpret_cast<void*>(static_cast<std::uintptr_t>(number)),
                               current_->published);
  } catch (const mqtt::exception& e) {
    sink_(LinkDown{connection_, e.what()});
  }
}

}  // namespace convoke::egress
