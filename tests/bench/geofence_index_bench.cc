// What the geofence engine's indexes cost: a point in a large polygon, one area put, changed or removed among
// many, a whole site loaded, and memory.

#include <fmt/format.h>
#include <malloc.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/geometry.hpp>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <functional>
#include <numbers>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "geo/fence_tracker.h"
#include "geo/polygon_index.h"
#include "tests/bench/city.h"

namespace {

namespace bg = boost::geometry;
namespace geo = convoke::geo;
using convoke::bench::City;
using convoke::bench::Fix;

struct Sizes {
  std::size_t areas = 100'000, users = 100'000, fixes = 0, changes = 5'000, points = 500'000, rounds = 5;
  std::uint64_t seed = 1;
};

/// Processor time, so that other work on the machine disturbs less.
double now_s() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

template <class Work>
double seconds_of(const Work& work) {
  const double start = now_s();
  work();
  return now_s() - start;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// What is allocated now; with what the allocator keeps beside each piece.
std::size_t heap_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A point in a polygon.

/// A coast: bays in bays, down to single edges.
geo::Ring coast(std::size_t vertices, std::mt19937_64& random) {
  std::uniform_real_distribution<double> unit(-1, 1);
  std::vector<double> radius{1, 1, 1, 1};
  for (double bay = 0.3; radius.size() < vertices; bay /= 2) {
    std::vector<double> finer;
    for (std::size_t i = 0; i < radius.size(); ++i) {
      finer.push_back(radius[i]);
      if (finer.size() + radius.size() - i - 1 < vertices)
        finer.push_back((radius[i] + radius[(i + 1) % radius.size()]) / 2 + bay * unit(random));
    }
    radius = std::move(finer);
  }
  geo::Ring ring;
  for (std::size_t i = 0; i < radius.size(); ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(radius.size());
    ring.push_back({40 + 0.5 * radius[i] * std::sin(angle), 116 + 0.5 * radius[i] * std::cos(angle)});
  }
  ring.push_back(ring.front());
  return ring;
}

/// Nanoseconds for one question; the answers in `hash`.
template <class Covers>
double ask_all(const std::vector<geo::LatLon>& points, const Covers& covers, std::uint64_t& hash) {
  hash = 0;
  const double seconds = seconds_of([&] {
    for (const geo::LatLon p : points) hash = hash * 3 + (covers(p) ? 1 : 0);
  });
  return seconds * 1e9 / static_cast<double>(points.size());
}

std::string measure_polygon(std::size_t vertices, const Sizes& sizes, bool& agree) {
  using Point = bg::model::point<double, 2, bg::cs::cartesian>;
  std::mt19937_64 random(sizes.seed);
  const geo::Polygon polygon{coast(vertices, random), {}};
  bg::model::polygon<Point, false> plain;
  for (const geo::LatLon p : polygon.outer) bg::append(plain.outer(), Point(p.lon, p.lat));
  const geo::PolygonIndex index(polygon);
  const geo::Box box = index.box();
  std::uniform_real_distribution<double> lat(box.low.lat, box.high.lat), lon(box.low.lon, box.high.lon);
  std::vector<geo::LatLon> points(sizes.points);
  for (geo::LatLon& p : points) p = {lat(random), lon(random)};
  // Boost looks at every edge.
  const std::vector<geo::LatLon> few(points.begin(),
                                     points.begin() + std::min(points.size(), 20'000'000 / vertices));
  std::vector<double> engine_ns, boost_ns;
  for (std::size_t i = 0; i < sizes.rounds; ++i) {
    std::uint64_t ours = 0, theirs = 0;
    const auto ask_engine = [&](geo::LatLon p) { return index.covers(p); };
    ask_all(few, ask_engine, ours);
    boost_ns.push_back(ask_all(
        few, [&](geo::LatLon p) { return bg::covered_by(Point(p.lon, p.lat), plain); }, theirs));
    agree &= ours == theirs;
    engine_ns.push_back(ask_all(points, ask_engine, ours));
  }
  return fmt::format(
      R"({{"vertices":{},"covers_ns":{:.1f},"boost_ns":{:.1f},"index_bytes_per_vertex":{:.1f}}})", vertices,
      median(engine_ns), median(boost_ns),
      static_cast<double>(index.bytes()) / static_cast<double>(vertices));
}

// One area among many.

struct Latency {
  std::vector<double> us;

  template <class Work>
  void time(const Work& work) {
    us.push_back(seconds_of(work) * 1e6);
  }
  std::string json() {
    std::sort(us.begin(), us.end());
    return fmt::format(R"({{"p50_us":{:.1f},"p99_us":{:.1f},"max_us":{:.1f}}})", us[us.size() / 2],
                       us[us.size() * 99 / 100], us.back());
  }
};

/// Each kind of change in turn; as many areas as before are left.
std::string measure_changes(geo::FenceTracker& tracker, City& city, const Sizes& sizes) {
  Latency insert, change, remove;
  std::size_t transitions = 0;
  std::mt19937_64 random(sizes.seed);
  for (std::size_t i = 0; i < sizes.changes; ++i) {
    const std::int64_t now_ms = 10'000'000 + static_cast<std::int64_t>(i);
    geo::Area added = city.venue(i), changed = city.venue(random() % sizes.areas);
    added.id = "new-" + std::to_string(i);
    const std::string id = added.id;
    insert.time([&] { transitions += tracker.put_area(std::move(added), now_ms).size(); });
    change.time([&] { transitions += tracker.put_area(std::move(changed), now_ms).size(); });
    remove.time([&] { transitions += tracker.erase_area(id, now_ms).size(); });
  }
  return fmt::format(R"({{"insert":{},"change":{},"remove":{},"transitions":{}}})", insert.json(),
                     change.json(), remove.json(), transitions);
}

std::size_t vertices(const std::vector<geo::Area>& areas) {
  std::size_t count = 0;
  for (const geo::Area& area : areas) {
    const auto* polygons = std::get_if<geo::Polygons>(&area.shape);
    if (polygons == nullptr) continue;
    for (const geo::Polygon& polygon : *polygons) {
      count += polygon.outer.size();
      for (const geo::Ring& hole : polygon.holes) count += hole.size();
    }
  }
  return count;
}

double load(geo::FenceTracker& tracker, std::vector<geo::Area> areas) {
  return seconds_of([&] { tracker.load_areas(std::move(areas), 0); });
}

std::string measure_site(const Sizes& sizes) {
  City city(sizes.areas, sizes.seed, "venues");
  std::vector<geo::Area> areas;
  for (std::size_t i = 0; i < sizes.areas; ++i) areas.push_back(city.venue(i));
  const std::vector<Fix> fixes = city.walks(sizes.users, sizes.fixes);
  std::vector<double> load_s;
  for (std::size_t i = 1; i < sizes.rounds; ++i) {
    geo::FenceTracker tracker;
    load_s.push_back(load(tracker, areas));
  }
  const std::size_t empty = heap_bytes();
  geo::FenceTracker tracker;
  load_s.push_back(load(tracker, areas));
  const std::size_t loaded = heap_bytes();
  const std::string changes_alone = measure_changes(tracker, city, sizes);

  // The cells of all places first, so that what is allocated then is the users'.
  std::vector<geo::Handle> handles;
  const std::size_t cold = heap_bytes();
  for (const Fix& fix : fixes) tracker.index().locate(fix.at, handles);
  handles = {};
  const std::size_t warm = heap_bytes();
  const std::size_t index_bytes = tracker.index().bytes();
  std::vector<geo::Transition> out;
  std::int64_t time_ms = 0;
  for (const Fix& fix : fixes) {
    tracker.fix(tracker.intern("user-" + std::to_string(fix.user)),
                {.at = fix.at, .time_ms = time_ms += 1000, .acc_m = 8}, out);
    out.clear();
  }
  out = {};
  const std::size_t full = heap_bytes();
  std::size_t inside = 0;
  for (std::size_t i = 0; i < sizes.users; ++i) inside += tracker.inside("user-" + std::to_string(i)).size();
  const std::string changes_in_crowd = measure_changes(tracker, city, sizes);

  const auto per = [](std::size_t bytes, std::size_t count) {
    return static_cast<double>(bytes) / static_cast<double>(std::max<std::size_t>(1, count));
  };
  const std::size_t edges = vertices(areas);
  return fmt::format(
      R"("vertices":{},"load_s":{:.3f},"changes_alone":{},"changes_in_crowd":{},"memory":{{)"
      R"("bytes_per_vertex":{:.1f},"heap_per_vertex_loaded":{:.1f},"heap_per_vertex_warm":{:.1f},)"
      R"("bytes_per_user":{:.1f},"heap_per_user":{:.1f},"areas_per_user":{:.2f}}})",
      edges, median(load_s), changes_alone, changes_in_crowd, per(index_bytes, edges),
      per(loaded - empty, edges), per(loaded - empty + warm - cold, edges),
      per(tracker.user_bytes(), tracker.users()), per(full - warm, tracker.users()),
      per(inside, tracker.users()));
}

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes;
  CLI::App app("What the geofence engine's indexes cost in time and memory. Prints JSON.");
  app.add_option("--areas", sizes.areas)->check(CLI::Range(1, 1'000'000))->capture_default_str();
  app.add_option("--users", sizes.users)->check(CLI::Range(1, 10'000'000))->capture_default_str();
  app.add_option("--fixes", sizes.fixes, "default: 20 for each user")->check(CLI::Range(1, 100'000'000));
  app.add_option("--changes", sizes.changes, "of each kind")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--points", sizes.points)->check(CLI::Range(1, 100'000'000))->capture_default_str();
  app.add_option("--rounds", sizes.rounds, "the median counts")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--seed", sizes.seed)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (sizes.fixes == 0) sizes.fixes = 20 * sizes.users;

  bool agree = true;
  const std::string large = measure_polygon(40'000, sizes, agree), small = measure_polygon(124, sizes, agree);
  fmt::print(
      R"({{"areas":{},"users":{},"fixes":{},"changes":{},"points":{},"rounds":{},"seed":{},"polygons":[{},{}],{}}})"
      "\n",
      sizes.areas, sizes.users, sizes.fixes, sizes.changes, sizes.points, sizes.rounds, sizes.seed, large,
      small, measure_site(sizes));
  if (agree) return 0;
  fmt::print(stderr, "the polygon's index and Boost.Geometry disagree\n");
  return 1;
}
