#include "ops/tracks/time_text.h"

#include <cmath>

#include "ops/tracks/fields.h"
#include "topics/rfc3339.h"

namespace convoke::tracks {
namespace {

constexpr double kLastSecond = 253'402'300'799;  // of the year 9999

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  const auto time = topics::parse_rfc3339(text);  // it finds out quickly that it is none
  if (time) return *time >= 0 ? time : std::nullopt;
  if (const auto seconds = parse_number(text, 0, kLastSecond)) return std::llround(*seconds * 1000);
  return std::nullopt;
}

}  // namespace convoke::tracks
