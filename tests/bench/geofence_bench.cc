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
#include <utility>
#include <vector>

#include "geo/fence_tracker.h"

namespace {

namespace bg = boost::geometry;
namespace geo = convoke::geo;

struct Sizes {
  std::size_t areas = 1000, users = 10'000, fixes = 0, rounds = 5;
  std::uint64_t seed = 1;
  std::string shape = "venues";
};

struct Fix {
  std::uint32_t user;
  geo::LatLon at;
};

constexpr double kMetersPerDegree = 111'195;
constexpr double kCityLat = 40, kCityLon = 116;
constexpr double kAccuracyM = 8;

/// Areas of 20 m to 2 km, and people who walk 1 to 20 m from fix to fix. `venues`: in clusters of a hundred.
/// `dense`: evenly, so that about ten lie over every point. `tight`: of 50 m, one beside the other.
class City {
 public:
  City(const Sizes& sizes) : random_(sizes.seed), shape_(sizes.shape), areas_(sizes.areas) {
    const double area_count = static_cast<double>(areas_);
    const double mean_m2 = 170'000;  // of the areas below, measured
    half_m_ = std::sqrt(area_count * mean_m2 / 10) / 2;
    const std::size_t clusters = std::max<std::size_t>(20, areas_ / 100);
    const double spread_m = 4000 * std::sqrt(static_cast<double>(clusters));
    for (std::size_t i = 0; i < clusters; ++i) clusters_.push_back(in_square({kCityLat, kCityLon}, spread_m));
  }

  geo::Area venue(std::size_t i) {
    const double radius_m = shape_ == "tight" ? 25 : 10 * std::pow(100, unit());
    const geo::LatLon center = shape_ == "tight" ? stand(i) : somewhere();
    std::string id = "area-" + std::to_string(i);
    if (unit() < 0.25) return area(std::move(id), geo::Circle{center, radius_m});
    geo::Polygon polygon{ring(center, radius_m, false), {}};
    if (unit() < 0.25) polygon.holes.push_back(ring(center, radius_m / 3, true));
    return area(std::move(id), geo::Polygons{std::move(polygon)});
  }

  std::vector<Fix> walks(std::size_t users, std::size_t fixes) {
    std::vector<geo::LatLon> at(users);
    for (geo::LatLon& p : at) p = shape_ == "tight" ? stand(random_() % areas_) : somewhere();
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

  template <class Shape>
  static geo::Area area(std::string id, Shape shape) {
    geo::Area result;
    result.id = std::move(id);
    result.shape = std::move(shape);
    return result;
  }

  static geo::LatLon moved_by(geo::LatLon p, double east_m, double north_m) {
    const double scale = std::cos(kCityLat * std::numbers::pi / 180);
    return {p.lat + north_m / kMetersPerDegree, p.lon + east_m / kMetersPerDegree / scale};
  }
  static geo::LatLon moved(geo::LatLon p, double meters, double angle) {
    return moved_by(p, meters * std::cos(angle), meters * std::sin(angle));
  }
  geo::LatLon in_square(geo::LatLon center, double half_m) {
    const double east = half_m * (2 * unit() - 1);
    return moved_by(center, east, half_m * (2 * unit() - 1));
  }

  geo::LatLon somewhere() {
    if (shape_ == "dense") return in_square({kCityLat, kCityLon}, half_m_);
    const geo::LatLon cluster = clusters_[random_() % clusters_.size()];
    const double away = 3000 * unit();
    return moved(cluster, away, turn());
  }
  geo::LatLon stand(std::size_t i) const {
    const auto row = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(areas_))));
    return moved_by({kCityLat, kCityLon}, 52.0 * static_cast<double>(i % row),
                    52.0 * static_cast<double>(i / row));
  }

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
  std::string shape_;
  std::size_t areas_;
  double half_m_ = 0;
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
  PlainBoost(const std::vector<geo::Area>& areas, const std::vector<std::string>& users)
      : areas_(areas), users_(users), polygons_(areas.size()), inside_(users.size()) {
    std::vector<std::pair<Box, std::size_t>> boxes;
    for (std::size_t i = 0; i < areas.size(); ++i) boxes.emplace_back(load(i), i);
    tree_ = Tree(boxes);
  }

  void fix(std::uint32_t user, geo::LatLon at, Outcome& outcome) {
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
    report(users_[user], before, outcome);
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
  const std::vector<std::string>& users_;
  std::vector<Polygon> polygons_;
  Tree tree_;
  std::vector<std::vector<std::size_t>> inside_;
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
  std::size_t area_bytes = 0, user_bytes = 0;
};

/// As many fixes ahead as memory needs time.
constexpr std::size_t kAhead = 8;

