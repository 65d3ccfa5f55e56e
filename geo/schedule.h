#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::geo {

/// A span of local time, in minutes after midnight: from included, to excluded. Where `to` is not after
/// `from` it is that of the next day; equal times are 24 hours.
struct Hours {
  std::uint16_t from = 0;  // 0 to 1,439
  std::uint16_t to = 0;    // 0 to 1,440
  friend bool operator==(const Hours&, const Hours&) = default;
};

struct Date {
  std::int16_t year = 1970;  // 1970 to 9999
  std::uint8_t month = 1;    // 1 to 12
  std::uint8_t day = 1;      // 1 to 31
  friend auto operator<=>(const Date&, const Date&) = default;
};

/// Opening hours by the clock of a place. A span belongs to the day on which it begins: an exception for a
/// date replaces the spans that begin on it, and one that began the evening before runs on.
struct Schedule {
  std::string time_zone = {};                          // IANA, as "Europe/Berlin"
  std::array<std::vector<Hours>, 7> week = {};         // Monday first; at most 24 spans a day
  std::map<Date, std::vector<Hours>> exceptions = {};  // at most 1,000; no spans: closed
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

struct Openness {
  bool open = false;
  std::optional<std::int64_t> changes_ms;  // Unix ms, after now; absent: never
  friend bool operator==(const Openness&, const Openness&) = default;
};

/// Whether it is open at `now_ms` (Unix ms, within the years 1970 to 9999), and when that changes next. A
/// local time that a clock change skips counts as the moment of the change; of one that occurs twice, spans
/// begin at the first and end at the second. The zones are those of the system's tzdata; after 2037 they know
/// no summer time. Always closed if the zone is not known.
Openness openness(const Schedule& schedule, std::int64_t now_ms);

/// True if the system's tzdata has the zone.
bool is_time_zone(std::string_view name);

/// "18:00-02:00", with 24:00 allowed as the end. Nothing if it is not so.
std::optional<Hours> parse_hours(std::string_view text);
std::string to_string(Hours hours);

/// "2026-12-24". Nothing if there is no such day.
std::optional<Date> parse_date(std::string_view text);
std::string to_string(Date date);

}  // namespace convoke::geo
