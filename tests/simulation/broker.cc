#include "tests/simulation/broker.h"

#include <algorithm>

#include "topics/filter.h"
#include "topics/topic.h"

namespace convoke::simulation {
namespace {

using broker_plugin::Admission;
using topics::Access;

constexpr int kNoMatchingSubscribers = 16;
constexpr int kNotAuthorized = 0x87;
constexpr int kServerShuttingDown = 0x8b;
constexpr int kAdministrativeAction = 0x98;
constexpr std::int64_t kTickMs = 100;

/// Whether a wildcard stands anywhere but in the last level.
bool must_be_searched(const std::string& filter) {
  const auto wildcard = filter.find_first_of("+#");
  if (wildcard == std::string::npos) return false;
  return filter[wildcard] == '#' || wildcard + 1 != filter.size();
}

std::string with_last_level_open(const std::string& topic) {
  return topic.substr(0, topic.rfind('/') + 1) + "+";
}

}  // namespace

Broker::Broker(Agenda& agenda, Random random, topics::SiteId site, token::KeySet keys, Limits limits)
    : agenda_(agenda), random_(random), site_(std::move(site)), keys_(std::move(keys)), limits_(limits) {
  start();
}

// ---- The network ------------------------------------------------------------------------------------------

/// TCP keeps the order: nothing arrives before what was sent before it.
std::int64_t Broker::arrival(std::int64_t& last, const Connection& connection) {
  last = std::max(last, agenda_.now() + connection.delay_ms);
  return last;
}

/// False if it was cut before.
bool Broker::break_off(Connection& connection) const {
  if (std::exchange(connection.cut, true)) return false;
  connection.cut_ms = agenda_.now();
  return true;
}

void Broker::to_broker(const ConnectionPtr& from, std::function<void()> act) {
  if (from->cut) return;
  agenda_.at(arrival(from->up_ms, *from), [this, from, life = life_, act = std::move(act)] {
    if (!from->cut && life == life_ && gate_) act();
  });
}

void Broker::to_client(const ConnectionPtr& to, std::function<void(Endpoint&)> act) {
  if (to->cut) return;
  agenda_.at(arrival(to->down_ms, *to), [to, act = std::move(act)] {
    if (!to->cut && to->end) act(*to->end);
  });
}

void Broker::tell_down(const ConnectionPtr& connection, int code, std::int64_t in_ms) {
  agenda_.in(in_ms, [connection, code] {
    if (!connection->end || std::exchange(connection->closed, true)) return;
    connection->end->down(code);
  });
}

void Broker::cut(const ConnectionPtr& connection, std::int64_t client_notices_ms,
                 std::int64_t broker_notices_ms) {
  if (!break_off(*connection)) return;
  tell_down(connection, 0, client_notices_ms);
  agenda_.in(broker_notices_ms, [this, connection] { lost(connection, false); });
}

void Broker::abandon(const ConnectionPtr& from) {
  from->end = nullptr;
  const std::int64_t delay = from->delay_ms;
  if (break_off(*from)) agenda_.in(delay, [this, from] { lost(from, false); });
}

void Broker::drop(const std::string& id, const Message& message) const {
  if (lost_for_server && id.ends_with(":server")) lost_for_server(message);
}

void Broker::stop() {
  for (const auto& [id, session] : sessions_) {
    for (const Pending& pending : session.inflight) drop(id, *pending.message);
    for (const MessagePtr& message : session.queue) drop(id, *message);
  }
  for (auto& [id, session] : sessions_) {
    if (!session.connection) continue;
    break_off(*session.connection);
    tell_down(session.connection, random_.percent(50) ? kServerShuttingDown : 0, random_.between(0, 3000));
  }
  gate_.reset();
  ++life_;
  sessions_.clear();
  retained_.clear();
  by_filter_.clear();
  searched_.clear();
}

void Broker::start() {
  ++life_;
  epoch_ = static_cast<std::uint64_t>(agenda_.now());
  gate_ = std::make_unique<broker_plugin::PolicyGate>(
      site_, keys_, broker_plugin::Stamper(site_.str(), epoch_, {}), broker_plugin::RateLimiter(10),
      [](const std::string&) {});
}

// ---- Connections ------------------------------------------------------------------------------------------

ConnectionPtr Broker::connect(Endpoint& end, const std::string& id, const std::string& token, Message will) {
  auto connection = std::make_shared<Connection>();
  connection->id = id;
  connection->end = &end;
  connection->will = std::move(will);
  const bool stalls = random_.percent(weather.stall_percent);
  connection->delay_ms =
      stalls ? random_.between(1000, 8000) : random_.between(weather.min_delay_ms, weather.max_delay_ms);
  if (!gate_) {
    break_off(*connection);
    tell_down(connection, 0, connection->delay_ms);
    return connection;
  }
  const std::uint64_t life = life_;
  agenda_.at(arrival(connection->up_ms, *connection), [this, connection, token, life] {
    if (connection->cut) return;
    if (life == life_ && gate_) return accept(connection, token);
    break_off(*connection);
    tell_down(connection, 0, connection->delay_ms);
  });
  return connection;
}

void Broker::accept(const ConnectionPtr& connection, const std::string& token) {
  const Admission admission = gate_->connect(connection->id, token, connection.get(), agenda_.now());
  if (admission != Admission::accepted) {
    break_off(*connection);
    return tell_down(connection, admission == Admission::refused ? kNotAuthorized : 0, connection->delay_ms);
  }
  const bool present = sessions_.contains(connection->id);
  Session& session = sessions_[connection->id];
  close_old(session);
  session.connection = connection;
  connection->known = true;
  to_client(connection, [present](Endpoint& end) { end.up(present); });
  // What it has not confirmed comes again, then what has waited, as far as it may still have it.
  std::deque<MessagePtr> again;
  for (const Pending& pending : std::exchange(session.inflight, {})) again.push_back(pending.message);
  for (MessagePtr& message : std::exchange(session.queue, {})) again.push_back(std::move(message));
  for (const MessagePtr& message : again)
    if (gate_->allows(connection->id, connection.get(), Access::receive, message->topic, false))
      send(connection->id, session, message, 1);
}

void Broker::forget_confirmed(Session& session, const Connection& connection) const {
  const std::int64_t upto = connection.cut ? connection.cut_ms : agenda_.now();
  std::erase_if(session.inflight, [&](const Pending& pending) { return pending.acked_ms <= upto; });
}

/// A takeover: the old connection's will goes out.
void Broker::close_old(Session& session) {
  const ConnectionPtr old = std::exchange(session.connection, nullptr);
  if (!old) return;
  old->known = false;
  if (break_off(*old)) tell_down(old, 0x8e, old->delay_ms);
  forget_confirmed(session, *old);
  if (old->will && gate_->allows(old->id, old.get(), Access::publish, old->will->topic, old->will->retain))
    route(*old->will);
  gate_->disconnected(old->id, old.get(), agenda_.now());
}

void Broker::disconnect(const ConnectionPtr& from) {
  to_broker(from, [this, from] {
    lost(from, true);
    break_off(*from);
  });
  tell_down(from, 0, from->delay_ms * 2);
}

void Broker::lost(const ConnectionPtr& connection, bool clean) {
  if (!gate_ || !std::exchange(connection->known, false)) return;
  const auto found = sessions_.find(connection->id);
  if (found == sessions_.end() || found->second.connection != connection) return;
  found->second.connection.reset();
  forget_confirmed(found->second, *connection);
  gate_->disconnected(connection->id, connection.get(), agenda_.now());
  if (clean || !connection->will) return;
  const Message& will = *connection->will;
  if (gate_->allows(connection->id, connection.get(), Access::publish, will.topic, will.retain)) route(will);
}

void Broker::expire(const std::string& id) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.connection) return;
  drop_filters(id, found->second);
  sessions_.erase(found);
}

