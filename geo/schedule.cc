#include "geo/schedule.h"

#include <date/tz.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <stdexcept>

namespace convoke::geo {
namespace {

using date::local_days;
using date::sys_seconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kLastMs = 253'402'300'799'999;  // the end of the year 9999

const date::time_zone* find_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string(name));
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

/// When it is open, in Unix seconds: from included, to excluded.
struct Span {
  std::int64_t from, to;
};

enum class Occurrence { first, last };

/// When the clocks of the zone show the time.
std::int64_t moment(const date::time_zone& zone, date::local_seconds at, Occurrence which) {
  const date::local_info info = zone.get_info(at);
  if (info.result == date::local_info::nonexistent) return info.first.end.time_since_epoch().count();
  const bool second = info.result == date::local_info::ambiguous && which == Occurrence::last;
  return (at.time_since_epoch() - (second ? info.second : info.first).offset).count();
}

Date date_of(local_days day) {
  const date::year_month_day ymd(day);
  return {static_cast<std::int16_t>(static_cast<int>(ymd.year())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.month())),
          static_cast<std::uint8_t>(static_cast<unsigned>(ymd.day()))};
}

local_days day_of(Date d) {
  return local_days(date::year(d.year) / static_cast<int>(d.month) / static_cast<int>(d.day));
}

const std::vector<Hours>& hours_on(const Schedule& schedule, local_days day) {
  const auto exception = schedule.exceptions.find(date_of(day));
  if (exception != schedule.exceptions.end()) return exception->second;
  return schedule.week[date::weekday(day).iso_encoding() - 1];
}

/// The spans that begin on the day, in order.
std::vector<Span> spans_on(const Schedule& schedule, const date::time_zone& zone, local_days day) {
  std::vector<Span> spans;
  for (const Hours hours : hours_on(schedule, day)) {
    const minutes length_of_day(hours.to > hours.from ? 0 : 24 * 60);
    const Span span{moment(zone, day + minutes(hours.from), Occurrence::first),
                    moment(zone, day + length_of_day + minutes(hours.to), Occurrence::last)};
    if (span.from < span.to) spans.push_back(span);  // else a clock change skips it
  }
  std::sort(spans.begin(), spans.end(), [](Span a, Span b) { return a.from < b.from; });
  return spans;
}

/// Follows spans in order of their beginnings until it is known what is now, and until when.
class Search {
 public:
  explicit Search(std::int64_t now) : now_(now) {}

  /// The answer, once there is one.
  std::optional<Openness> add(Span span) {
    if (span.to <= now_) return std::nullopt;
    if (span.from <= std::max(now_, open_until_)) {
      open_until_ = std::max(open_until_, span.to);
      return std::nullopt;
    }
    return is_open() ? Openness{true, open_until_ * 1000} : Openness{false, span.from * 1000};
  }
  /// The answer if no span follows.
  Openness last() const { return is_open() ? Openness{true, open_until_ * 1000} : Openness{}; }
  /// Nothing changes before `at`.
  void skip_to(std::int64_t at) {
    if (is_open()) open_until_ = std::max(open_until_, at);
  }
  /// Open now, and without a break until `at`.
  bool open_at(std::int64_t at) const { return is_open() && open_until_ >= at; }

 private:
  static constexpr std::int64_t kClosed = std::numeric_limits<std::int64_t>::min();
  bool is_open() const { return open_until_ != kClosed; }

  std::int64_t now_;
  std::int64_t open_until_ = kClosed;
};

/// After so many days of the week's own hours without a change only an exception brings one. More than two
/// weeks: what a change of the clock swallows comes again a week later.
constexpr int kQuietDays = 17;

Openness openness_in(const Schedule& schedule, const date::time_zone& zone, std::int64_t now) {
  Search search(now);
  const sys_seconds now_s{seconds(now)};
  int quiet = 0;
  for (local_days day = date::floor<date::days>(zone.to_local(now_s)) - date::days(2);;
       day += date::days(1)) {
    for (const Span span : spans_on(schedule, zone, day)) {
      if (const auto answer = search.add(span)) return *answer;
    }
    quiet = schedule.exceptions.count(date_of(day)) > 0 ? 0 : quiet + 1;
    if (quiet < kQuietDays) continue;
    const std::int64_t midnight = moment(zone, day, Occurrence::first);
    const bool always_open = search.open_at(midnight);
    const auto next = schedule.exceptions.upper_bound(date_of(day));
    if (next == schedule.exceptions.end()) return always_open ? Openness{true, {}} : search.last();
    const local_days resume = day_of(next->first) - date::days(2);  // one earlier may last into the eve
    if (resume > day + date::days(1)) {
      if (always_open) search.skip_to(moment(zone, resume + date::days(1), Occurrence::first));
      day = resume - date::days(1);
    }
    quiet = 0;
  }
}

/// The number that `digits` digits make; -1 if they are none.
int number_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

/// Minutes after midnight; -1 if it is not "hh:mm".
int minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return -1;
  const int hour = number_of(text.substr(0, 2)), minute = number_of(text.substr(3));
  return hour >= 0 && minute >= 0 && minute < 60 ? hour * 60 + minute : -1;
}

}  // namespace

Openness openness(const Schedule& schedule, std::int64_t now_ms) {
  const date::time_zone* zone = find_zone(schedule.time_zone);
  if (zone == nullptr) return {};
  return openness_in(schedule, *zone, std::clamp<std::int64_t>(now_ms, 0, kLastMs) / 1000);
}

bool is_time_zone(std::string_view name) { return find_zone(name) != nullptr; }

std::optional<Hours> parse_hours(std::string_view text) {
  if (text.size() != 11 || text[5] != '-') return std::nullopt;
  const int from = minute_of(text.substr(0, 5)), to = minute_of(text.substr(6));
  if (from < 0 || from >= 24 * 60 || to < 0 || to > 24 * 60) return std::nullopt;
  return Hours{static_cast<std::uint16_t>(from), static_cast<std::uint16_t>(to)};
}

std::string to_string(Hours h) {
  char text[32];
  std::snprintf(text, sizeof text, "%02d:%02d-%02d:%02d", h.from / 60, h.from % 60, h.to / 60, h.to % 60);
  return text;
}

std::optional<Date> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const int year = number_of(text.substr(0, 4)), month = number_of(text.substr(5, 2)),
            day = number_of(text.substr(8));
  if (year < 1970 || month < 1 || day < 1) return std::nullopt;
  if (!(date::year(year) / month / day).ok()) return std::nullopt;
  return Date{static_cast<std::int16_t>(year), static_cast<std::uint8_t>(month),
              static_cast<std::uint8_t>(day)};
}

std::string to_string(Date d) {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", d.year, d.month, d.day);
  return text;
}

}  // namespace convoke::geo
