#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "geo/fence_tracker.h"
#include "tests/unit/geo/shapes.h"

// What must hold for any areas and any walks, tried on random ones.
namespace convoke::geo {
namespace {

constexpr double kDegree = test::kDegreeM;

class World {
 public:
  explicit World(std::uint64_t seed, LatLon center) : random_(seed), center_(center) {}

  Area area(int i) {
    Area area;
    area.id = "area-" + std::to_string(i);
    const LatLon at = somewhere(1500);
    const double size = std::pow(10, 1 + 1.7 * unit());
    switch (random_() % 4) {
      case 0:
        area.shape = Circle{at, size};
        break;
      case 1:
        area.shape = Corridor{{{at, moved(at, size), moved(at, 2 * size)}}, size / 4};
        break;
      default:
        area.shape = star(at, size);
    }
    return area;
  }

  LatLon somewhere(double meters) { return moved(center_, meters); }
  LatLon moved(LatLon p, double meters) {
    const double scale = std::cos(center_.lat * 3.14159265 / 180);
    const double lon = p.lon + (2 * unit() - 1) * meters / kDegree / scale;
    return {p.lat + (2 * unit() - 1) * meters / kDegree, std::remainder(lon, 360)};
  }
  double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  std::uint64_t number() { return random_(); }

 private:
  Polygons star(LatLon at, double size) {
    Ring ring;
    const int count = 5 + static_cast<int>(random_() % 40);
    for (int i = 0; i < count; ++i) {
      const double angle = 2 * 3.14159265 * i / count, radius = size * (0.5 + unit() / 2) / kDegree;
      ring.push_back({at.lat + radius * std::sin(angle), at.lon + radius * std::cos(angle)});
    }
    ring.push_back(ring.front());
    return {Polygon{ring, {}}};
  }

