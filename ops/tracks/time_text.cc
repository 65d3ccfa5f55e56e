#include "ops/tracks/time_text.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>

#include "ops/tracks/fields.h"

namespace convoke::tracks {
namespace {

constexpr double kLastSecond = 253'402'300'799;  // of the year 9999

/// Reads a text from left to right; once something is not as expected, `ok` stays false.
struct Scanner {
  std::string_view rest;
  bool ok = true;

  int digits(std::size_t count, int low, int high) {
    int value = 0;
    const bool enough = rest.size() >= count;
    const auto end = rest.data() + (enough ? count : 0);
    ok = ok && enough && rest.front() >= '0' && rest.front() <= '9' &&
         std::from_chars(rest.data(), end, value).ptr == end && value >= low && value <= high;
    rest.remove_prefix(ok ? count : rest.size());
    return value;
  }

  char one_of(std::string_view characters) {
    ok = ok && !rest.empty() && characters.find(rest.front()) != std::string_view::npos;
    const char c = ok ? rest.front() : '\0';
    rest.remove_prefix(ok ? 1 : rest.size());
    return c;
  }

  /// ".25" as 0.25; 0 if there is no fraction.
  double fraction() {
    if (rest.empty() || rest.front() != '.') return 0;
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    const std::string_view text = rest.substr(0, end);
    rest.remove_prefix(end);
    ok = ok && text.size() > 1;
    return ok ? parse_number(text, 0, 1).value_or(0) : 0;
  }
};

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  Scanner in{text};
  const int y = in.digits(4, 1970, 9999);
  in.one_of("-");
  const int mo = in.digits(2, 1, 12);
  in.one_of("-");
  const int d = in.digits(2, 1, 31);
  in.one_of("Tt ");
  const int h = in.digits(2, 0, 23);
  in.one_of(":");
  const int mi = in.digits(2, 0, 59);
  in.one_of(":");
  const int s = in.digits(2, 0, 60);  // 60: a leap second
  const auto ms = std::llround(in.fraction() * 1000);
  const char zone = in.one_of("Zz+-");
  int offset_minutes = 0;
  if (zone == '+' || zone == '-') {
    offset_minutes = in.digits(2, 0, 23) * 60;
    in.one_of(":");
    offset_minutes += in.digits(2, 0, 59);
    if (zone == '-') offset_minutes = -offset_minutes;
  }
  const year_month_day date(year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d)));
  if (!in.ok || !in.rest.empty() || !date.ok()) return std::nullopt;
  const auto time = sys_days(date) + hours(h) + minutes(mi - offset_minutes) + seconds(s) + milliseconds(ms);
  const std::int64_t time_ms = time.time_since_epoch().count();
  return time_ms >= 0 ? std::optional(time_ms) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
  if (const auto seconds = parse_number(text, 0, kLastSecond)) return std::llround(*seconds * 1000);
  return parse_rfc3339(text);
}

std::string format_time(std::int64_t time_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(time_ms)};
  const auto midnight = floor<days>(time);
  const year_month_day date(midnight);
  const hh_mm_ss clock(time - midnight);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace convoke::tracks