// ---- Messages ---------------------------------------------------------------------------------------------

void Broker::publish(const ConnectionPtr& from, Message message, int qos, std::uint64_t ticket) {
  to_broker(from, [this, from, message = std::move(message), qos, ticket]() mutable {
    take_publish(from, std::move(message), qos, ticket);
  });
}

void Broker::take_publish(const ConnectionPtr& from, Message message, int qos, std::uint64_t ticket) {
  int code = 0;
  if (!gate_->allows(from->id, from.get(), Access::publish, message.topic, message.retain)) {
    code = kNotAuthorized;
  } else if (message.topic == topics::kFeedTopic) {
    feed(from, message.payload);
  } else {
    const auto verdict = gate_->message(from->id, message.topic, {}, message.retain, agenda_.now());
    if (verdict.drop_retain) message.retain = false;
    message.stamp = verdict.stamp;
    if (!verdict.allowed)
      code = kNotAuthorized;
    else if (verdict.put_off_ms > 0)
      code = put_off(message.topic, verdict.put_off_ms);
    else if (route(std::move(message)) == 0)
      code = kNoMatchingSubscribers;
  }
  if (qos > 0) to_client(from, [ticket, code](Endpoint& end) { end.published(ticket, code); });
}

int Broker::put_off(const std::string& topic, std::int64_t for_ms) {
  const auto [inbox, payload] = broker_plugin::put_off_notice(site_, topic, for_ms);
  route({inbox, payload, "", false, {}}, 0);
  return kNoMatchingSubscribers;
}

void Broker::feed(const ConnectionPtr& from, const std::string& payload) {
  auto answer = std::make_shared<Message>();
  answer->topic = topics::kFeedResponseTopic;
  answer->payload = gate_->feed(payload, agenda_.now());
  hand(from->id, sessions_.at(from->id), answer, 1);
  agenda_.in(kTickMs, [this] { cut_off(); });
}

/// The plugin's tick: connections whose tokens are void end.
void Broker::cut_off() {
  if (!gate_) return;
  for (const std::string& id : gate_->tick(agenda_.now())) {
    const auto found = sessions_.find(id);
    if (found == sessions_.end() || !found->second.connection) continue;
    const ConnectionPtr connection = found->second.connection;
    lost(connection, false);
    if (break_off(*connection)) tell_down(connection, kAdministrativeAction, connection->delay_ms);
  }
}

