#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/app/api.h"
#include "backend/app/loop.h"
#include "backend/app/staff_desk.h"
#include "backend/egress/link.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/random.h"
#include "tests/simulation/sabotage.h"

namespace convoke::simulation {

/// Which site's a server is, and how it reaches others; without ways there it has none.
struct ServerPlace {
  topics::SiteId site = topics::SiteId::parse("demo");
  std::function<std::unique_ptr<egress::Link>(const core::Peer&, std::uint64_t link)> peer_link = {};
  std::function<std::string(const topics::SiteId&)> peer_token = {};
};

/// The server's process: the real loop (core, journal, outbox, broker session) on the simulated disk, network
/// and clock. Dies when told to, and starts again from what the disk holds.
class SimServer final : public egress::Link, public Endpoint {
 public:
  using Answer = std::function<void(const app::ApiResponse&)>;
  struct Watch {
    std::function<void(const core::Effects&)> released;  // written, and on its way
    std::function<void()> turned;                        // after each turn
    std::function<void()> loaded;                        // after each start
    std::function<void()> died;
    // Came in, and was not written.
    std::function<void(const std::string& topic, const std::optional<messages::Stamp>& stamp)> lost;
    std::function<void(const std::string& topic, const std::string& payload)> said;
    std::function<void(const std::string&)> trace;
  };

  SimServer(Agenda& agenda, Random random, Broker& broker, Disk& disk, std::string token, Watch watch,
            ServerPlace place = {});

  void start();
  /// Ends the process here and now; `power`: the machine's too.
  void kill(bool power);
  /// Asks the plugin what it counts, outside of any turn. False if it died of that.
  bool ask_counters();
  bool running() const { return loop_ != nullptr; }
  bool drained() const { return loop_ && loop_->session().drained(); }
  app::Loop& loop() { return *loop_; }

  /// Staff ask over HTTP. There is no answer if the process dies before.
  void call(app::Command command, Answer answer);
  /// Something came from the connection to another site's broker.
  void tell_peer(std::uint64_t link, egress::LinkEvent event) { mail(PeerEvent{link, std::move(event)}); }
  /// It sends something, which it may not survive.
  void count_send();
  /// The network between server and broker fails.
  void cut(std::int64_t notices_ms);

  /// The process dies at its n-th write from now on, before or after it; or at its n-th send.
  void die_at_write(std::uint64_t n, bool after) { die_at_write_ = writes_ + n, die_after_ = after; }
  void die_at_send(std::uint64_t n) { die_at_send_ = sends_ + n; }
  std::uint64_t writes() const { return writes_; }
  std::uint64_t sends() const { return sends_; }
  std::uint64_t deaths() const { return deaths_; }

  void sabotage(Sabotage sabotage) { sabotage_ = std::move(sabotage); }

  // egress::Link
  void connect(const std::string& token) override;
  void disconnect() override;
  void subscribe(const std::vector<Filter>& filters) override;
  void unsubscribe(const std::string& filter) override { broker_.unsubscribe(connection_, {filter}); }
  void publish(const std::string& topic, const std::string& payload, int qos, bool retain,
               const std::string& correlation, std::uint64_t number) override;
  std::uint64_t connection() const override { return connection_number_; }

  // Endpoint
  void up(bool session_present) override;
  void down(int code) override;
  void arrived(const Message& message) override;
  void published(std::uint64_t ticket, int code) override;
  void subscribed(std::uint64_t, const std::vector<int>&) override {}

 private:
  struct Call {
    app::Command command;
    Answer answer;
  };
  struct PeerEvent {
    std::uint64_t link;
    egress::LinkEvent event;
  };
  using Mail = std::variant<egress::LinkEvent, Call, PeerEvent>;

  app::Loop::Hooks hooks();
  app::Loop::Times times() const { return {agenda_.now(), agenda_.now()}; }
  void mail(Mail item);
  void wake(std::int64_t at_ms);
  void turn();
  void work();
  void sleep();
  void count_write(bool after);

  Agenda& agenda_;
  Random random_;
  Broker& broker_;
  Disk& disk_;
  std::string token_;
  Watch watch_;
  std::unique_ptr<app::Loop> loop_;
  ConnectionPtr connection_;
  std::vector<Mail> mailbox_, taken_;  // what came in, and what this turn works on
  ServerPlace place_;
  app::StaffDesk desk_;
  std::int64_t wake_ms_ = 0;  // of the turn that is set; 0: none
  std::uint64_t life_ = 0;    // of this process: what was set by an earlier one does not count
  std::uint64_t connection_number_ = 0;
  std::uint64_t writes_ = 0, sends_ = 0, die_at_write_ = 0, die_at_send_ = 0, deaths_ = 0;
  bool die_after_ = false;
  Sabotage sabotage_;
  bool was_drained_ = false;
  std::int64_t housekeeping_ms_ = 0;
};

}  // namespace convoke::simulation
