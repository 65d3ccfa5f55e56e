// How long the core takes to choose the members of a chat among a million who have registered for it, by
// presence and area: where few of them are in the area, where many are and few of these available, and where
// all are and a lot decides. Beside it, in the same run, what looking up each of the million once costs.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "backend/core/audience.h"
#include "tests/bench/crowd_core.h"

namespace {

namespace core = convoke::core;
namespace bench = convoke::bench;
using convoke::topics::AreaId;
using convoke::topics::PlanId;

/// One in so many of those registered is in the area, and one in so many of these available.
struct Shape {
  const char* name;
  std::size_t inside_of, available_of;
};
constexpr Shape kShapes[] = {
    {"few_inside", 50, 2}, {"few_available", 10, 10}, {"half_and_half", 2, 2}, {"everybody", 1, 1}};

core::Plan plan_for(const std::string& area, std::size_t max) {
  core::Plan plan;
  plan.id = PlanId::parse("meetup");
  plan.audience.all = {core::IsRegistered{}, core::InArea{AreaId::parse(area)}};
  plan.audience.max = static_cast<std::uint32_t>(max);
  return plan;
}

/// Each shape has an area of its own; who is available there decides presence for all, so users are spread.
class Site {
 public:
  Site(const Shape& shape, std::size_t users)
      : engine_(convoke::topics::SiteId::parse("bench"), convoke::geo::Rule::plain()) {
    engine_.load_area({"hall", "", convoke::geo::Circle{{52.5, 13.4}, 500}}, bench::kNow);
    core::PlanRecord record;
    record.plan = plan_for("hall", users);
    engine_.load_plan(std::move(record));
    for (std::size_t i = 0; i < users; ++i) {
      const bool inside = i % shape.inside_of == 0;
      const bool available = i / shape.inside_of % shape.available_of == 0;
      core::User user =
          bench::make_user(i, available ? core::PresenceState::available : core::PresenceState::away);
      if (inside) user.areas = {AreaId::parse("hall")};
      engine_.load_user(std::move(user));
    }
    for (std::size_t i = 0; i < users; ++i)
      engine_.load_registrations(PlanId::parse("meetup"), bench::user_id(i), {{"self", "", bench::kNow}});
    engine_.loaded(bench::kNow);
  }

  /// As at a start: with what is kept of those who are not chosen.
  std::size_t choose(std::size_t max) const {
    core::Passed passed;
    return core::select_audience(engine_.state(), plan_for("hall", max), bench::kNow, "lot", false, &passed)
        .size();
  }
  /// Looks each registered user up once; returns how many are available.
  std::size_t visit() const {
    std::size_t n = 0;
    for (const auto& [id, registered] : engine_.state().plans.at(PlanId::parse("meetup")).registrations)
      n += engine_.state().user(id)->presence == core::PresenceState::available;
    return n;
  }

 private:
  core::Engine engine_;
};

/// False if not as many were chosen as there should be.
bool measure(const Shape& shape, std::size_t users, std::size_t max, std::size_t rounds) {
  const Site site(shape, users);
  const std::size_t expected = std::min(max, users / shape.inside_of / shape.available_of);
  bool right = true;
  std::vector<double> chosen, visited;
  for (std::size_t i = 0; i < rounds; ++i) {
    chosen.push_back(bench::timed_ms([&] { right &= site.choose(max) == expected; }));
    visited.push_back(bench::timed_ms([&] { right &= site.visit() > 0; }));
  }
  fmt::print(
      R"({{"shape":"{}","registered":{},"inside":{},"available_inside":{},"chosen":{},"ms":{:.1f},"visit_all_ms":{:.1f}}})"
      "\n",
      shape.name, users, users / shape.inside_of, users / shape.inside_of / shape.available_of, expected,
      bench::median(chosen), bench::median(visited));
  std::fflush(stdout);
  return right;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t users = 1'000'000, max = 10'000, rounds = 5;
  CLI::App app("Choosing among many who are registered. Prints a line of JSON for each shape.");
  app.add_option("--users", users)->check(CLI::Range(1000, 5'000'000))->capture_default_str();
  app.add_option("--max", max, "of the chat")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--rounds", rounds, "the medians count")->check(CLI::Range(1, 100))->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  bool right = true;
  for (const Shape& shape : kShapes) right &= measure(shape, users, max, rounds);
  if (right) return 0;
  fmt::print(stderr, "bench_selection: not as many were chosen as there should be\n");
  return 1;
}
