#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "tests/oracle/oracle.h"

/// Compares the engine with GEOS, S2 and GeographicLib at as many points as one likes; prints a line of JSON.
int main(int argc, char** argv) {
  using namespace convoke::oracle;
  CLI::App app("Compares the engine with GEOS, S2 and GeographicLib over real borders");
  std::size_t points = 10'000'000;
  std::uint64_t seed = 1;
  std::filesystem::path folder = CONVOKE_ATLAS;
  app.add_option("--points", points, "how many")->capture_default_str();
  app.add_option("--seed", seed, "of the random numbers")->capture_default_str();
  app.add_option("--atlas", folder, "where ops/install test has put the borders")->capture_default_str();
  bool coarse = false;
  app.add_flag("--coarse", coarse, "without the finer borders of countries: quicker to load");
  CLI11_PARSE(app, argc, argv);
  if (const std::string missing = missing_in(folder); !missing.empty()) {
    fmt::print(stderr, "{}\n", missing);
    return 1;
  }
  const std::vector<AtlasArea> atlas = load_atlas(folder, !coarse);
  const Comparison c = compare(atlas, points, seed);
  const double corridor_m = worst_corridor_m(atlas, points / 20, seed);
  const DistanceError distance = worst_distance(points / 5, seed);
  fmt::print(
      R"({{"points":{},"areas":{},"refused":{},"refused_but_valid":{},"questions":{},"inside":{},"differ_geos":{},"worst_geos_m":{},)"
      R"("differ_s2":{},"worst_s2_m":{},"worst_corridor_m":{},"circle_sphere_m":{},"circle_ellipsoid":{}}})"
      "\n",
      c.points, c.areas, c.refused.size(), c.refused_but_valid, c.questions, c.inside, c.differ_geos,
      c.worst_geos_m, c.differ_s2, c.worst_s2_m, corridor_m, distance.sphere_m, distance.ellipsoid);
  for (const std::string& refused : c.refused) fmt::print(stderr, "not taken: {}\n", refused);
  return c.refused_but_valid == 0 && c.worst_geos_m < 0.01 && c.worst_s2_m < 0.01 ? 0 : 1;
}
