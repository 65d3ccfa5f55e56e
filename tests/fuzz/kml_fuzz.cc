#include "geo/kml.h"

#include <cstdint>
#include <string_view>

#include "tests/fuzz/area_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_area_file(convoke::geo::parse_kml(text, kFuzzLimits, {.width_m = 5}));
  return 0;
}
