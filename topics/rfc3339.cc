#include "topics/rfc3339.h"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace convoke::topics {
namespace {

/// Takes exactly `digits` digits off the front.
std::optional<int> take(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool skip(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int> take_milliseconds(std::string_view& text) {
  if (!skip(text, ".")) return 0;
  int value = 0;
  std::size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits)
    if (digits < 3) value = value * 10 + (text.front() - '0');
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

/// The offset from UTC in minutes.
std::optional<int> take_offset(std::string_view& text) {
  if (skip(text, "Zz")) return 0;
  const bool west = !text.empty() && text.front() == '-';
  if (!skip(text, "+-")) return std::nullopt;
  auto hours = take(text, 2);
  if (!hours || *hours > 23 || !skip(text, ":")) return std::nullopt;
  auto minutes = take(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  auto y = take(text, 4);
  if (!y || !skip(text, "-")) return std::nullopt;
  auto mo = take(text, 2);
  if (!mo || !skip(text, "-")) return std::nullopt;
  auto d = take(text, 2);
  if (!d || !skip(text, "Tt ")) return std::nullopt;
  auto h = take(text, 2);
  if (!h || *h > 23 || !skip(text, ":")) return std::nullopt;
  auto mi = take(text, 2);
  if (!mi || *mi > 59 || !skip(text, ":")) return std::nullopt;
  auto s = take(text, 2);
  if (!s || *s > 60) return std::nullopt;
  auto ms = take_milliseconds(text);
  if (!ms) return std::nullopt;
  auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  return (days * 86'400LL + *h * 3'600 + *mi * 60 + *s - *offset * 60LL) * 1'000 + *ms;
}

std::string format_rfc3339(std::int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds{unix_ms}};
  const auto midnight = floor<days>(at);
  const year_month_day date{midnight};
  const hh_mm_ss time{at - midnight};
  char out[40];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return out;
}

}  // namespace convoke::topics
