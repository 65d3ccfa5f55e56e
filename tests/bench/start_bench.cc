// How long a chat of 10,000 takes from its start to the last phone that holds header and first page: with the
// real server and broker, and with a broker without our plugin where the same messages are sent without any
// decision, store or check. The same phones in both: some on the real SDK, the others light.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "backend/core/engine.h"
#include "backend/core/organizer.h"
#include "ops/crowd/clock.h"
#include "tests/bench/phones.h"
#include "tests/bench/real_site.h"
#include "tests/bench/stand_in.h"
#include "tests/support/mosquitto_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_tokens.h"

namespace {

namespace core = convoke::core;
namespace geo = convoke::geo;
namespace json = boost::json;
using convoke::bench::Phones;
using convoke::bench::RealSite;
using convoke::bench::StandIn;
using convoke::crowd::steady_ms;
using convoke::test::MosquittoProcess;
using convoke::test::TempDir;
using convoke::test::TestTokens;

constexpr auto kSettle = std::chrono::milliseconds(1500);  // the last answers and removals

/// What one start and its end took.
struct Round {
  std::int64_t start_ms = 0, end_ms = 0;
  double broker_s = 0, server_s = 0;  // processor time of the start
  double bytes = 0;                   // of a light phone, both ways, from the start until all is answered
};

/// Whoever starts and ends a chat of all phones.
class Venue {
 public:
  virtual ~Venue() = default;
  virtual void start() = 0;
  virtual void end() = 0;
  virtual double broker_s() const = 0;
  virtual double server_s() const { return 0; }
};

/// The broker without our plugin, and messages made by the core beforehand.
class Bare : public Venue {
 public:
  Bare() : engine_(convoke::topics::SiteId::parse("demo"), geo::Rule::plain()) {
    broker_.start();
    stand_in_ = std::make_unique<StandIn>(broker_.port());
  }
  std::uint16_t port() const { return broker_.port(); }

  /// Everybody is there, and each round's messages are made.
  void prepare(const std::vector<std::string>& users, std::size_t rounds) {
    const auto device = convoke::topics::DeviceId::parse("light");
    const auto available = convoke::messages::PresenceState::available;
    core::Plan plan;
    plan.id = convoke::topics::PlanId::parse("hall");
    plan.name = "Hall";
    plan.ends = {core::AfterDuration{3'600'000}};
    step([&](core::Context& ctx) {
      for (const std::string& user : users)
        engine_.presence(convoke::topics::UserId::parse(user), device, {available, 1}, ctx);
      engine_.put_plan(plan, ctx);
    });
    for (std::size_t i = 0; i < rounds; ++i) {
      const auto group = convoke::topics::GroupId::parse(fmt::format("{:032x}", i + 1));
      ids_ = {group};
      starts_.push_back(step([&](core::Context& ctx) {
        core::start_group(engine_.state(), engine_.state().plans.at(plan.id), "staff", "", ctx);
      }));
      ends_.push_back(step([&](core::Context& ctx) {
        core::end_group(engine_.state(), *engine_.state().group(group), "staff", ctx);
      }));
    }
  }
  void start() override { stand_in_->send(starts_[next_]); }
  void end() override { stand_in_->send(ends_[next_++]); }
  double broker_s() const override { return broker_.cpu_s(); }

 private:
  template <class Work>
  std::vector<core::Outgoing> step(const Work& work) {
    core::Effects fx;
    core::Context ctx{convoke::crowd::unix_ms(), ids_, fx};
    work(ctx);
    return std::move(fx.out);
  }

  MosquittoProcess broker_;
  std::unique_ptr<StandIn> stand_in_;
  core::Engine engine_;
  std::deque<convoke::topics::GroupId> ids_;
  std::vector<std::vector<core::Outgoing>> starts_, ends_;
  std::size_t next_ = 0;
};

/// The real ones.
class Real : public Venue {
 public:
  explicit Real(const TestTokens& tokens) : site_(tokens) {
    site_.call("PUT", "/plans",
               R"({"schema":1,"plan":[{"id":"hall","name":"Hall","audience":{"all":[{"area":"hall"}]},)"
               R"("end":[{"on":"duration","after":"1h"}]}]})");
  }
  const RealSite& site() const { return site_; }
  void start() override {
    group_ = json::value_to<std::string>(site_.call("POST", "/groups", R"({"plan":"hall"})").at("group"));
  }
  void end() override { site_.call("POST", "/groups/" + group_ + "/end"); }
  double broker_s() const override { return site_.broker_s(); }
  double server_s() const override { return site_.server_s(); }

