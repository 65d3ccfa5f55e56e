#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/agenda.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/peer_wire.h"
#include "tests/simulation/phone.h"
#include "tests/simulation/random.h"
#include "tests/simulation/said.h"
#include "tests/simulation/sim_server.h"

namespace convoke::simulation {

/// What a site has known of a group over time: what of its chat must be there follows from it.
struct KnownGroup {
  std::int64_t opened_ms = 0;
  std::map<std::string, std::int64_t> sites;  // since when each other site has a part in it
};

/// One site of a world of several: its broker, server, disk and phones, and what is checked of it by itself.
class Site {
 public:
  /// The ways to the other sites' brokers, by site.
  using Ways = std::map<std::string, Way>;
  struct Told {
    std::function<void()> changed;               // something of it is not as it was
    std::function<std::int64_t()> starts_in_ms;  // its server has died
    std::function<void(const std::string&)> trace;
  };

  Site(Agenda& agenda, Random& random, std::string name, std::size_t phones, Sabotage sabotage, Told told);

  /// Joins it with those sites: again too.
  void join();
  void join(const std::string& other);
  void part(const std::string& other);
  bool is_joined(const std::string& other) { return state().peers.contains(core::SiteId::parse(other)); }
  /// Its server dies, and starts again from what the disk held at that backup.
  void go_back_to(const std::vector<store::Write>& backup);
  void restart_broker(std::int64_t after_ms);
  /// Its own checks at rest.
  void check_rest();

  const std::string name;
  Ways ways;
  Disk disk;
  Broker broker;
  StepChecks checks;
  SimServer server;
  std::vector<std::unique_ptr<Phone>> phones;
  std::map<std::string, core::TimeMs> extended;  // groups, by staff: until then
  std::map<std::string, KnownGroup> known;
  // When its link to another site began to count anew, and when it parted from it, the last time.
  std::map<std::string, core::TimeMs> anew, parted;
  core::TimeMs restored_ms = 0;  // when its time went back
  /// Who was taken out of which group, or might not speak there for a while; an empty user: anybody.
  std::set<std::pair<std::string, std::string>> disturbed;
  std::map<std::string, core::TimeMs> erased;  // who of its users, and when

  core::State& state() { return server.loop().engine().state(); }
  std::string in_full(const std::string& user) const {
    return user.find('@') == std::string::npos ? user + "@" + name : user;
  }

 private:
  SimServer::Watch watch(Told told);
  ServerPlace place(Random random);
  Phone::Watch phone_watch(std::size_t number, const std::function<void(const std::string&)>& trace);
  void note(const core::Effects& fx);
  void note(const core::Group& group);
  void check_parted();

  Agenda& agenda_;
  Said said_;
};

}  // namespace convoke::simulation
