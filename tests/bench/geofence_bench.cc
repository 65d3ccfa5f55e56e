// How many fixes a second the geofence engine takes with the plain rule, on one core, beside what one gets
// from Boost.Geometry's R-tree and covered_by alone. Both see the same fixes and must find the same
// transitions.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/geometry.hpp>
#include <boost/geometry/index/rtree.hpp>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <functional>
#include <iterator>
#include <memory>
#include <numbers>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "geo/fence_tracker.h"

namespace {

namespace bg = boost::geometry;
namespace geo = convoke::geo;

struct Sizes {
  std::size_t areas = 1000, users = 10'000, fixes = 1'000'000, rounds = 5;
  std::uint64_t seed = 1;
};

struct Fix {
  std::uint32_t user;
  geo::LatLon at;
};

constexpr double kMetersPerDegree = 111'195;
constexpr double kCityLat = 40, kCityLon = 116;

/// A city: venues of 20 m to 2 km in clusters, and people who walk 1 to 20 m from fix to fix.
class City {
 public:
  explicit City(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 20; ++i) clusters_.push_back(moved({kCityLat, kCityLon}, 15'000 * unit(), turn()));
  }

  geo::Area venue(std::size_t i) {
    const double radius_m = 10 * std::pow(100, unit());
    const geo::LatLon center = somewhere();
    std::string id = "area-" + std::to_string(i);
    if (unit() < 0.25) return {std::move(id), "", geo::Circle{center, radius_m}};
    geo::Polygon polygon{ring(center, radius_m, false), {}};
    if (unit() < 0.25) polygon.holes.push_back(ring(center, radius_m / 3, true));
    return {std::move(id), "", geo::Polygons{std::move(polygon)}};
  }

  std::vector<Fix> walks(std::size_t users, std::size_t fixes) {
    std::vector<geo::LatLon> at(users);
    for (geo::LatLon& p : at) p = somewhere();
    std::vector<Fix> result(fixes);
    for (Fix& fix : result) {
      fix.user = static_cast<std::uint32_t>(random_() % users);
      fix.at = at[fix.user] = moved(at[fix.user], 1 + 19 * unit(), turn());
    }
    return result;
  }

 private:
  double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  double turn() { return 2 * std::numbers::pi * unit(); }

  static geo::LatLon moved(geo::LatLon p, double meters, double angle) {
    const double scale = std::cos(kCityLat * std::numbers::pi / 180);
    return {p.lat + meters * std::sin(angle) / kMetersPerDegree,
            p.lon + meters * std::cos(angle) / kMetersPerDegree / scale};
  }

  geo::LatLon somewhere() { return moved(clusters_[random_() % clusters_.size()], 3000 * unit(), turn()); }

  /// Star-shaped: 8 to 64 vertices at 0.6 to 1 of the radius.
  geo::Ring ring(geo::LatLon center, double radius_m, bool clockwise) {
    const std::size_t count = 8 + random_() % 57;
    geo::Ring ring;
    for (std::size_t i = 0; i < count; ++i) {
      const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(count);
      ring.push_back(moved(center, radius_m * (0.6 + 0.4 * unit()), clockwise ? -angle : angle));
    }
    ring.push_back(ring.front());
    return ring;
  }

  std::mt19937_64 random_;
  std::vector<geo::LatLon> clusters_;
};

/// What all variants must agree on.
struct Outcome {
  std::size_t transitions = 0;
  std::uint64_t hash = 0;

  void add(std::string_view user, std::string_view area, bool enter) {
    ++transitions;
    for (const std::string_view text : {user, area, std::string_view(enter ? "+" : "-")}) {
      hash = hash * 1'099'511'628'211u + std::hash<std::string_view>{}(text);
    }
  }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// What one writes in an afternoon: an R-tree of boxes, covered_by, and a list of areas for each user.
class PlainBoost {
 public:
  explicit PlainBoost(const std::vector<geo::Area>& areas) : areas_(areas), polygons_(areas.size()) {
    std::vector<std::pair<Box, std::size_t>> boxes;
    for (std::size_t i = 0; i < areas.size(); ++i) boxes.emplace_back(load(i), i);
    tree_ = Tree(boxes);
  }

  void fix(const std::string& user, geo::LatLon at, Outcome& outcome) {
    const Point point(at.lon, at.lat);
    found_.clear();
    tree_.query(bg::index::intersects(point), std::back_inserter(found_));
    now_.clear();
    for (const auto& [box, i] : found_) {
      const auto* circle = std::get_if<geo::Circle>(&areas_[i].shape);
      const bool covered = circle != nullptr ? geo::distance_m(circle->center, at) <= circle->radius_m
                                             : bg::covered_by(point, polygons_[i]);
      if (covered) now_.push_back(i);
    }
    std::sort(now_.begin(), now_.end());
    std::vector<std::size_t>& before = inside_[user];
    if (now_ == before) return;
    report(user, before, outcome);
    before = now_;
  }

 private:
  using Point = bg::model::point<double, 2, bg::cs::cartesian>;
  using Box = bg::model::box<Point>;
  using Polygon = bg::model::polygon<Point, false>;
  using Tree = bg::index::rtree<std::pair<Box, std::size_t>, bg::index::rstar<16>>;

