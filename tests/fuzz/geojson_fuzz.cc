#include <cstdint>
#include <string_view>

#include "geo/geojson.h"
#include "tests/fuzz/check.h"

// What is read is written so that it reads back, without complaint and without repair, and is written the
// same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace convoke::geo;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const AreaLimits limits{.max_bytes = 1 << 16, .max_areas = 100, .max_vertices = 500};
  const AreaFile first = parse_geojson(text, limits);
  FUZZ_CHECK(first.errors.empty() || first.areas.empty());
  FUZZ_CHECK(first.errors.size() <= 100);
  if (!first.errors.empty()) return 0;
  const std::string written = to_geojson(first.areas);
  const AreaFile second = parse_geojson(written);
  FUZZ_CHECK(second.errors.empty());
  FUZZ_CHECK(second.repaired.empty());
  FUZZ_CHECK(to_geojson(second.areas) == written);
  return 0;
}
