// What one report of a phone costs the server's thread, from the bytes that came to what is to be sent: the
// topic, the payload, the geofence engine, the core and the region in which the phone may keep silent.
// Neither broker nor store. Beside it, in the same run, the geofence engine alone with the same fixes.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "backend/core/engine.h"
#include "backend/ingress/decoder.h"
#include "tests/bench/city.h"
#include "tests/bench/crowd_core.h"
#include "topics/messages/position.h"
#include "topics/topic.h"

namespace {

namespace bench = convoke::bench;
namespace core = convoke::core;
namespace geo = convoke::geo;
namespace messages = convoke::messages;
namespace topics = convoke::topics;

constexpr std::size_t kTurn = 256;  // messages that the server takes at once

struct Sizes {
  std::size_t areas = 1'000, users = 10'000, fixes = 300'000, rounds = 3;
  std::uint64_t seed = 1;
  std::string shape = "venues";
};

struct Message {
  std::string topic, payload;
};

struct Costs {
  double report_us = 0, engine_us = 0;
  std::size_t transitions = 0, sent = 0;
};

std::vector<Message> encode_all(const std::vector<bench::Fix>& fixes, const topics::SiteId& site) {
  std::vector<Message> messages;
  for (const bench::Fix& fix : fixes) {
    const messages::PositionReport report{{{fix.time_ms, fix.at.lat, fix.at.lon, fix.acc_m, {}, {}}}};
    messages.push_back(
        {topics::position_topic(site, bench::user_id(fix.user), topics::DeviceId::parse("phone")),
         encode(report)});
  }
  return messages;
}

class Served {
 public:
  Served(const topics::SiteId& site, const std::vector<geo::Area>& areas) : engine_(site, geo::Rule{}) {
    for (const geo::Area& area : areas) engine_.load_area(area, bench::kNow);
    engine_.loaded(bench::kNow);
  }

  /// As the server does, in turns; what it would send is counted and dropped.
  void take(const std::vector<Message>& messages, const std::vector<bench::Fix>& fixes, Costs& costs) {
    for (std::size_t from = 0; from < messages.size(); from += kTurn) {
      core::Effects fx;
      const std::size_t to = std::min(from + kTurn, messages.size());
      core::Context ctx{fixes[to - 1].time_ms, ids_, fx};
      for (std::size_t i = from; i < to; ++i) {
        const auto topic = topics::parse_topic(messages[i].topic);
        decoder_.handle(*topic, {messages[i].topic, messages[i].payload, {}, none_}, ctx.now, ctx);
      }
      engine_.tick(ctx);
      engine_.finish(ctx);
      costs.transitions += fx.events.size();
      costs.sent += fx.out.size();
    }
  }

 private:
  core::Engine engine_;
  convoke::ingress::Decoder decoder_{engine_, [](const std::string&) {}};
  std::deque<topics::GroupId> ids_;
  const std::optional<messages::Stamp> none_;
};

Costs measure(const Sizes& sizes) {
  bench::City city(sizes.areas, sizes.seed, sizes.shape);
  std::vector<geo::Area> areas;
  for (std::size_t i = 0; i < sizes.areas; ++i) areas.push_back(city.venue(i));
  std::vector<bench::Fix> fixes = city.walks(sizes.users, sizes.fixes);
  // A second from one fix of a user to the next, about.
  for (std::size_t i = 0; i < fixes.size(); ++i)
    fixes[i].time_ms = bench::kNow + static_cast<std::int64_t>(i * 1000 / sizes.users);
  const auto site = topics::SiteId::parse("bench");
  const std::vector<Message> messages = encode_all(fixes, site);
  const auto per_fix = [&](double ms) { return ms * 1000 / static_cast<double>(fixes.size()); };
  Costs costs;
  Served served(site, areas);
  costs.report_us = per_fix(bench::timed_ms([&] { served.take(messages, fixes, costs); }));

  geo::FenceTracker tracker;
  tracker.load_areas(areas, bench::kNow);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < sizes.users; ++i) names.push_back(bench::user_id(i).str());
  costs.engine_us = per_fix(bench::timed_ms([&] {
    for (const bench::Fix& fix : fixes)
      tracker.fix(names[fix.user], {.at = fix.at, .time_ms = fix.time_ms, .acc_m = fix.acc_m});
  }));
  return costs;
}

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes;
  CLI::App app(
      "What a report of a phone costs the server's thread, without broker and store; one line of JSON.");
  app.option_defaults()->always_capture_default();
  app.add_option("--areas", sizes.areas)->check(CLI::Range(1, 1'000'000));
  app.add_option("--users", sizes.users)->check(CLI::Range(1, 1'000'000));
  app.add_option("--fixes", sizes.fixes, "each in a report of its own")->check(CLI::Range(1, 100'000'000));
  app.add_option("--shape", sizes.shape)->check(CLI::IsMember({"venues", "dense", "tight"}));
  app.add_option("--seed", sizes.seed);
  app.add_option("--rounds", sizes.rounds, "the median counts")->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);
  std::vector<double> report, engine;
  Costs last;
  for (std::size_t i = 0; i < sizes.rounds; ++i) {
    last = measure(sizes);
    report.push_back(last.report_us);
    engine.push_back(last.engine_us);
  }
  fmt::print(
      R"({{"shape":"{}","areas":{},"users":{},"fixes":{},"transitions":{},"sent":{},"report_us":{:.2f},"engine_us":{:.2f}}})"
      "\n",
      sizes.shape, sizes.areas, sizes.users, sizes.fixes, last.transitions, last.sent, bench::median(report),
      bench::median(engine));
}
