#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ops/crowd/venue.h"

namespace convoke::crowd {

/// What a phone can be told to do; in the file by the same word.
enum class Deed : std::uint8_t { go, stop, walk, say, leave, available, away, busy, offline, online };

/// One line of a script, checked.
struct Step {
  std::int64_t at_ms = 0;           // since the program began
  std::size_t first = 0, last = 0;  // phones, counted from 1
  Deed deed = Deed::stop;
  std::size_t place = 0;  // in the venue; of go
  std::string text;       // of say
};

constexpr std::size_t kMaxScriptBytes = 1 << 20;
constexpr std::size_t kMaxSteps = 10'000;

/// Reads NDJSON for `phones` simulated phones in this venue; README.md has the format. Throws
/// std::runtime_error with file, line and key of the first thing that is wrong, and what is expected there.
std::vector<Step> load_script(const std::string& path, std::size_t phones, const Venue& venue);

/// The same with the file's bytes; `name` is for the errors.
std::vector<Step> parse_script(const std::string& name, std::string_view bytes, std::size_t phones,
                               const Venue& venue);

}  // namespace convoke::crowd
