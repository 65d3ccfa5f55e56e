#include "tests/simulation/peer_wire.h"

#include <utility>

#include "tests/simulation/violation.h"

namespace convoke::simulation {
namespace {

constexpr std::int64_t kLongAfterMs = 30'000;
constexpr std::int64_t kNoticesMs = 5'000;  // that nobody answers

}  // namespace

void Way::break_off() {
  for (PeerWire* wire : wires) wire->cut();
}

PeerWire::PeerWire(Agenda& agenda, Random random, Way& way, std::string client_id,
                   std::function<void()> sending, std::function<void(egress::LinkEvent)> sink)
    : agenda_(agenda),
      random_(random),
      way_(way),
      client_id_(std::move(client_id)),
      sending_(std::move(sending)),
      sink_(std::move(sink)) {
  way_.wires.insert(this);
}

PeerWire::~PeerWire() {
  way_.wires.erase(this);
  if (connection_) way_.to->abandon(connection_);
}

void PeerWire::cut() {
  if (connection_) way_.to->cut(connection_, random_.between(0, kNoticesMs), random_.between(0, 30'000));
}

void PeerWire::connect(const std::string& token) {
  ++number_;
  if (connection_) way_.to->abandon(connection_);
  connection_ = way_.to->connect(*this, client_id_, token, {});
  if (way_.cut) way_.to->cut(connection_, kNoticesMs, 0);
}

void PeerWire::disconnect() {
  if (connection_) way_.to->disconnect(connection_);
}

void PeerWire::publish(const std::string& topic, const std::string& payload, int qos, bool retain,
                       const std::string& correlation, std::uint64_t number) {
  sending_();
  const Message batch{topic, payload, correlation, retain, {}};
  way_.to->publish(connection_, batch, qos, number);
  if (!random_.percent(way_.again_percent)) return;
  agenda_.in(random_.percent(50) ? 0 : random_.between(0, kLongAfterMs),
             [&to = *way_.to, connection = connection_, batch, qos, number] {
               to.publish(connection, batch, qos, number);
             });
}

void PeerWire::arrived(const Message& message) {
  throw Violation("a peer hears " + message.topic + " at another site's broker");
}

}  // namespace convoke::simulation
