#include "tests/oracle/oracle.h"

#include <gtest/gtest.h>

namespace convoke::oracle {
namespace {

const std::filesystem::path kAtlas = CONVOKE_ATLAS;

TEST(Oracle, AMillionPointsAtRealBordersAreWhereGeosAndS2SeeThem) {
  if (const std::string missing = missing_in(kAtlas); !missing.empty()) GTEST_SKIP() << missing;
  const Comparison result = compare(load_atlas(kAtlas, false), 1'000'000, 1);
  EXPECT_GT(result.areas, 3400u);
  EXPECT_EQ(result.refused_but_valid, 0u) << result.refused.front();
  EXPECT_GT(result.inside, 100'000u);
  EXPECT_LT(result.worst_geos_m, 0.01) << result.differ_geos << " differ";
  EXPECT_LT(result.worst_s2_m, 0.01) << result.differ_s2 << " differ";
}

TEST(Oracle, CorridorsAreAsFarAwayAsS2SeesThem) {
  if (const std::string missing = missing_in(kAtlas); !missing.empty()) GTEST_SKIP() << missing;
  EXPECT_LT(worst_corridor_m(load_atlas(kAtlas, false), 50'000, 2), 0.01);
}

TEST(Oracle, GreatCirclesAreThoseOfGeographicLib) {
  const DistanceError worst = worst_distance(200'000, 3);
  EXPECT_LT(worst.sphere_m, 1e-6);
  EXPECT_LT(worst.ellipsoid, 0.0057);
}

}  // namespace
}  // namespace convoke::oracle
