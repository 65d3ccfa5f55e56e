#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::topics {

/// Reads an RFC 3339 date-time with offset (`2026-06-01T19:30:00Z`, `…T19:30:00.250+02:00`) as Unix
/// milliseconds. Digits beyond milliseconds are dropped; a leap second counts as the second after it. Nothing
/// if it is none.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

/// `2026-06-01T19:30:00.250Z`, always UTC with milliseconds.
std::string format_rfc3339(std::int64_t unix_ms);

}  // namespace convoke::topics
