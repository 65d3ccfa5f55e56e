#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace convoke::tracks {

/// Unix milliseconds from RFC 3339 (topics/rfc3339.h) or from Unix seconds ("1224741185", fractions allowed,
/// rounded to the millisecond). Years 1970 to 9999. Nothing if it is neither.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace convoke::tracks
