// How long the core takes, with many people in one place, when an area there is made, moved, moved back and
// removed: every enter and exit decided and encoded, before it is stored and sent.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/engine.h"

namespace {

namespace core = convoke::core;
namespace geo = convoke::geo;
using Clock = std::chrono::steady_clock;

constexpr geo::LatLon kHall{52.5, 13.4}, kElsewhere{52.6, 13.4};

class Hall {
 public:
  explicit Hall(std::size_t users) : engine_(convoke::topics::SiteId::parse("bench"), geo::Rule{}) {
    for (std::size_t i = 0; i < users; ++i) {
      const auto user = convoke::topics::UserId::parse("user-" + std::to_string(i));
      const double lat = kHall.lat + static_cast<double>(i % 100) * 1e-6;
      step([&](core::Context& ctx) { engine_.position(user, {now_, lat, kHall.lon, 5.0, {}, {}}, ctx); });
    }
  }

  /// Milliseconds, if everybody entered or left.
  double put(geo::LatLon at, std::size_t expected) {
    const std::vector<geo::Area> areas{{"hall", "", geo::Circle{at, 500}}};
    return step([&](core::Context& ctx) { engine_.put_areas(areas, ctx); }, expected);
  }
  double remove(std::size_t expected) {
    return step([&](core::Context& ctx) { engine_.delete_area(convoke::topics::AreaId::parse("hall"), ctx); },
                expected);
  }
  bool complete() const { return complete_; }

 private:
  template <class Work>
  double step(const Work& work, std::size_t expected = 0) {
    core::Effects fx;
    core::Context ctx{++now_, ids_, fx};
    const auto start = Clock::now();
    work(ctx);
    engine_.finish(ctx);
    const std::chrono::duration<double, std::milli> took = Clock::now() - start;
    complete_ &= fx.events.size() == expected;
    return took.count();
  }

  core::Engine engine_;
  core::TimeMs now_ = 1'767'225'600'000;
  std::deque<convoke::topics::GroupId> ids_;
  bool complete_ = true;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t users = 10'000, rounds = 5;
  CLI::App app("How long a change of an area takes with many people in it. Prints JSON.");
  app.add_option("--users", users)->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_option("--rounds", rounds, "the median counts")->check(CLI::Range(1, 100))->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  Hall hall(users);
  std::vector<double> made, moved, back, removed;
  for (std::size_t i = 0; i < rounds; ++i) {
    made.push_back(hall.put(kHall, users));
    moved.push_back(hall.put(kElsewhere, users));
    back.push_back(hall.put(kHall, users));
    removed.push_back(hall.remove(users));
  }
  fmt::print(
      R"({{"users":{},"rounds":{},"made_ms":{:.1f},"moved_ms":{:.1f},"moved_back_ms":{:.1f},"removed_ms":{:.1f}}})"
      "\n",
      users, rounds, median(made), median(moved), median(back), median(removed));
  if (hall.complete()) return 0;
  fmt::print(stderr, "not everybody entered and left\n");
  return 1;
}
