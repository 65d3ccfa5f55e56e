#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/app/api.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/desk.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/random.h"
#include "tests/simulation/sim_server.h"

namespace convoke::simulation {

/// The staff: acts by chance over the HTTP interface, and remembers what it was promised.
class Staff {
 public:
  Staff(Agenda& agenda, Random random, SimServer& server, Desk& desk, std::size_t users,
        std::function<void(const std::string&)> trace);

  void put_areas();  // until it is acknowledged
  void put_plans(int count);
  /// The plans that there are start nothing more.
  void disable_plans();
  /// Something by chance.
  void act();
  void start(const std::string& plan);

  /// The server's process died: what it had not answered is not known.
  void server_died();
  /// A user is erased: nothing that was promised of them before counts.
  void erased(const std::string& user);
  /// A phone was told that its registration is kept.
  void self_registered(const std::string& user, const std::string& plan, bool registered);
  /// A phone asks for that.
  void self_registers(const std::string& user, const std::string& plan);

  /// The same for whom they block.
  void blocks(const std::string& user, const std::string& other);
  void blocked(const std::string& user, const std::string& other, bool blocked) {
    blocked_.told({user, other}, blocked);
  }

  /// Throws Violation if a promise is not kept in this state.
  void check_promises(const core::State& state) const;
  /// Until when each group was extended.
  const std::map<std::string, core::TimeMs>& extended() const { return extended_; }
  /// Who was erased, and when that was asked for, as far as it was acknowledged.
  const std::map<std::string, core::TimeMs>& erasures() const { return erased_; }

  std::function<void(const std::string& plan)> plan_changes;

 private:
  using UserPair = std::pair<std::string, std::string>;  // group or plan, user
  struct Profile {
    std::string name;
    std::map<std::string, std::string> attributes;
  };

  void check_groups(const core::State& state) const;
  void put_plan(const std::string& id, bool enabled);
  void call(app::Command command, SimServer::Answer answer);
  void post_event();
  void started(const std::string& plan, const std::string& key, const std::string& answer);
  void erase_user();
  void took_back(const UserPair& key);
  void act_on_group();
  void act_on_member(const topics::GroupId& group);
  void put_user();
  void register_user();
  std::string random_user() { return "u" + std::to_string(random_.below(users_)); }
  std::string random_plan() { return "p" + std::to_string(random_.below(kPlans)); }
  static constexpr std::size_t kPlans = 6;

  Agenda& agenda_;
  Random random_;
  SimServer& server_;
  Desk& desk_;  // over MQTT
  std::size_t users_;
  std::function<void(const std::string&)> trace_;
  bool areas_put_ = false;
  std::uint64_t counter_ = 0;
  std::vector<std::string> keys_;    // of starts
  std::vector<std::string> events_;  // from outside

  Ledger<std::string, std::string> plans_;        // id → JSON; "" if it was withdrawn
  Ledger<std::string, Profile> profiles_;         // by user
  Ledger<std::string, bool> ended_;               // groups
  Ledger<UserPair, bool> banned_;                 // of a group
  Ledger<UserPair, topics::Standing> standings_;  // in a group
  Ledger<UserPair, bool> registered_;             // by staff, with a plan
  Ledger<UserPair, bool> self_registered_;        // by themselves
  Ledger<UserPair, bool> blocked_;                // by a user, another
  std::map<UserPair, std::string> started_;       // (plan, key) → group, for ever
  std::map<std::string, core::TimeMs> extended_;  // at least
  std::map<std::string, core::TimeMs> erased_;    // users
};

}  // namespace convoke::simulation
