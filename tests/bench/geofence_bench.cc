// How many fixes a second the geofence engine takes with the plain rule, on one core, beside what one gets
// from Boost.Geometry's R-tree and covered_by alone. Both see the same fixes and must find the same
// transitions. Areas and walks are made up, or read from files.

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
#include <map>
#include <memory>
#include <numbers>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "geo/fence_tracker.h"
#include "tests/bench/city.h"
#include "tests/bench/recorded.h"

namespace {

namespace bg = boost::geometry;
namespace geo = convoke::geo;
using convoke::bench::City;
using convoke::bench::Fix;
using convoke::bench::kMetersPerDegree;
using convoke::bench::Site;

struct Sizes {
  std::size_t areas = 1000, users = 10'000, fixes = 0, rounds = 5, batch = 64;
  std::uint64_t seed = 1;
  std::string shape = "venues", only, areas_file, fixes_file;
};

/// What all variants must agree on: users and areas by their place in the site, so that no name is touched
/// only to count.
struct Outcome {
  std::size_t transitions = 0;
  std::uint64_t hash = 0;

  void add(std::size_t user, std::size_t area, bool enter) {
    ++transitions;
    hash = (hash ^ (user << 32 | area << 1 | (enter ? 1 : 0))) * 0x9E37'79B9'7F4A'7C15;
    hash ^= hash >> 29;
  }
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// What one writes in an afternoon: an R-tree of boxes, covered_by, and a list of areas for each user.
class PlainBoost {
 public:
  PlainBoost(const std::vector<geo::Area>& areas, std::size_t users) : areas_(areas), inside_(users) {
    std::vector<std::pair<Box, std::size_t>> boxes;
    for (std::size_t i = 0; i < areas.size(); ++i) load(i, boxes);
    tree_ = Tree(boxes);
  }

