// What a change of presence, a step into an area, an event, a mail and an act outside cost as the plans grow:
// each plan has an area, a host, an event, a mailing, a shop and a chat of its own that follows its audience,
// so that whatever happens concerns one of them. What grows as it should has nearly the same figures in every
// line.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <deque>
#include <stdexcept>
#include <string>
#include <vector>

#include "backend/core/organizer.h"
#include "tests/bench/crowd_core.h"

namespace {

namespace core = convoke::core;
namespace bench = convoke::bench;
using convoke::topics::AreaId;
using convoke::topics::DeviceId;
using convoke::topics::GroupId;
using convoke::topics::PlanId;
using convoke::topics::SiteId;
using convoke::topics::UserId;

constexpr std::size_t kHosts =
    100;  // whom things happen to, of as many plans, the same however many there are
constexpr std::size_t kRounds = 100;
constexpr core::TimeMs kHour = 3'600'000;

class Site {
 public:
  explicit Site(std::size_t plans)
      : plans_(plans), engine_(SiteId::parse("bench"), convoke::geo::Rule::plain()) {
    for (std::size_t i = 0; i < plans; ++i)
      engine_.load_user(bench::make_user(i, core::PresenceState::available));
    engine_.loaded(bench::kNow);
    for (std::size_t i = 0; i < plans; ++i) ids_.push_back(GroupId::parse(fmt::format("{:032x}", i + 1)));
    for (std::size_t i = 0; i < plans; ++i) {
      step([&](core::Context& ctx) {
        core::area_transition(engine_.state(), bench::user_id(i), area(i), true, ctx);
      });
      step([&](core::Context& ctx) { engine_.put_plan(plan(i), ctx); });
      step([&](core::Context& ctx) {
        core::start_group(engine_.state(), engine_.state().plans.at(plan(i).id), "staff", "", ctx);
      });
    }
  }

  /// Each host is away for a moment.
  double flips() {
    return timed([&](std::size_t i, core::Context& ctx) {
      for (const auto state : {core::PresenceState::away, core::PresenceState::available})
        engine_.presence(bench::user_id(i), kPhone, {state, number_++}, ctx);
    });
  }
  /// Each host goes into the next one's area, comes into its chat, and out again.
  double steps() {
    return timed([&](std::size_t i, core::Context& ctx) {
      for (const bool enter : {true, false})
        core::area_transition(engine_.state(), bench::user_id(i), area((i + 1) % kHosts), enter, ctx);
    });
  }
  /// An event of each of these plans.
  double events() {
    return timed([&](std::size_t i, core::Context& ctx) {
      for (int twice = 0; twice < 2; ++twice)
        engine_.external_event({fmt::format("{}", number_++), "gate", fmt::format("doors-{}", i), {}}, ctx);
    });
  }
  /// A mailing for each of them.
  double mails() {
    return timed([&](std::size_t i, core::Context& ctx) {
      for (int twice = 0; twice < 2; ++twice) {
        core::Mail mail;
        mail.id = fmt::format("{}", number_++);
        mail.at_ms = bench::kNow;
        mail.to = "evening@club.example";
        mail.domain = fmt::format("news-{}.example", i);
        engine_.mail(mail, ctx);
      }
    });
  }
  /// A ticket of each one's shop, of somebody who is not known.
  double acts() {
    return timed([&](std::size_t i, core::Context& ctx) {
      for (int twice = 0; twice < 2; ++twice) {
        core::Act act{.source = core::kByTicket, .provider = "shop", .id = fmt::format("{}", number_++)};
        act.subject = act.id;
        act.at_ms = bench::kNow;
        act.to = fmt::format("shop-{}", i);
        act.who = {{"mail/" + act.id, ""}};
        act.verified = true;
        engine_.act(act, ctx);
      }
    });
  }
  void check() const {
    std::size_t open = 0;
    for (const auto& [id, group] : engine_.state().groups) open += group.state == core::GroupState::open;
    if (open != plans_) throw std::runtime_error(fmt::format("{} chats of {} plans", open, plans_));
  }

 private:
  static AreaId area(std::size_t i) { return AreaId::parse(fmt::format("area-{}", i)); }
  static core::Plan plan(std::size_t i) {
    core::Plan plan;
    plan.id = PlanId::parse(fmt::format("plan-{}", i));
    plan.audience.any = {core::InArea{area(i)}};
    plan.audience.follow_ms = kHour;
    plan.starts = {core::OnAvailable{bench::user_id(i)}, core::OnOccupancy{area(i), 1000, {}},
                   core::OnEvent{fmt::format("doors-{}", i), {}, {}},
                   core::OnMailing{fmt::format("news-{}.example", i), {}, {}, {}}};
    plan.registering.by = {core::ByTicket{fmt::format("shop-{}", i), {}}};
    plan.ends = {core::AfterDuration{kHour}, core::WhenUnavailable{bench::user_id(i), kHour},
                 core::WhenEmpty{AreaId::parse(fmt::format("elsewhere-{}", i))}};
    return plan;
  }
  template <class Work>
  void step(const Work& work) {
    core::Effects fx;
    core::Context ctx{bench::kNow, ids_, fx};
    work(ctx);
    engine_.finish(ctx);
  }
  /// Microseconds of processor time for each of the two things that happen to each host in each round.
  template <class Work>
  double timed(const Work& work) {
    const double ms = bench::timed_ms([&] {
      for (std::size_t i = 0; i < kHosts * kRounds; ++i)
        step([&](core::Context& ctx) { work(i % kHosts, ctx); });
    });
    return ms * 1000 / (2 * kHosts * kRounds);
  }

  inline static const DeviceId kPhone = DeviceId::parse("phone");
  std::size_t plans_;
  core::Engine engine_;
  std::deque<GroupId> ids_;
  std::uint64_t number_ = 2;
};

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::size_t> plans{100, 1000, 10'000};
  CLI::App app("What happenings cost as the plans grow. Prints lines of JSON.");
  app.add_option("--plans", plans)->check(CLI::Range(kHosts, std::size_t{1'000'000}))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    for (const std::size_t n : plans) {
      Site site(n);
      const double flip = site.flips(), step = site.steps();
      const double event = site.events(), mail = site.mails(), act = site.acts();
      site.check();
      fmt::print(
          R"({{"plans":{},"presence_us":{:.2f},"area_us":{:.2f},"event_us":{:.2f},"mail_us":{:.2f},"act_us":{:.2f}}})"
          "\n",
          n, flip, step, event, mail, act);
      std::fflush(stdout);
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_plan_growth: {}\n", e.what());
    return 1;
  }
}
