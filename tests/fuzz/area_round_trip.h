#pragma once

#include "geo/geojson.h"
#include "tests/fuzz/check.h"

/// What all readers of areas are tried with: little, so that limits are met too.
inline constexpr convoke::geo::AreaLimits kFuzzLimits{
    .max_bytes = 1 << 16, .max_areas = 100, .max_vertices = 500};

/// A file is taken whole or not at all. What is read is written so that it reads back, without complaint and
/// without repair, and is written the same.
inline void check_area_file(const convoke::geo::AreaFile& first) {
  using namespace convoke::geo;
  FUZZ_CHECK(first.errors.empty() || first.areas.empty());
  FUZZ_CHECK(first.errors.size() <= 100);
  if (!first.errors.empty()) return;
  const std::string written = to_geojson(first.areas);
  const AreaFile second = parse_geojson(written);
  FUZZ_CHECK(second.errors.empty());
  FUZZ_CHECK(second.repaired.empty());
  FUZZ_CHECK(second.areas == first.areas);
  FUZZ_CHECK(to_geojson(second.areas) == written);
}