  void fix(std::uint32_t user, geo::LatLon at, Outcome& outcome) {
    const Point point(at.lon, at.lat);
    found_.clear();
    tree_.query(bg::index::intersects(point), std::back_inserter(found_));
    now_.clear();
    for (const auto& [box, part] : found_) {
      const auto& [i, polygon] = parts_[part];
      const geo::Area& area = areas_[i];
      const auto* circle = std::get_if<geo::Circle>(&area.shape);
      const bool covered = circle != nullptr         ? geo::distance_m(circle->center, at) <= circle->radius_m
                           : polygon.outer().empty() ? geo::covers(area, at)
                                                     : bg::covered_by(point, polygon);
      if (covered) now_.push_back(i);
    }
    std::sort(now_.begin(), now_.end());
    now_.erase(std::unique(now_.begin(), now_.end()), now_.end());
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

  /// Corridors have no polygon: Boost has nothing for them.
  struct Part {
    std::size_t area;
    Polygon polygon;
  };

  void load(std::size_t i, std::vector<std::pair<Box, std::size_t>>& boxes) {
    const auto* polygons = std::get_if<geo::Polygons>(&areas_[i].shape);
    if (polygons == nullptr) {
      for (const auto& [low, high] : geo::bounds(areas_[i])) {
        boxes.emplace_back(Box({low.lon, low.lat}, {high.lon, high.lat}), parts_.size());
        parts_.push_back({i, {}});
      }
      return;
    }
    for (const geo::Polygon& polygon : *polygons) {
      Part part{i, {}};
      for (const geo::LatLon p : polygon.outer) bg::append(part.polygon.outer(), Point(p.lon, p.lat));
      for (const geo::Ring& hole : polygon.holes) {
        part.polygon.inners().emplace_back();
        for (const geo::LatLon p : hole) bg::append(part.polygon.inners().back(), Point(p.lon, p.lat));
      }
      boxes.emplace_back(bg::return_envelope<Box>(part.polygon), parts_.size());
      parts_.push_back(std::move(part));
    }
  }

  /// In order of the area's id, as the engine does.
  void report(std::size_t user, const std::vector<std::size_t>& before, Outcome& outcome) {
    changes_.clear();
    for (const std::size_t i : now_)
      if (!std::binary_search(before.begin(), before.end(), i)) changes_.emplace_back(i, true);
    for (const std::size_t i : before)
      if (!std::binary_search(now_.begin(), now_.end(), i)) changes_.emplace_back(i, false);
    std::sort(changes_.begin(), changes_.end(),
              [this](const auto& a, const auto& b) { return areas_[a.first].id < areas_[b.first].id; });
    for (const auto& [area, enter] : changes_) outcome.add(user, area, enter);
  }

  const std::vector<geo::Area>& areas_;
  std::vector<Part> parts_;
  Tree tree_;
  std::vector<std::vector<std::size_t>> inside_;
  std::vector<std::pair<Box, std::size_t>> found_;
  std::vector<std::size_t> now_;
  std::vector<std::pair<std::size_t, bool>> changes_;
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

std::vector<geo::UserFix> decode(const std::vector<Fix>& fixes) {
  std::vector<geo::UserFix> decoded(fixes.size());
  for (std::size_t i = 0; i < fixes.size(); ++i) {
    decoded[i].user = fixes[i].user;
    decoded[i].position.at = fixes[i].at;
    decoded[i].position.time_ms = fixes[i].time_ms;
    decoded[i].position.acc_m = fixes[i].acc_m;
  }
  return decoded;
}

/// Of an engine that nothing was removed from, areas and users have the numbers of their places in the site.
void check_numbers(const geo::FenceTracker& tracker, const std::vector<geo::Area>& areas) {
  for (std::size_t i = 0; i < areas.size(); ++i)
    if (tracker.index().handle(areas[i].id) != i) throw std::runtime_error("two areas have the same id");
}

struct Variant {
  geo::Rule rule;
  bool words = false;  // each transition with names and distance
};

void run_engine(const Variant& variant, const Site& site, std::size_t batch_size, Run& run) {
  const auto& [areas, users, fixes] = site;
  geo::FenceTracker tracker(variant.rule);
  run.outcome = {};
  std::vector<geo::Area> copies = areas;
  run.build_s.push_back(seconds_of([&] { tracker.load_areas(std::move(copies), 0); }));
  check_numbers(tracker, areas);
  for (const std::string& user : users) tracker.intern(user);
  const std::vector<geo::UserFix> decoded = decode(fixes);
  std::vector<geo::Crossing> out;
  double meters = 0;
  const double seconds = seconds_of([&] {
    for (std::span<const geo::UserFix> rest = decoded; !rest.empty();) {
      const auto batch = rest.first(std::min(batch_size, rest.size()));
      rest = rest.subspan(batch.size());
      tracker.fixes(batch, out);
      for (const geo::Crossing& c : out) {
        run.outcome.add(c.user, c.area, c.kind == geo::TransitionKind::enter);
        if (variant.words) meters += tracker.describe(c).distance_m;
      }
      out.clear();
    }
  });
  if (std::isnan(meters)) throw std::runtime_error("a transition has no distance");
  run.fixes_per_s.push_back(static_cast<double>(fixes.size()) / seconds);
  run.area_bytes = tracker.index().bytes();
  run.user_bytes = tracker.user_bytes();
}

void run_boost(const Site& site, Run& run) {
  run.outcome = {};
  std::unique_ptr<PlainBoost> boost;
  run.build_s.push_back(
      seconds_of([&] { boost = std::make_unique<PlainBoost>(site.areas, site.users.size()); }));
  const double seconds = seconds_of([&] {
    for (const Fix& fix : site.fixes) boost->fix(fix.user, fix.at, run.outcome);
  });
  run.fixes_per_s.push_back(static_cast<double>(site.fixes.size()) / seconds);
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

Site made(const Sizes& sizes) {
  Site site;
  City city(sizes.areas, sizes.seed, sizes.shape);
  for (std::size_t i = 0; i < sizes.areas; ++i) site.areas.push_back(city.venue(i));
  for (std::size_t i = 0; i < sizes.users; ++i) site.users.push_back("user-" + std::to_string(i));
  site.fixes = city.walks(sizes.users, sizes.fixes);
  return site;
}

double over(const Run& a, const Run& b) { return median(a.fixes_per_s) / median(b.fixes_per_s); }

std::map<std::string, Variant> engine_variants() {
  geo::Rule plain = geo::Rule::plain(), balanced, plain_slow = plain, balanced_slow = balanced;
  plain_slow.shortcut = balanced_slow.shortcut = false;
  return {{"plain", {plain}},
          {"plain_words", {plain, true}},
          {"plain_no_shortcut", {plain_slow}},
          {"balanced", {balanced}},
          {"balanced_no_shortcut", {balanced_slow}}};
}

bool agree(std::map<std::string, Run>& runs) {
  for (const char* name : {"plain", "plain_words", "plain_no_shortcut"})
    if (runs[name].outcome != runs["boost"].outcome) return false;
  return runs["balanced"].outcome == runs["balanced_no_shortcut"].outcome;
}

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
  app.add_option("--batch", sizes.batch, "fixes handed to the engine at once; the server hands over one")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--seed", sizes.seed)->capture_default_str();
  app.add_option("--shape", sizes.shape)
      ->check(CLI::IsMember({"venues", "dense", "tight"}))
      ->capture_default_str();
  app.add_option("--only", sizes.only, "this variant alone, to profile it")
      ->check(CLI::IsMember(
          {"boost", "plain", "plain_words", "plain_no_shortcut", "balanced", "balanced_no_shortcut"}));
  auto* const areas_file =
      app.add_option("--areas-file", sizes.areas_file, "GeoJSON, WKT or KML: the shapes of its areas");
  auto* const fixes_file = app.add_option("--fixes-file", sizes.fixes_file, "CSV or GPX, perhaps with gzip");
  areas_file->check(CLI::ExistingFile)->needs(fixes_file);
  fixes_file->check(CLI::ExistingFile)->needs(areas_file);
  CLI11_PARSE(app, argc, argv);
  if (sizes.fixes == 0) sizes.fixes = 100 * sizes.users;

  Site site;
  try {
    site =
        sizes.areas_file.empty() ? made(sizes) : convoke::bench::recorded(sizes.areas_file, sizes.fixes_file);
  } catch (const std::exception& e) {
    fmt::print(stderr, "{}\n", e.what());
    return 2;
  }
  const std::map<std::string, Variant> variants = engine_variants();
  std::map<std::string, Run> runs;
  for (std::size_t i = 0; i < sizes.rounds; ++i) {
    if (sizes.only.empty() || sizes.only == "boost") run_boost(site, runs["boost"]);
    for (const auto& [name, variant] : variants)
      if (sizes.only.empty() || sizes.only == name) run_engine(variant, site, sizes.batch, runs[name]);
  }
  fmt::print(
      R"({{"shape":"{}","areas":{},"vertices":{},"users":{},"fixes":{},"batch":{},"rounds":{},"seed":{})",
      sizes.areas_file.empty() ? sizes.shape : "recorded", site.areas.size(), vertices(site.areas),
      site.users.size(), site.fixes.size(), sizes.batch, sizes.rounds, sizes.seed);
  for (const auto& [name, run] : runs) fmt::print(R"(,"{}":{})", name, json(run));
  if (sizes.only.empty())
    fmt::print(
        R"(,"plain_per_boost":{:.2f},"plain_no_shortcut_per_boost":{:.2f},"plain_words_per_boost":{:.2f},)"
        R"("balanced_cost":{:.2f},"balanced_no_shortcut_cost":{:.2f})",
        over(runs["plain"], runs["boost"]), over(runs["plain_no_shortcut"], runs["boost"]),
        over(runs["plain_words"], runs["boost"]), over(runs["plain"], runs["balanced"]),
        over(runs["plain_no_shortcut"], runs["balanced_no_shortcut"]));
  fmt::print("}}\n");
  if (!sizes.only.empty() || agree(runs)) return 0;
  fmt::print(stderr, "variants of one rule disagree\n");
  return 1;
}