 private:
  RealSite site_;
  std::string group_;
};

Round run_round(Venue& venue, Phones& phones, Phones::Sizes sizes) {
  const Phones::Counts before = phones.counts();
  const double broker_s = venue.broker_s(), server_s = venue.server_s();
  Round round;
  std::int64_t began = steady_ms();
  venue.start();
  phones.until("start", [&](const auto& now) { return now.held == before.held + sizes.all(); });
  round.start_ms = steady_ms() - began;
  // Each has asked for the history and told what it holds.
  phones.until("answers", [&](const auto& now) { return now.answered >= before.answered + 2 * sizes.light; });
  round.bytes = static_cast<double>(phones.counts().light_bytes - before.light_bytes) /
                static_cast<double>(std::max<std::size_t>(sizes.light, 1));
  round.broker_s = venue.broker_s() - broker_s;
  round.server_s = venue.server_s() - server_s;
  std::this_thread::sleep_for(kSettle);
  began = steady_ms();
  venue.end();
  phones.until("end", [&](const auto& now) { return now.ended == before.ended + sizes.all(); });
  round.end_ms = steady_ms() - began;
  std::this_thread::sleep_for(kSettle);
  return round;
}

std::vector<Round> run_rounds(Venue& venue, Phones& phones, Phones::Sizes sizes, std::size_t rounds) {
  std::vector<Round> all;
  for (std::size_t i = 0; i < rounds; ++i) all.push_back(run_round(venue, phones, sizes));
  return all;
}

double median(const std::vector<Round>& rounds, double (*of)(const Round&)) {
  std::vector<double> values;
  for (const Round& round : rounds) values.push_back(of(round));
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string figures(const char* name, const std::vector<Round>& rounds) {
  return fmt::format(
      R"("{0}":{{"start_ms":{1:.0f},"end_ms":{2:.0f},"broker_cpu_s":{3:.2f},"server_cpu_s":{4:.2f},"phone_bytes":{5:.0f}}})",
      name, median(rounds, [](const Round& r) { return static_cast<double>(r.start_ms); }),
      median(rounds, [](const Round& r) { return static_cast<double>(r.end_ms); }),
      median(rounds, [](const Round& r) { return r.broker_s; }),
      median(rounds, [](const Round& r) { return r.server_s; }),
      median(rounds, [](const Round& r) { return r.bytes; }));
}

void run(Phones::Sizes sizes, std::size_t rounds) {
  const TestTokens tokens;
  const TempDir dir;
  const std::string keys = dir.write("keys.jwks", tokens.private_jwks()).string();
  const auto connect = [&](Phones& phones) {
    phones.until("connections", [&](const auto& now) { return now.connected == sizes.all(); });
  };
  std::vector<Round> bare_rounds, real_rounds;
  {
    Bare bare;
    Phones phones(sizes, bare.port(), keys);
    bare.prepare(phones.users(), rounds);
    connect(phones);
    std::this_thread::sleep_for(kSettle);
    bare_rounds = run_rounds(bare, phones, sizes, rounds);
  }
  {
    Real real(tokens);
    Phones phones(sizes, real.site().port(), keys);
    connect(phones);
    real.site().wait_until_inside(sizes.all());
    std::this_thread::sleep_for(kSettle);
    real_rounds = run_rounds(real, phones, sizes, rounds);
  }
  const auto start_ms = [](const Round& r) { return static_cast<double>(r.start_ms); };
  fmt::print(R"({{"members":{},"sdk":{},"rounds":{},{},{},"ratio":{:.2f}}})"
             "\n",
             sizes.all(), sizes.sdk, rounds, figures("bare", bare_rounds), figures("real", real_rounds),
             median(real_rounds, start_ms) / median(bare_rounds, start_ms));
}

}  // namespace

int main(int argc, char** argv) {
  Phones::Sizes sizes;
  std::size_t rounds = 3;
  CLI::App app("From a chat's start to the last phone that holds it; prints one line of JSON.");
  app.option_defaults()->always_capture_default();
  app.add_option("--sdk", sizes.sdk, "phones on the SDK")->check(CLI::Range(0, 2'000));
  app.add_option("--light", sizes.light, "phones without it")->check(CLI::Range(1, 15'000));
  app.add_option("--rounds", rounds, "the medians count")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  convoke::bench::raise_file_limit();
  try {
    run(sizes, rounds);
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_start: {}\n", e.what());
    return 1;
  }
}
