#include "geo/fence_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <utility>

#include "geo/measure.h"
#include "tests/unit/geo/shapes.h"

namespace convoke::geo {
namespace {

using test::box_area;
using test::circle_area;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(FenceIndex, FindsWhatCoversAPointInOrderOfId) {
  FenceIndex index;
  index.put(circle_area("b", {1, 1}, 200'000));
  index.put(box_area("a", 0, 0, 2, 2));
  index.put(box_area("c", 5, 5, 6, 6));
  EXPECT_THAT(index.covering({1, 1}), ElementsAre("a", "b"));
  EXPECT_THAT(index.covering({5, 6}), ElementsAre("c"));
  EXPECT_THAT(index.covering({40, 40}), IsEmpty());
  EXPECT_EQ(index.size(), 3u);
}

TEST(FenceIndex, ReplacingMovesAnAreaAndKeepsItsAddress) {
  FenceIndex index;
  index.put(box_area("a", 0, 0, 2, 2));
  const Area* area = index.find("a");
  index.put(box_area("a", 10, 10, 12, 12));
  EXPECT_EQ(index.find("a"), area);
  EXPECT_EQ(index.size(), 1u);
  EXPECT_THAT(index.covering({1, 1}), IsEmpty());
  EXPECT_THAT(index.covering({11, 11}), ElementsAre("a"));
}

TEST(FenceIndex, ForgetsWhatIsErased) {
  FenceIndex index;
  index.put(circle_area("a", {0, 180}, 5000));
  EXPECT_TRUE(index.erase("a"));
  EXPECT_FALSE(index.erase("a"));
  EXPECT_EQ(index.find("a"), nullptr);
  EXPECT_THAT(index.covering({0, 180}), IsEmpty());
  EXPECT_FALSE(index.covers("a", {0, 180}));
  EXPECT_TRUE(std::isinf(index.signed_distance_m("a", {0, 180})));
}

TEST(FenceIndex, SeesAcrossTheAntimeridianAndThePoles) {
  FenceIndex index;
  index.put(circle_area("date-line", {10, 179.99}, 5000));
  index.put(circle_area("pole", {89.99, 0}, 5000));
  index.put(box_area("east", 20, 170, 30, 180));
  EXPECT_THAT(index.covering({10, -179.99}), ElementsAre("date-line"));
  EXPECT_THAT(index.covering({10, -180}), ElementsAre("date-line"));
  EXPECT_THAT(index.covering({89.99, 180}), ElementsAre("pole"));
  EXPECT_THAT(index.covering({25, -180}), ElementsAre("east"));
  EXPECT_THAT(index.near({25, -179.99}, 2000), ElementsAre(*index.handle("east")));
  EXPECT_THAT(index.near({25, -179.9}, 2000), IsEmpty());
}

TEST(FenceIndex, VisitsAreasInOrderOfId) {
  FenceIndex index;
  for (const char* id : {"c", "a", "b"}) index.put(circle_area(id, {0, 0}, 10));
  std::string ids;
  index.for_each([&](const Area& area) { ids += area.id; });
  EXPECT_EQ(ids, "abc");
}

/// Circles and boxes all over the world, many of them at the poles and the antimeridian.
class RandomAreas {
 public:
  explicit RandomAreas(unsigned seed) : random_(seed) {}

  LatLon point() {
    const double lat = at_the_rim() ? 90 - unit() : -90 + 180 * unit();
    const double lon = at_the_rim() ? 180 - unit() : -180 + 360 * unit();
    return {at_the_rim() ? -lat : lat, at_the_rim() ? -lon : lon};
  }

  Area area(int i) {
    const std::string id = "area-" + std::to_string(i);
    const LatLon p = point();
    if (i % 2 == 0) return circle_area(id, p, std::pow(10, 1 + 5 * unit()));
    return box_area(id, p.lat, p.lon, std::min(90.0, p.lat + 5 * unit()),
                    std::min(180.0, p.lon + 5 * unit()));
  }

 private:
  double unit() { return std::uniform_real_distribution<double>(0, 1)(random_); }
  bool at_the_rim() { return unit() < 0.3; }
  std::mt19937_64 random_;
};

TEST(FenceIndex, R8_R24_AgreesWithAskingEveryAreaWhileAreasComeAndGo) {
  RandomAreas random(6);
  FenceIndex index;
  std::size_t found = 0, far = 0;
  for (int round = 0; round < 1500; ++round) {
    index.put(random.area(round % 400));
    if (round % 7 == 0) index.erase("area-" + std::to_string(round * 31 % 400));
    const LatLon p = random.point();
    std::vector<std::string_view> covering;
    const std::vector<Handle> near = index.near(p, 50'000);
    index.for_each([&](const Area& area) {
      if (covers(area, p)) covering.push_back(area.id);
      if (signed_distance_m(area, p) <= 50'000) {
        ASSERT_THAT(near, Contains(*index.handle(area.id))) << p.lat << " " << p.lon;
      }
    });
    ASSERT_EQ(index.covering(p), covering) << p.lat << " " << p.lon;
    ASSERT_TRUE(std::is_sorted(near.begin(), near.end()));
    far += near.size() < index.size() ? 1 : 0;
    found += covering.size();
  }
  EXPECT_GT(found, 500u);
  EXPECT_GT(far, 1000u) << "not everything is near";
}

TEST(FenceIndex, MovesWithEverythingInIt) {
  FenceIndex one;
  one.put(box_area("a", 0, 0, 2, 2));
  FenceIndex other = std::move(one);
  EXPECT_THAT(other.covering({1, 1}), ElementsAre("a"));
}

}  // namespace
}  // namespace convoke::geo