  Box load(std::size_t i) {
    if (const auto* circle = std::get_if<geo::Circle>(&areas_[i].shape)) {
      const auto [lat, lon] = circle->center;
      const double high = circle->radius_m / kMetersPerDegree * 1.001;
      const double wide = high / std::cos((lat + high) * std::numbers::pi / 180);
      return {{lon - wide, lat - high}, {lon + wide, lat + high}};
    }
    const geo::Polygon& polygon = std::get<geo::Polygons>(areas_[i].shape).front();
    for (const geo::LatLon p : polygon.outer) bg::append(polygons_[i].outer(), Point(p.lon, p.lat));
    for (const geo::Ring& hole : polygon.holes) {
      polygons_[i].inners().emplace_back();
      for (const geo::LatLon p : hole) bg::append(polygons_[i].inners().back(), Point(p.lon, p.lat));
    }
    Box box = bg::make_inverse<Box>();
    for (const Point& p : polygons_[i].outer()) bg::expand(box, p);
    return box;
  }

  /// In order of the area's id, as the engine does.
  void report(const std::string& user, const std::vector<std::size_t>& before, Outcome& outcome) {
    std::vector<std::pair<std::string_view, bool>> changes;
    for (const std::size_t i : now_) {
      if (!std::binary_search(before.begin(), before.end(), i)) changes.emplace_back(areas_[i].id, true);
    }
    for (const std::size_t i : before) {
      if (!std::binary_search(now_.begin(), now_.end(), i)) changes.emplace_back(areas_[i].id, false);
    }
    std::sort(changes.begin(), changes.end());
    for (const auto& [area, enter] : changes) outcome.add(user, area, enter);
  }

  const std::vector<geo::Area>& areas_;
  std::vector<Polygon> polygons_;
  Tree tree_;
  std::unordered_map<std::string, std::vector<std::size_t>> inside_;
  std::vector<std::pair<Box, std::size_t>> found_;
  std::vector<std::size_t> now_;
};

/// Processor seconds, so that other work on the machine disturbs less.
double seconds_of(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Run {
  std::vector<double> build_s, fixes_per_s;
  Outcome outcome;
};

void run_engine(geo::Rule rule, const std::vector<geo::Area>& areas, const std::vector<std::string>& users,
                const std::vector<Fix>& fixes, Run& run) {
  geo::FenceTracker tracker(rule);
  run.outcome = {};
  run.build_s.push_back(seconds_of([&] {
    for (const geo::Area& area : areas) tracker.put_area(area, 0);
  }));
  const double seconds = seconds_of([&] {
    std::int64_t time_ms = 0;
    for (const auto& [user, at] : fixes) {
      for (const geo::Transition& t : tracker.fix(users[user], {at, time_ms += 1000, std::nullopt})) {
        run.outcome.add(t.user, t.area, t.kind == geo::TransitionKind::enter);
      }
    }
  });
  run.fixes_per_s.push_back(static_cast<double>(fixes.size()) / seconds);
}

void run_boost(const std::vector<geo::Area>& areas, const std::vector<std::string>& users,
               const std::vector<Fix>& fixes, Run& run) {
  run.outcome = {};
  std::unique_ptr<PlainBoost> boost;
  run.build_s.push_back(seconds_of([&] { boost = std::make_unique<PlainBoost>(areas); }));
  const double seconds = seconds_of([&] {
    for (const auto& [user, at] : fixes) boost->fix(users[user], at, run.outcome);
  });
  run.fixes_per_s.push_back(static_cast<double>(fixes.size()) / seconds);
}

std::string json(const Run& run) {
  return fmt::format(R"({{"fixes_per_s":{:.0f},"build_s":{:.4f},"transitions":{},"hash":"{:016x}"}})",
                     median(run.fixes_per_s), median(run.build_s), run.outcome.transitions, run.outcome.hash);
}

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes;
  CLI::App app("Fixes a second of the geofence engine, beside plain Boost.Geometry. Prints JSON.");
  app.add_option("--areas", sizes.areas)->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_option("--users", sizes.users)->check(CLI::Range(1, 10'000'000))->capture_default_str();
  app.add_option("--fixes", sizes.fixes)->check(CLI::Range(1, 100'000'000))->capture_default_str();
  app.add_option("--rounds", sizes.rounds, "the median counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--seed", sizes.seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  City city(sizes.seed);
  std::vector<geo::Area> areas;
  for (std::size_t i = 0; i < sizes.areas; ++i) areas.push_back(city.venue(i));
  std::vector<std::string> users;
  for (std::size_t i = 0; i < sizes.users; ++i) users.push_back("user-" + std::to_string(i));
  const std::vector<Fix> fixes = city.walks(sizes.users, sizes.fixes);

  Run plain, smoothed, boost;
  for (std::size_t i = 0; i < sizes.rounds; ++i) {
    run_boost(areas, users, fixes, boost);
    run_engine(geo::Rule::plain(), areas, users, fixes, plain);
    run_engine(geo::Rule{}, areas, users, fixes, smoothed);
  }
  fmt::print(R"({{"areas":{},"users":{},"fixes":{},"rounds":{},"seed":{},"plain":{},"default":{},"boost":{},)"
             R"("plain_per_boost":{:.2f}}})"
             "\n",
             sizes.areas, sizes.users, sizes.fixes, sizes.rounds, sizes.seed, json(plain), json(smoothed),
             json(boost), median(plain.fixes_per_s) / median(boost.fixes_per_s));
  if (plain.outcome == boost.outcome) return 0;
  fmt::print(stderr, "the plain rule and plain Boost disagree\n");
  return 1;
}
