#pragma once

#include <functional>
#include <set>
#include <string>

#include "backend/egress/link.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/random.h"

namespace convoke::simulation {

class PeerWire;

/// The way from one site's server to another site's broker. Cut in one direction only, as ways are: what the
/// one server sends does not arrive, while the other's does.
struct Way {
  Broker* to = nullptr;
  bool cut = false;
  unsigned again_percent = 0;  // of the batches that come once more, some of them long after
  std::set<PeerWire*> wires = {};

  /// What is on its way is lost.
  void break_off();
};

/// A server's connection on such a way.
class PeerWire final : public egress::Link, public Endpoint {
 public:
  /// `sending` is called before each batch.
  PeerWire(Agenda& agenda, Random random, Way& way, std::string client_id, std::function<void()> sending,
           std::function<void(egress::LinkEvent)> sink);
  ~PeerWire() override;

  void cut();

  // egress::Link
  void connect(const std::string& token) override;
  void disconnect() override;
  void subscribe(const std::vector<Filter>&) override {}
  void unsubscribe(const std::string&) override {}
  void publish(const std::string& topic, const std::string& payload, int qos, bool retain,
               const std::string& correlation, std::uint64_t number) override;
  std::uint64_t connection() const override { return number_; }

  // Endpoint
  void up(bool session_present) override { sink_(egress::LinkUp{number_, session_present}); }
  void down(int) override { sink_(egress::LinkDown{number_, "gone"}); }
  void arrived(const Message&) override;
  void published(std::uint64_t ticket, int code) override { sink_(egress::LinkDone{number_, ticket, code}); }
  void subscribed(std::uint64_t, const std::vector<int>&) override {}

 private:
  Agenda& agenda_;
  Random random_;
  Way& way_;
  std::string client_id_;
  std::function<void()> sending_;
  std::function<void(egress::LinkEvent)> sink_;
  ConnectionPtr connection_;
  std::uint64_t number_ = 0;
};

}  // namespace convoke::simulation
