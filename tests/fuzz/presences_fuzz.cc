// Recorded presences: all or nothing, in order of time, with valid users.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "ops/rehearsal/presence_file.h"
#include "tests/fuzz/check.h"
#include "topics/ids.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = convoke::rehearsal::parse_presences({reinterpret_cast<const char*>(data), size});
  FUZZ_CHECK(file.problems.empty() || file.changes.empty());
  FUZZ_CHECK(file.problems.size() <= 21);
  FUZZ_CHECK(std::is_sorted(file.changes.begin(), file.changes.end(),
                            [](const auto& a, const auto& b) { return a.time_ms < b.time_ms; }));
  for (const auto& change : file.changes) FUZZ_CHECK(convoke::topics::is_user_id(change.user));
  return 0;
}
