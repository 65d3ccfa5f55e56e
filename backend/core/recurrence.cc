#include "backend/core/recurrence.h"

#include <date/tz.h>
#include <libical/ical.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace convoke::core {
namespace {

constexpr int kMaxCount = 10'000;  // of occurrences that have to be counted one by one
constexpr std::size_t kMaxRuleBytes = 512;
constexpr std::size_t kMaxExceptions = 366;

using Iterator = std::unique_ptr<icalrecur_iterator, decltype(&icalrecur_iterator_free)>;

const date::time_zone* find_zone(const std::string& name) {
  try {
    return date::locate_zone(name);
  } catch (const std::runtime_error&) {
    return nullptr;
  }
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

int number(std::string_view digits) {
  int n = 0;
  for (const char c : digits) n = n * 10 + (c - '0');
  return n;
}

/// "2026-06-05".
std::optional<date::local_days> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (!all_digits(text.substr(0, 4)) || !all_digits(text.substr(5, 2)) || !all_digits(text.substr(8)))
    return std::nullopt;
  const date::year_month_day day(date::year(number(text.substr(0, 4))),
                                 date::month(static_cast<unsigned>(number(text.substr(5, 2)))),
                                 date::day(static_cast<unsigned>(number(text.substr(8)))));
  if (!day.ok() || day.year() < date::year(1970)) return std::nullopt;
  return date::local_days(day);
}

/// "2026-06-05T19:30:00".
std::optional<date::local_seconds> parse_local(std::string_view text) {
  if (text.size() != 19 || text[10] != 'T' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto day = parse_day(text.substr(0, 10));
  const std::string_view h = text.substr(11, 2), m = text.substr(14, 2), s = text.substr(17);
  if (!day || !all_digits(h) || !all_digits(m) || !all_digits(s)) return std::nullopt;
  if (number(h) > 23 || number(m) > 59 || number(s) > 59) return std::nullopt;
  return *day + std::chrono::hours(number(h)) + std::chrono::minutes(number(m)) +
         std::chrono::seconds(number(s));
}

icaltimetype to_ical(date::local_seconds at) {
  const auto day = date::floor<date::days>(at);
  const date::year_month_day ymd(day);
  const date::hh_mm_ss<std::chrono::seconds> time(at - day);
  icaltimetype t = icaltime_null_time();
  t.year = static_cast<int>(ymd.year());
  t.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  t.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  t.hour = static_cast<int>(time.hours().count());
  t.minute = static_cast<int>(time.minutes().count());
  t.second = static_cast<int>(time.seconds().count());
  return t;
}

date::local_seconds from_ical(const icaltimetype& t) {
  const date::year_month_day ymd(date::year(t.year), date::month(static_cast<unsigned>(t.month)),
                                 date::day(static_cast<unsigned>(t.day)));
  return date::local_days(ymd) + std::chrono::hours(t.hour) + std::chrono::minutes(t.minute) +
         std::chrono::seconds(t.second);
}

TimeMs moment(const date::time_zone& zone, date::local_seconds at) {
  return (at.time_since_epoch() - zone.get_info(at).first.offset).count() * 1000;
}

date::local_seconds local(const date::time_zone& zone, TimeMs at) {
  return zone.to_local(date::sys_seconds(std::chrono::seconds(at / 1000)));
}

/// The rule, with an end that the same clocks show; its frequency is none if it cannot be read.
icalrecurrencetype parse_rule(const std::string& rule, const date::time_zone& zone) {
  icalrecurrencetype parsed = icalrecurrencetype_from_string(rule.c_str());
  if (parsed.freq != ICAL_NO_RECURRENCE && icaltime_is_utc(parsed.until))
    parsed.until =
        to_ical(zone.to_local(date::sys_seconds(std::chrono::seconds(icaltime_as_timet(parsed.until)))));
  return parsed;
}

/// The times of a rule, one after another, as the clocks show them.
class Occurrences {
 public:
  /// Those from `start` on, and perhaps some before.
  Occurrences(const OnRecurrence& r, const date::time_zone& zone, date::local_seconds start)
      : from_(*parse_local(r.from)), iterator_(nullptr, icalrecur_iterator_free) {
    const icalrecurrencetype rule = parse_rule(r.rule, zone);
    iterator_.reset(icalrecur_iterator_new(rule, to_ical(from_)));
    // What is counted has to be gone through from its beginning.
    if (iterator_ && rule.count == 0 && start > from_)
      icalrecur_iterator_set_start(iterator_.get(), to_ical(start));
    for (const std::string& day : r.except) except_.push_back(*parse_day(day));
  }

  std::optional<date::local_seconds> next() {
    while (iterator_) {
      const icaltimetype t = icalrecur_iterator_next(iterator_.get());
      if (icaltime_is_null_time(t) || t.year > 9999) return std::nullopt;
      const date::local_seconds at = from_ical(t);
      if (std::find(except_.begin(), except_.end(), date::floor<date::days>(at)) == except_.end()) return at;
    }
    return std::nullopt;
  }

 private:
  date::local_seconds from_;
  Iterator iterator_;
  std::vector<date::local_days> except_;
};

}  // namespace

messages::Result<OnRecurrence> checked_recurrence(OnRecurrence r) {
  using messages::Error;
  const date::time_zone* const zone = find_zone(r.zone);
  if (!zone) return Error{"zone", "a time zone of the IANA database, as Europe/Berlin"};
  if (!parse_local(r.from))
    return Error{"from", "a local date and time from 1970 on, as 2026-06-05T19:30:00"};
  if (r.except.size() > kMaxExceptions) return Error{"except", "at most 366 dates"};
  for (const std::string& day : r.except)
    if (!parse_day(day)) return Error{"except", "local dates, as 2026-12-25"};
  if (r.rule.size() > kMaxRuleBytes) return Error{"rule", "at most 512 bytes"};
  const icalrecurrencetype rule = parse_rule(r.rule, *zone);
  if (rule.freq != ICAL_DAILY_RECURRENCE && rule.freq != ICAL_WEEKLY_RECURRENCE &&
      rule.freq != ICAL_MONTHLY_RECURRENCE && rule.freq != ICAL_YEARLY_RECURRENCE)
    return Error{"rule", "an iCalendar rule that repeats daily or less often, as FREQ=WEEKLY;BYDAY=FR"};
  if (rule.by_second[0] != ICAL_RECURRENCE_ARRAY_MAX) return Error{"rule", "no BYSECOND"};
  if (rule.count > kMaxCount) return Error{"rule", "a COUNT of at most 10000"};
  if (!Occurrences(r, *zone, *parse_local(r.from)).next())
    return Error{"rule", "a rule that comes true at least once"};
  return r;
}

std::optional<TimeMs> next_occurrence(const OnRecurrence& r, TimeMs after) {
  const date::time_zone* const zone = find_zone(r.zone);
  if (!zone || after >= kMaxTimeMs) return std::nullopt;
  // A change of clocks may turn the order of two times that lie less than this apart.
  constexpr std::chrono::hours kTurned(24);
  Occurrences occurrences(r, *zone, local(*zone, after) - kTurned);
  std::optional<TimeMs> first;
  std::optional<date::local_seconds> until;
  while (const auto at = occurrences.next()) {
    if (until && *at > *until) break;
    const TimeMs ms = moment(*zone, *at);
    if (ms <= after || ms > kMaxTimeMs || (first && ms >= *first)) continue;
    first = ms;
    until = *at + kTurned;
  }
  return first;
}

}  // namespace convoke::core
