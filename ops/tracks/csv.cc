#include "ops/tracks/csv.h"

#include <algorithm>
#include <array>
#include <optional>

#include "ops/tracks/fields.h"
#include "ops/tracks/time_text.h"

namespace convoke::tracks {
namespace {

constexpr std::size_t kMaxErrors = 20;

enum Column { kUser, kTime, kLat, kLon, kAcc, kColumns };
constexpr std::array<std::string_view, kColumns> kNames = {"user", "time", "lat", "lon", "acc"};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Cuts a line into fields, which point into it. Quotes around a field are taken off; none of our fields
/// needs a quote or a comma inside.
void split(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  while (true) {
    const std::size_t comma = line.find(',');
    std::string_view field = trimmed(line.substr(0, comma));
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
      field = field.substr(1, field.size() - 2);
    fields.push_back(field);
    if (comma == std::string_view::npos) return;
    line.remove_prefix(comma + 1);
  }
}

class CsvReader {
 public:
  explicit CsvReader(const TrackLimits& limits) : limits_(limits) {}

  TrackFile read(std::string_view text) {
    while (!text.empty() && file_.errors.size() < kMaxErrors) {
      ++line_;
      const std::size_t end = text.find('\n');
      read_line(text.substr(0, end));
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    if (!have_header_ && file_.errors.empty())
      fail("", "empty: expected a header line user,time,lat,lon[,acc]", 0);
    return std::move(file_);
  }

 private:
  void fail(std::string_view column, std::string what) { fail(column, std::move(what), line_); }
  void fail(std::string_view column, std::string what, std::size_t line) {
    file_.errors.push_back({line, std::string(column), std::move(what)});
  }

  void read_line(std::string_view line) {
    if (line.size() > limits_.max_line_bytes) {
      return fail("", "too long: expected at most " + std::to_string(limits_.max_line_bytes) + " bytes");
    }
    if (trimmed(line).empty()) return;
    split(line, fields_);
    if (have_header_) return read_fix();
    have_header_ = true;
    read_header();
  }

  void read_header() {
    width_ = fields_.size();
    for (std::size_t c = 0; c < kColumns; ++c) {
      const auto it = std::find(fields_.begin(), fields_.end(), kNames[c]);
      if (it != fields_.end()) {
        place_[c] = static_cast<std::size_t>(it - fields_.begin());
      } else if (c != kAcc) {
        fail(kNames[c], "missing: expected a header line user,time,lat,lon[,acc]");
      }
    }
    usable_ = file_.errors.empty();
  }

  void read_fix() {
    if (!usable_) return;
    if (fields_.size() != width_) {
      return fail("", "expected " + std::to_string(width_) + " fields as in the header, found " +
                          std::to_string(fields_.size()));
    }
    if (file_.fixes.size() >= limits_.max_fixes) {
      usable_ = false;
      return fail("", "too many: expected at most " + std::to_string(limits_.max_fixes) + " fixes");
    }
    const auto time_ms = parse_time(field(kTime));
    const auto lat = parse_number(field(kLat), -90, 90), lon = parse_number(field(kLon), -180, 180);
    const auto acc_m = place_[kAcc] ? parse_number(field(kAcc), 0, 1e6) : std::nullopt;
    const bool acc_ok = acc_m || !place_[kAcc] || field(kAcc).empty();
    if (!is_user_id(field(kUser))) {
      fail("user",
           "expected 1 to 64 characters out of A-Z a-z 0-9 . _ -, or such a name, @ and the name of a site");
    } else if (!time_ms) {
      fail("time", "expected RFC 3339 as 2026-06-01T19:30:00Z, or Unix seconds");
    } else if (!lat) {
      fail("lat", "expected a number from -90 to 90");
    } else if (!lon) {
      fail("lon", "expected a number from -180 to 180");
    } else if (!acc_ok) {
      fail("acc", "expected metres from 0 to 1000000, or nothing");
    } else {
      file_.fixes.push_back({std::string(field(kUser)), {{*lat, *lon}, *time_ms, acc_m}});
    }
  }

  std::string_view field(Column c) const { return fields_[*place_[c]]; }

  const TrackLimits& limits_;
  TrackFile file_;
  std::vector<std::string_view> fields_;
  std::array<std::optional<std::size_t>, kColumns> place_;
  std::size_t width_ = 0;
  std::size_t line_ = 0;
  bool have_header_ = false;
  bool usable_ = false;  // the header has all columns, and there are not too many fixes
};

}  // namespace

TrackFile parse_csv(std::string_view text, const TrackLimits& limits) { return CsvReader(limits).read(text); }

}  // namespace convoke::tracks
