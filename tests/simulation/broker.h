#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tests/simulation/agenda.h"
#include "tests/simulation/random.h"
#include "topics/broker_plugin/policy_gate.h"
#include "topics/messages/chat.h"

namespace convoke::simulation {

/// An MQTT message on its way.
struct Message {
  std::string topic, payload, correlation;
  bool retain = false;
  std::optional<messages::Stamp> stamp;
};
using MessagePtr = std::shared_ptr<const Message>;

/// A client's end of a connection: what the broker and the network tell it, later than it was.
struct Endpoint {
  virtual ~Endpoint() = default;
  virtual void up(bool session_present) = 0;
  /// The connection is over, or there was none.
  virtual void down(int code) = 0;
  virtual void arrived(const Message& message) = 0;
  virtual void published(std::uint64_t ticket, int code) = 0;
  virtual void subscribed(std::uint64_t ticket, const std::vector<int>& codes) = 0;
};

/// One TCP connection, in order in both directions, with a delay of its own. Once cut, nothing more gets
/// through, and each end learns of it by itself, some time later.
struct Connection {
  std::string id;
  Endpoint* end = nullptr;  // null: the client's process is gone
  std::int64_t delay_ms = 1;
  std::int64_t up_ms = 0, down_ms = 0;  // when what was sent last arrives, to the broker and to the client
  bool cut = false;
  std::int64_t cut_ms = 0;  // since when
  bool known = false;       // the broker holds it for this client's connection
  bool closed = false;      // the client has been told
  std::optional<Message> will;
};
using ConnectionPtr = std::shared_ptr<Connection>;

/// How the network is now.
struct Weather {
  std::int64_t min_delay_ms = 5, max_delay_ms = 80;
  unsigned stall_percent = 0;  // of the connections, which take seconds
};

/// Mosquitto as far as it matters here, with the decisions of the real plugin: sessions with queues, retained
/// messages, wills, takeovers, and nothing kept over a restart.
class Broker {
 public:
  struct Limits {
    std::size_t queued = 20'000;  // of one session that is away; what comes then is dropped
  };
  struct Filter {
    std::string text;
    int qos = 1;
    bool always_retained = true;  // or only when the session did not have it
  };

  Broker(Agenda& agenda, Random random, topics::SiteId site, token::KeySet keys, Limits limits);

  Weather weather;
  /// Told of each message that goes out to a client or into its queue.
  std::function<void(const std::string& client, const Message&)> handing_out;
  /// Told of each message for the server that it will never get.
  std::function<void(const Message&)> lost_for_server;

  // From clients; all take the connection's delay.
  ConnectionPtr connect(Endpoint& end, const std::string& id, const std::string& token, Message will);
  void publish(const ConnectionPtr& from, Message message, int qos, std::uint64_t ticket);
  void subscribe(const ConnectionPtr& from, std::vector<Filter> filters, std::uint64_t ticket);
  void unsubscribe(const ConnectionPtr& from, std::vector<std::string> filters);
  void disconnect(const ConnectionPtr& from);
  /// The client's process is gone: its kernel says so.
  void abandon(const ConnectionPtr& from);

  // What happens to it.
  /// The network fails: both sides notice later.
  void cut(const ConnectionPtr& connection, std::int64_t client_notices_ms, std::int64_t broker_notices_ms);
  /// A session that is away is over.
  void expire(const std::string& id);
  void stop();
  void start();
  bool running() const { return gate_ != nullptr; }
  const std::map<std::string, MessagePtr>& retained() const { return retained_; }

 private:
  struct Pending {
    MessagePtr message;
    std::int64_t acked_ms = 0;  // when the broker knows that the client has it, if nothing breaks
  };
  struct Session {
    std::map<std::string, int> filters;
    std::deque<MessagePtr> queue;
    std::deque<Pending> inflight;
    ConnectionPtr connection;
  };

  std::int64_t arrival(std::int64_t& last, const Connection& connection);
  void to_broker(const ConnectionPtr& from, std::function<void()> act);
  void to_client(const ConnectionPtr& to, std::function<void(Endpoint&)> act);
  void accept(const ConnectionPtr& connection, const std::string& token);
  bool break_off(Connection& connection) const;
  void forget_confirmed(Session& session, const Connection& connection) const;
  void close_old(Session& session);
  void lost(const ConnectionPtr& connection, bool clean);
  void tell_down(const ConnectionPtr& connection, int code, std::int64_t in_ms);
  void take_publish(const ConnectionPtr& from, Message message, int qos, std::uint64_t ticket);
  void take_subscribe(const ConnectionPtr& from, const std::vector<Filter>& filters, std::uint64_t ticket);
  void feed(const ConnectionPtr& from, const std::string& payload);
  void cut_off();
  void drop(const std::string& id, const Message& message) const;
  int put_off(const std::string& topic, std::int64_t for_ms);
  /// How many got it.
  std::size_t route(Message message, int qos = 1);
  void hand(const std::string& id, Session& session, const MessagePtr& message, int qos);
  void send(const std::string& id, Session& session, const MessagePtr& message, int qos);
  void add_filter(const std::string& id, const std::string& filter);
  void drop_filters(const std::string& id, Session& session);
  std::set<std::string>* exact(const std::string& filter);

  Agenda& agenda_;
  Random random_;
  topics::SiteId site_;
  token::KeySet keys_;
  Limits limits_;
  std::unique_ptr<broker_plugin::PolicyGate> gate_;
  std::uint64_t epoch_ = 0;
  std::uint64_t life_ = 0;  // counts starts and stops
  std::map<std::string, Session> sessions_;
  std::map<std::string, MessagePtr> retained_;
  // Who subscribes to what: by the filter where only its last level may be a wildcard, else to be searched.
  std::unordered_map<std::string, std::set<std::string>> by_filter_;
  std::map<std::string, std::set<std::string>> searched_;
};

}  // namespace convoke::simulation
