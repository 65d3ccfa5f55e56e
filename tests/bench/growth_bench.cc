// What a start, a change and an end of a chat cost as its members and the users in the database grow: core,
// and journal with a commit to RocksDB. Then what a user and a member take in memory, and how long the server
// loads. What grows as it should has the same figure for each member in every line.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "backend/core/delivery.h"
#include "backend/core/members.h"
#include "backend/core/organizer.h"
#include "backend/store/journal.h"
#include "tests/bench/crowd_core.h"
#include "tests/support/temp_dir.h"

namespace {

namespace core = convoke::core;
namespace bench = convoke::bench;
namespace store = convoke::store;
using convoke::topics::DeviceId;
using convoke::topics::GroupId;
using convoke::topics::PlanId;
using convoke::topics::SiteId;
using convoke::topics::UserId;

/// What one step took: the core, and the journal with its commit.
struct Cost {
  double core_ms = 0, store_ms = 0;
};

void check(const store::Failure& failure) {
  if (failure) throw std::runtime_error("the store cannot be written: " + *failure);
}

class Site {
 public:
  Site()
      : store_(store::open_rocksdb(dir_ / "store")),
        journal_(*store_),
        engine_(SiteId::parse("bench"), convoke::geo::Rule::plain()) {
    journal_.load(engine_, bench::kNow);
    engine_.loaded(bench::kNow);
    for (int i = 0; i < 16; ++i) ids_.push_back(GroupId::parse(fmt::format("{:032x}", i + 1)));
  }

  /// Known from now on, through the front door, so that the store has them.
  void add_users(std::size_t from, std::size_t to) {
    constexpr std::size_t kBatch = 10'000;
    for (std::size_t i = from; i < to; i += kBatch)
      step([&](core::Context& ctx) {
        for (std::size_t j = i; j < std::min(to, i + kBatch); ++j) {
          engine_.put_profile(bench::user_id(j), fmt::format("Person Number {}", j), {}, {}, ctx);
          engine_.presence(bench::user_id(j), kPhone, {core::PresenceState::available, 1}, ctx);
        }
      });
  }

  Cost start(std::size_t members) {
    core::Plan plan;
    plan.id = kPlan;
    plan.name = "Hall";
    plan.ends = {core::AfterDuration{3'600'000}};
    plan.audience.max = static_cast<std::uint32_t>(members);
    core::OneOf list;
    for (std::size_t i = 0; i < members; ++i) list.users.push_back(bench::user_id(i));
    plan.audience.any = {list};
    step([&](core::Context& ctx) { engine_.put_plan(plan, ctx); });
    return step([&](core::Context& ctx) {
      group_ = core::start_group(engine_.state(), engine_.state().plans.at(kPlan), "staff", "", ctx).group;
    });
  }
  /// Every member's phone says what it holds, each in a step of its own as far as the core goes.
  Cost hold(std::size_t members) {
    return step([&](core::Context& ctx) {
      for (std::size_t i = 0; i < members; ++i)
        core::phone_holds(engine_.state(), bench::user_id(i), group_, 1, false, ctx);
    });
  }
  /// Every member changes their presence, and the list's change is told.
  Cost change(std::size_t members, core::PresenceState to) {
    now_ += 2000;
    Cost cost = step([&](core::Context& ctx) {
      for (std::size_t i = 0; i < members; ++i) engine_.presence(bench::user_id(i), kPhone, {to, 1}, ctx);
      engine_.tick(ctx);
    });
    return cost;
  }
  /// One member leaves: what the smallest change costs.
  Cost leave(std::size_t member) {
    now_ += 2000;
    return step([&](core::Context& ctx) {
      core::remove_member(engine_.state(), *engine_.state().group(group_), bench::user_id(member), "left",
                          ctx);
      engine_.tick(ctx);
    });
  }
  Cost end() {
    return step([&](core::Context& ctx) {
      core::end_group(engine_.state(), *engine_.state().group(group_), "staff", ctx);
    });
  }
  /// Every phone has deleted its list; nothing is left to repeat, and the plan is withdrawn.
  void forget(std::size_t members) {
    step([&](core::Context& ctx) {
      for (std::size_t i = 0; i < members; ++i)
        core::phone_holds(engine_.state(), bench::user_id(i), group_, 0, true, ctx);
      engine_.delete_plan(kPlan, ctx);
    });
  }
  std::size_t members() const { return engine_.state().group(group_)->members.size(); }