std::size_t Broker::route(Message sent, int sent_qos) {
  const bool retain = std::exchange(sent.retain, false);
  const auto message = std::make_shared<const Message>(std::move(sent));
  if (retain && message->payload.empty())
    retained_.erase(message->topic);
  else if (retain)
    retained_[message->topic] = message;
  std::map<std::string, int> to;  // a session with several filters gets it once
  const auto add = [&](const std::string& filter, const std::set<std::string>& clients) {
    for (const std::string& id : clients) {
      int& qos = to.emplace(id, 0).first->second;
      qos = std::max(qos, sessions_.at(id).filters.at(filter));
    }
  };
  for (const std::string& filter : {message->topic, with_last_level_open(message->topic)})
    if (const auto* clients = exact(filter)) add(filter, *clients);
  for (const auto& [filter, clients] : searched_)
    if (topics::matches(filter, message->topic)) add(filter, clients);
  for (const auto& [id, qos] : to) hand(id, sessions_.at(id), message, std::min(qos, sent_qos));
  return to.size();
}

void Broker::hand(const std::string& id, Session& session, const MessagePtr& message, int qos) {
  if (!gate_->allows(id, session.connection.get(), Access::receive, message->topic, false)) return;
  if (session.connection) return send(id, session, message, qos);
  if (qos == 0 || session.queue.size() >= limits_.queued) return drop(id, *message);
  if (handing_out) handing_out(id, *message);
  session.queue.push_back(message);
}

void Broker::send(const std::string& id, Session& session, const MessagePtr& message, int qos) {
  const ConnectionPtr& to = session.connection;
  if (handing_out) handing_out(id, *message);
  to_client(to, [message](Endpoint& end) { end.arrived(*message); });
  if (qos == 0) return;
  while (!session.inflight.empty() && session.inflight.front().acked_ms <= agenda_.now())
    session.inflight.pop_front();
  // Over a cut connection it is never confirmed, and comes again on the next.
  const std::int64_t never = agenda_.now() + 1'000'000'000;
  session.inflight.push_back({message, to->cut ? never : to->down_ms + to->delay_ms});
}

void Broker::subscribe(const ConnectionPtr& from, std::vector<Filter> filters, std::uint64_t ticket) {
  to_broker(from,
            [this, from, filters = std::move(filters), ticket] { take_subscribe(from, filters, ticket); });
}

void Broker::take_subscribe(const ConnectionPtr& from, const std::vector<Filter>& filters,
                            std::uint64_t ticket) {
  Session& session = sessions_.at(from->id);
  std::vector<int> codes;
  std::vector<std::pair<MessagePtr, int>> replayed;
  for (const Filter& filter : filters) {
    if (!gate_->allows(from->id, from.get(), Access::subscribe, filter.text, false)) {
      codes.push_back(kNotAuthorized);
      continue;
    }
    codes.push_back(filter.qos);
    const bool had = session.filters.contains(filter.text);
    session.filters[filter.text] = filter.qos;
    add_filter(from->id, filter.text);
    if (had && !filter.always_retained) continue;
    if (filter.text.find_first_of("+#") == std::string::npos) {
      if (const auto found = retained_.find(filter.text); found != retained_.end())
        replayed.emplace_back(found->second, filter.qos);
      continue;
    }
    for (const auto& [topic, message] : retained_)
      if (topics::matches(filter.text, topic)) replayed.emplace_back(message, filter.qos);
  }
  to_client(from, [ticket, codes](Endpoint& end) { end.subscribed(ticket, codes); });
  for (const auto& [message, qos] : replayed)
    if (gate_->allows(from->id, from.get(), Access::receive, message->topic, false))
      send(from->id, session, message, qos);
}

void Broker::unsubscribe(const ConnectionPtr& from, std::vector<std::string> filters) {
  to_broker(from, [this, from, filters = std::move(filters)] {
    Session& session = sessions_.at(from->id);
    for (const std::string& filter : filters) {
      if (session.filters.erase(filter) == 0) continue;
      if (must_be_searched(filter))
        searched_[filter].erase(from->id);
      else
        by_filter_[filter].erase(from->id);
    }
  });
}

void Broker::add_filter(const std::string& id, const std::string& filter) {
  if (must_be_searched(filter))
    searched_[filter].insert(id);
  else
    by_filter_[filter].insert(id);
}

void Broker::drop_filters(const std::string& id, Session& session) {
  for (const auto& [filter, qos] : session.filters) {
    if (must_be_searched(filter))
      searched_[filter].erase(id);
    else
      by_filter_[filter].erase(id);
  }
}

std::set<std::string>* Broker::exact(const std::string& filter) {
  const auto found = by_filter_.find(filter);
  return found == by_filter_.end() ? nullptr : &found->second;
}

}  // namespace convoke::simulation
