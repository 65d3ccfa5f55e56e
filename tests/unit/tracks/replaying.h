#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "geo/fence_tracker.h"
#include "geo/geojson.h"
#include "ops/cli/replay.h"
#include "ops/tracks/fixes.h"
#include "tests/unit/geo/twin.h"

namespace convoke::cli {

struct Outcome {
  int code = 0;
  std::string out, err;
};

inline Outcome replay(const ReplayOptions& options) {
  std::ostringstream out, err;
  const int code = replay_command(options, out, err);
  return {code, out.str(), err.str()};
}

/// How many fixes from the first on have the same transitions by the tracker's plain rule and by the twin;
/// fails at the first that has not.
inline std::size_t fixes_that_agree_with_the_twin(const std::filesystem::path& areas_file,
                                                  const std::filesystem::path& fixes_file) {
  std::ifstream file(areas_file);
  const auto areas = geo::parse_geojson(std::string(std::istreambuf_iterator<char>(file), {})).areas;
  geo::FenceTracker tracker(geo::Rule::plain());
  for (const geo::Area& area : areas) tracker.put_area(area, 0);
  geo::test::Twin twin(areas, 1e7);
  std::size_t agreeing = 0;
  for (const auto& [user, position] : tracks::load_fixes(fixes_file).fixes) {
    const auto expected = twin.fix(user, position);
    EXPECT_EQ(geo::test::lines(tracker.fix(user, position)), expected);
    if (testing::Test::HasFailure()) break;
    ++agreeing;
  }
  return agreeing;
}

}  // namespace convoke::cli