void run_engine(geo::Rule rule, const std::vector<geo::Area>& areas, const std::vector<std::string>& users,
                const std::vector<Fix>& fixes, Run& run) {
  geo::FenceTracker tracker(rule);
  run.outcome = {};
  std::vector<geo::Area> copies = areas;
  run.build_s.push_back(seconds_of([&] { tracker.load_areas(std::move(copies), 0); }));
  std::vector<geo::UserHandle> handles;
  for (const std::string& user : users) handles.push_back(tracker.intern(user));
  std::vector<geo::Transition> out;
  const double seconds = seconds_of([&] {
    std::int64_t time_ms = 0;
    for (std::size_t i = 0; i < fixes.size(); ++i) {
      if (i + kAhead < fixes.size()) tracker.prefetch(handles[fixes[i + kAhead].user]);
      tracker.fix(handles[fixes[i].user],
                  {.at = fixes[i].at, .time_ms = time_ms += 1000, .acc_m = kAccuracyM}, out);
      if (out.empty()) continue;
      for (const geo::Transition& t : out)
        run.outcome.add(t.user, t.area, t.kind == geo::TransitionKind::enter);
      out.clear();
    }
  });
  run.fixes_per_s.push_back(static_cast<double>(fixes.size()) / seconds);
  run.area_bytes = tracker.index().bytes();
  run.user_bytes = tracker.user_bytes();
}

void run_boost(const std::vector<geo::Area>& areas, const std::vector<std::string>& users,
               const std::vector<Fix>& fixes, Run& run) {
  run.outcome = {};
  std::unique_ptr<PlainBoost> boost;
  run.build_s.push_back(seconds_of([&] { boost = std::make_unique<PlainBoost>(areas, users); }));
  const double seconds = seconds_of([&] {
    for (const auto& [user, at] : fixes) boost->fix(user, at, run.outcome);
  });
  run.fixes_per_s.push_back(static_cast<double>(fixes.size()) / seconds);
}

std::string json(const Run& run) {
  return fmt::format(
      R"({{"fixes_per_s":{:.0f},"build_s":{:.4f},"transitions":{},"hash":"{:016x}","area_bytes":{},"user_bytes":{}}})",
      median(run.fixes_per_s), median(run.build_s), run.outcome.transitions, run.outcome.hash, run.area_bytes,
      run.user_bytes);
}

std::size_t vertices(const std::vector<geo::Area>& areas) {
  std::size_t count = 0;
  for (const geo::Area& area : areas) {
    if (const auto* polygons = std::get_if<geo::Polygons>(&area.shape)) {
      for (const geo::Polygon& polygon : *polygons) {
        count += polygon.outer.size();
        for (const geo::Ring& hole : polygon.holes) count += hole.size();
      }
    }
  }
  return count;
}

double over(const Run& a, const Run& b) { return median(a.fixes_per_s) / median(b.fixes_per_s); }

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes;
  CLI::App app("Fixes a second of the geofence engine, beside plain Boost.Geometry. Prints JSON.");
  app.add_option("--areas", sizes.areas)->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_option("--users", sizes.users)->check(CLI::Range(1, 10'000'000))->capture_default_str();
  app.add_option("--fixes", sizes.fixes, "default: 100 for each user")->check(CLI::Range(1, 100'000'000));
  app.add_option("--rounds", sizes.rounds, "the median counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--seed", sizes.seed)->capture_default_str();
  app.add_option("--shape", sizes.shape)
      ->check(CLI::IsMember({"venues", "dense", "tight"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (sizes.fixes == 0) sizes.fixes = 100 * sizes.users;

  City city(sizes);
  std::vector<geo::Area> areas;
  for (std::size_t i = 0; i < sizes.areas; ++i) areas.push_back(city.venue(i));
  std::vector<std::string> users;
  for (std::size_t i = 0; i < sizes.users; ++i) users.push_back("user-" + std::to_string(i));
  const std::vector<Fix> fixes = city.walks(sizes.users, sizes.fixes);

  geo::Rule plain_rule = geo::Rule::plain(), balanced_rule;
  Run boost, plain, plain_slow, balanced, balanced_slow;
  for (std::size_t i = 0; i < sizes.rounds; ++i) {
    run_boost(areas, users, fixes, boost);
    plain_rule.shortcut = balanced_rule.shortcut = true;
    run_engine(plain_rule, areas, users, fixes, plain);
    run_engine(balanced_rule, areas, users, fixes, balanced);
    plain_rule.shortcut = balanced_rule.shortcut = false;
    run_engine(plain_rule, areas, users, fixes, plain_slow);
    run_engine(balanced_rule, areas, users, fixes, balanced_slow);
  }
  fmt::print(
      R"({{"shape":"{}","areas":{},"vertices":{},"users":{},"fixes":{},"rounds":{},"seed":{},"boost":{},"plain":{},)"
      R"("plain_no_shortcut":{},"balanced":{},"balanced_no_shortcut":{},"plain_per_boost":{:.2f},)"
      R"("plain_no_shortcut_per_boost":{:.2f},"balanced_cost":{:.2f},"balanced_no_shortcut_cost":{:.2f}}})"
      "\n",
      sizes.shape, sizes.areas, vertices(areas), sizes.users, sizes.fixes, sizes.rounds, sizes.seed,
      json(boost), json(plain), json(plain_slow), json(balanced), json(balanced_slow), over(plain, boost),
      over(plain_slow, boost), over(plain, balanced), over(plain_slow, balanced_slow));
  const bool agree = plain.outcome == boost.outcome && plain_slow.outcome == boost.outcome &&
                     balanced.outcome == balanced_slow.outcome;
  if (agree) return 0;
  fmt::print(stderr, "variants of one rule disagree\n");
  return 1;
}