  /// Milliseconds that a server that starts now takes to load the store, and what that takes in memory.
  std::pair<double, double> load() {
    store_.reset();
    const double before = bench::allocated_bytes();
    core::Engine fresh(SiteId::parse("bench"), convoke::geo::Rule::plain());
    const double ms = bench::timed_ms([&] {
      store_ = store::open_rocksdb(dir_ / "store");
      store::Journal journal(*store_);
      journal.load(fresh, now_);
      fresh.loaded(now_);
    });
    store_.reset();
    return {ms, bench::allocated_bytes() - before};
  }

 private:
  template <class Work>
  Cost step(const Work& work) {
    core::Effects fx;
    core::Context ctx{now_, ids_, fx};
    Cost cost;
    cost.core_ms = bench::timed_ms([&] {
      work(ctx);
      engine_.finish(ctx);
    });
    cost.store_ms = bench::timed_ms([&] {
      std::vector<std::uint64_t> seqs = journal_.add(engine_, fx);
      std::erase(seqs, 0);
      check(journal_.commit());
      journal_.remove_outgoing(seqs);
      check(journal_.commit());
    });
    return cost;
  }

  inline static const DeviceId kPhone = DeviceId::parse("phone");
  inline static const PlanId kPlan = PlanId::parse("hall");
  convoke::test::TempDir dir_;
  std::unique_ptr<store::Store> store_;
  store::Journal journal_;
  core::Engine engine_;
  core::TimeMs now_ = bench::kNow;
  std::deque<GroupId> ids_;
  GroupId group_;
};

void measure(Site& site, std::size_t users, std::size_t members) {
  const auto per = [&](double ms) { return ms * 1000 / static_cast<double>(members); };
  const Cost start = site.start(members);
  if (site.members() != members) throw std::runtime_error("not everybody was chosen");
  const Cost hold = site.hold(members);
  const Cost change = site.change(members, core::PresenceState::away);
  site.change(members, core::PresenceState::available);
  const Cost leave = site.leave(members / 2);
  const Cost end = site.end();
  site.forget(members);
  fmt::print(
      R"({{"users":{},"members":{},"start_us_per_member":{{"core":{:.2f},"store":{:.2f}}},)"
      R"("hold_us_per_member":{{"core":{:.2f},"store":{:.2f}}},"change_us_per_member":{{"core":{:.2f},"store":{:.2f}}},)"
      R"("end_us_per_member":{{"core":{:.2f},"store":{:.2f}}},"one_leaves_ms":{{"core":{:.2f},"store":{:.2f}}}}})"
      "\n",
      users, members, per(start.core_ms), per(start.store_ms), per(hold.core_ms), per(hold.store_ms),
      per(change.core_ms), per(change.store_ms), per(end.core_ms), per(end.store_ms), leave.core_ms,
      leave.store_ms);
  std::fflush(stdout);
}

void run(const std::vector<std::size_t>& users, const std::vector<std::size_t>& members) {
  Site site;
  std::size_t known = 0;
  for (const std::size_t n : users) {
    site.add_users(known, n);
    known = n;
    for (const std::size_t m : members)
      if (m <= n) measure(site, n, m);
  }
  const auto [ms, bytes] = site.load();
  fmt::print(R"({{"users":{},"load_ms":{:.0f},"bytes_per_user":{:.0f}}})"
             "\n",
             known, ms, bytes / static_cast<double>(known));
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::size_t> users{10'000, 100'000, 1'000'000}, members{1000, 10'000, 30'000};
  CLI::App app("What starts, changes and ends cost as chats and the database grow. Prints lines of JSON.");
  app.add_option("--users", users, "in the database, ascending")->capture_default_str();
  app.add_option("--members", members, "of the chat")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    run(users, members);
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_growth: {}\n", e.what());
    return 1;
  }
}