  std::mt19937_64 random_;
  LatLon center_;
};

std::vector<std::string> ids(const FenceIndex& index, const std::vector<Handle>& handles) {
  std::vector<std::string> result;
  for (const Handle handle : handles) result.push_back(index.area(handle).id);
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<std::string> text(const std::vector<Transition>& transitions) {
  std::vector<std::string> result;
  for (const Transition& t : transitions) {
    std::string line = std::to_string(t.time_ms) + " " + t.user + " " + t.area + " " +
                       std::string(to_string(t.kind)) + " " + std::to_string(t.distance_m);
    for (int i = 0; i < t.fixes.count; ++i) line += " " + std::to_string(t.fixes.time_ms[i]);
    result.push_back(line);
  }
  return result;
}

void append(std::vector<std::string>& all, const std::vector<Transition>& transitions) {
  for (std::string& line : text(transitions)) all.push_back(std::move(line));
}

TEST(Engine, LeavesSayTheSameAsTheAreasThemselves) {
  for (const LatLon center : {LatLon{52.5, 13.4}, LatLon{-33, -70}, LatLon{0, 0}, LatLon{78.2, 15.6}}) {
    World world(static_cast<std::uint64_t>(center.lat + 97), center);
    FenceIndex index;
    std::vector<Handle> found;
    for (int i = 0; i < 3000; ++i) {
      if (i % 20 == 0) index.put(world.area(i / 20 % 60));
      if (i % 70 == 0) index.erase("area-" + std::to_string(world.number() % 60));
      const LatLon p = world.somewhere(1500);
      const auto room = index.locate(p, found);
      const auto expected = index.covering(p);
      ASSERT_THAT(ids(index, found), testing::ElementsAreArray(expected)) << i;
      if (!room) continue;
      for (int k = 0; k < 4; ++k) {
        const LatLon q{room->low.lat + world.unit() * (room->high.lat - room->low.lat),
                       room->low.lon + world.unit() * (room->high.lon - room->low.lon)};
        ASSERT_EQ(index.covering(q), expected) << i << ": the room is too large";
      }
    }
  }
}

TEST(Engine, TheDistanceIsThatOfMeasure) {
  World world(3, {48, 2});
  FenceIndex index;
  for (int i = 0; i < 40; ++i) index.put(world.area(i));
  for (int i = 0; i < 2000; ++i) {
    const Handle area = static_cast<Handle>(world.number() % 40);
    const LatLon p = world.somewhere(3000);
    ASSERT_NEAR(index.signed_distance_m(area, p), signed_distance_m(index.area(area), p), 0.002);
  }
}

/// With limits on both sides of it, and without one.
void expect_limited_distance(const FenceIndex& index, Handle area, LatLon p) {
  const double exact = std::abs(index.signed_distance_m(area, p));
  for (const double limit : {0.5 * exact, 0.999 * exact, exact + 0.001, 2 * exact, 1e9}) {
    const auto distance = index.distance_m(area, p, limit);
    ASSERT_TRUE(distance || limit < exact) << p.lat << " " << p.lon;
    if (distance) {
      ASSERT_NEAR(*distance, exact, 1e-6 * exact) << p.lat << " " << p.lon;
    }
    const auto beyond = index.beyond(area, p, limit, nullptr);
    if (beyond) {
      ASSERT_EQ(*beyond, exact >= limit) << p.lat << " " << p.lon << " " << limit;
    }
  }
}

TEST(Engine, TheLimitedDistanceIsExactOrMoreThanTheLimit) {
  for (const double lat : {0.1, 40.0, 52.5, -69.0, 78.2}) {
    World world(static_cast<std::uint64_t>(lat + 90), {lat, 13.4});
    FenceIndex index;
    for (int i = 0; i < 60; ++i) index.put(world.area(i));
    for (int i = 0; i < 2000; ++i)
      expect_limited_distance(index, static_cast<Handle>(world.number() % 60), world.somewhere(1500));
    const Handle box = index.put(test::box_area("box", lat, 13.4, lat + 0.1, 13.5));
    EXPECT_FALSE(index.distance_m(box, {lat + 1, 13.4}, 10));
  }
}

TEST(Engine, TheLimitedDistanceSeesIslesBeyondTheAntimeridian) {
  FenceIndex index;
  const Handle isles = index.put({"isles", "",
                                  Polygons{{test::box_ring(-17.1, 179.99, -17, 179.998), {}},
                                           {test::box_ring(-17.1, -179.9999, -17, -179.99), {}}}});
  for (int i = 0; i < 200; ++i) expect_limited_distance(index, isles, {-17.05, 179.98 + i * 1e-4});
}

TEST(Engine, TheLimitedDistanceIsNotLostInEdgesWithoutLength) {
  World world(11, {52.5, 13.4});
  Ring ring;
  for (int i = 0; i < 200; ++i) {  // each corner twice, a hair apart
    const double angle = 2 * 3.14159265 * (i / 2) / 100 + (i % 2) * 1e-7;
    ring.push_back({52.5 + 0.001 * std::sin(angle), 13.4 + 0.001 * std::cos(angle)});
  }
  ring.push_back(ring.front());
  FenceIndex index;
  const Handle area = index.put({"area", "", Polygons{{ring, {}}}});
  for (int i = 0; i < 5000; ++i) expect_limited_distance(index, area, world.somewhere(130));
}

std::vector<std::string> walk(Rule rule, std::uint64_t seed) {
  World world(seed, {52.5, 13.4});
  FenceTracker tracker(rule);
  std::vector<std::string> all;
  for (int i = 0; i < 40; ++i) append(all, tracker.put_area(world.area(i), 0));
  std::vector<LatLon> users(8);
  for (LatLon& p : users) p = world.somewhere(1000);
  for (int i = 0; i < 6000; ++i) {
    const std::size_t user = world.number() % users.size();
    users[user] = world.moved(users[user], 12);
    Position fix{.at = users[user], .time_ms = i * 500, .acc_m = 2 + 20 * world.unit()};
    if (world.number() % 50 == 0) fix.at = world.moved(fix.at, 400);
    append(all, tracker.advance(fix.time_ms));
    append(all, tracker.fix("user-" + std::to_string(user), fix));
    if (world.number() % 200 == 0)
      append(all, tracker.put_area(world.area(static_cast<int>(world.number() % 40)), fix.time_ms));
  }
  return all;
}

TEST(Engine, TheShortcutChangesNothing) {
  std::size_t transitions = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    for (Rule rule : {Rule::plain(), Rule{}, Rule{.track = {}, .area = AreaRule::calm()},
                      Rule{.track = {}, .area = AreaRule::strict()}}) {
      const auto with = walk(rule, seed);
      rule.shortcut = false;
      ASSERT_EQ(with, walk(rule, seed)) << rule.name() << ", seed " << seed;
      transitions += with.size();
    }
  }
  EXPECT_GT(transitions, 1000u);
}

TEST(Engine, AnyOrderAndRepetitionInTheWindowGivesTheSameTransitions) {
  std::size_t transitions = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world(seed, {52.5, 13.4});
    std::vector<Area> areas;
    for (int i = 0; i < 30; ++i) areas.push_back(world.area(i));
    std::vector<Position> track;
    LatLon at = world.somewhere(500);
    for (int i = 0; i < 400; ++i) {
      at = world.moved(at, 25);
      track.push_back({.at = at, .time_ms = 1000 * i, .acc_m = 5});
    }
    Rule rule;
    rule.track.reorder_ms = 5000;
    const auto run = [&](const std::vector<Position>& fixes) {
      FenceTracker tracker(rule);
      for (const Area& area : areas) tracker.put_area(area, 0);
      std::vector<std::string> all;
      for (const Position& fix : fixes) append(all, tracker.fix("anna", fix));
      append(all, tracker.advance(1000 * 410));
      return all;
    };
    const auto expected = run(track);
    transitions += expected.size();
    std::vector<Position> mixed = track;
    for (std::size_t i = 0; i + 4 < mixed.size(); i += 4)  // none comes more than four seconds late
      std::shuffle(mixed.begin() + static_cast<std::ptrdiff_t>(i),
                   mixed.begin() + static_cast<std::ptrdiff_t>(i) + 4, std::mt19937_64(seed + i));
    for (std::size_t i = 3; i < mixed.size(); i += 7)
      mixed.insert(mixed.begin() + static_cast<std::ptrdiff_t>(i), mixed[i - 1]);
    ASSERT_EQ(run(mixed), expected) << "seed " << seed;
  }
  EXPECT_GT(transitions, 50u);
}

TEST(Engine, BatchesGiveWhatSingleFixesGive) {
  for (const Rule& rule : {Rule::plain(), Rule{}}) {
    World world(17, {52.5, 13.4});
    FenceTracker single(rule), batched(rule);
    for (int i = 0; i < 60; ++i) {
      const Area area = world.area(i);
      single.put_area(area, 0);
      batched.put_area(area, 0);
    }
    std::vector<LatLon> users(9);
    for (LatLon& p : users) p = world.somewhere(1000);
    std::vector<std::string> one_by_one, in_batches;
    for (int round = 0; round < 60; ++round) {
      // Many small areas at one place: its block of the map is cut anew in the midst of a batch.
      for (int i = 0; round % 20 == 10 && i < 40; ++i) {
        Area small = world.area(1000 + round * 100 + i);
        small.shape = Circle{{users[0].lat + i * 1e-5, users[0].lon}, 20};
        single.put_area(small, round * 75'000);
        batched.put_area(small, round * 75'000);
      }
      std::vector<UserFix> batch;
      for (int i = 0; i < 150; ++i) {
        const auto user = static_cast<UserHandle>(world.number() % users.size());
        users[user] = world.moved(users[user], 15);
        const Position fix{.at = users[user], .time_ms = (round * 150 + i) * 500, .acc_m = 5};
        const std::string name = "user-" + std::to_string(user);
        append(one_by_one, single.fix(name, fix));
        batch.push_back({CompactPosition(fix), batched.intern(name)});
      }
      std::vector<Crossing> found;
      batched.fixes(batch, found);
      for (const Crossing& crossing : found) append(in_batches, {batched.describe(crossing)});
    }
    ASSERT_GT(one_by_one.size(), 40u);
    EXPECT_EQ(in_batches, one_by_one);
  }
}

TEST(Engine, WhoIsElsewhereButNotOutYetLeavesWithTheArea) {
  FenceTracker tracker;
  tracker.put_area(test::circle_area("hall", {52.5, 13.4}, 50), 0);
  for (int i = 1; i <= 3; ++i) tracker.fix("anna", {.at = {52.5, 13.4}, .time_ms = i * 1000, .acc_m = 5});
  ASSERT_EQ(tracker.occupancy("hall"), 1u);
  // 220 m away: one fix does not decide.
  ASSERT_TRUE(tracker.fix("anna", {.at = {52.502, 13.4}, .time_ms = 60'000, .acc_m = 5}).empty());
  ASSERT_EQ(tracker.occupancy("hall"), 1u);
  EXPECT_EQ(tracker.erase_area("hall", 70'000).size(), 1u);
  EXPECT_TRUE(tracker.inside("anna").empty());
}

TEST(Engine, TenThousandAreMovedByOneChange) {
  FenceTracker tracker(Rule::plain());
  for (int i = 0; i < 10'000; ++i)
    tracker.fix("user-" + std::to_string(i), {.at = {50 + i * 1e-6, 10}, .time_ms = 1000});
  const Area area = test::box_area("stadium", 49.9, 9.9, 50.1, 10.1);
  EXPECT_EQ(tracker.put_area(area, 2000).size(), 10'000u);
  EXPECT_EQ(tracker.occupancy("stadium"), 10'000u);
  EXPECT_EQ(tracker.erase_area("stadium", 3000).size(), 10'000u);
}

TEST(Engine, MemoryComesBackWhenAreasGo) {
  World world(5, {52.5, 13.4});
  FenceIndex index;
  std::vector<Handle> found;
  std::size_t full = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 200; ++i) index.put(world.area(i));
    for (int i = 0; i < 1000; ++i) index.locate(world.somewhere(1500), found);
    full = index.bytes();
    for (int i = 0; i < 200; ++i) index.erase("area-" + std::to_string(i));
  }
  // What stays is the grid of the blocks that were looked at.
  EXPECT_LT(index.bytes(), full / 4);
}

}  // namespace
}  // namespace convoke::geo
