#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::tracks {

/// Unix milliseconds from RFC 3339 ("2008-10-23T05:53:05.25+08:00"; a space may stand for the T) or from Unix
/// seconds
/// ("1224741185", fractions allowed). Years 1970 to 9999, rounded to the millisecond. Nothing if it is
/// neither.
std::optional<std::int64_t> parse_time(std::string_view text);

/// RFC 3339 in UTC with milliseconds: "2008-10-23T05:53:05.250Z". `time_ms` from 1970 to 9999.
std::string format_time(std::int64_t time_ms);

}  // namespace convoke::tracks
