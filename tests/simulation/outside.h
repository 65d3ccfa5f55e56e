#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "backend/core/registrars.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/random.h"
#include "tests/simulation/sim_server.h"

namespace convoke::simulation {

/// What people do outside the app: they call, write mails, buy tickets and give them back; and what their
/// providers make of it: each telling may come twice, late, or in the wrong order. Remembers what was
/// acknowledged.
class Outside {
 public:
  Outside(Agenda& agenda, Random random, SimServer& server, std::size_t users,
          std::function<void(const std::string&)> trace)
      : agenda_(agenda), random_(random), server_(server), users_(users), trace_(std::move(trace)) {}

  /// Something by chance.
  void act();
  /// The plan is another now: what it knows of orders is not known any more.
  void plan_changed(const std::string& plan) { changed_ms_[plan] = agenda_.now(); }

  /// The server's process died: what it had not answered is not known.
  void server_died() { orders_.died(agenda_.now()); }

  /// Throws Violation if a promise is not kept in this state.
  void check_promises(const core::State& state) const;

 private:
  using Telling = std::variant<core::Act, core::Mail>;
  struct Order {
    bool withdrawn = false;
    std::int64_t asked_ms = 0;
  };

  void link();
  void tell(const Telling& telling);
  Telling draw();
  core::Act call();
  core::Act purchase();
  core::Mail mail();
  void acknowledged(const Telling& telling, std::int64_t asked_ms, bool known);
  void check_orders(const core::State& state) const;

  Agenda& agenda_;
  Random random_;
  SimServer& server_;
  std::size_t users_;
  std::function<void(const std::string&)> trace_;
  std::uint64_t counter_ = 0;
  std::vector<Telling> told_;
  std::set<std::string> counted_;                   // keys of acts that were acknowledged
  Ledger<std::string, Order> orders_;               // by their number
  std::map<std::string, std::int64_t> changed_ms_;  // plans
};

}  // namespace convoke::simulation
