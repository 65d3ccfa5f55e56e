#include <cstdint>
#include <string_view>

#include "ops/tracks/fields.h"
#include "ops/tracks/fixes.h"
#include "ops/tracks/time_text.h"
#include "tests/fuzz/check.h"
#include "topics/rfc3339.h"

// A file of fixes is taken whole or not at all; what is taken is in range and in order of time.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace convoke;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const tracks::TrackFile file = tracks::parse_fixes(text, text, {.max_fixes = 1000});
  FUZZ_CHECK(file.errors.empty() || file.fixes.empty());
  FUZZ_CHECK(file.errors.size() <= 20);
  std::int64_t last_ms = 0;
  for (const auto& [user, position] : file.fixes) {
    FUZZ_CHECK(tracks::is_user_id(user));
    FUZZ_CHECK(geo::checked(position.at.lat, position.at.lon));
    FUZZ_CHECK(position.time_ms >= last_ms);
    FUZZ_CHECK(tracks::parse_time(topics::format_rfc3339(position.time_ms)) == position.time_ms);
    last_ms = position.time_ms;
  }
  return 0;
}
