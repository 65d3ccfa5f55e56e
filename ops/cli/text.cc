#include "ops/cli/text.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <charconv>

namespace convoke::cli {
namespace {

/// Columns that a UTF-8 text takes, one for each code point: near enough for names.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void print_row(std::ostream& out, const std::vector<std::string>& row,
               const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    line += row[i];
    if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
  }
  out << line << '\n';
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;  // U+0080 to U+009F: control characters of two bytes
    out += (c < 0x20 || c == 0x7F || c1) ? '?' : text[i];
  }
  return out;
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end + 1 != text.data() + text.size()) return std::nullopt;
  std::int64_t unit = 0;
  switch (*end) {
    case 's':
      unit = 1000;
      break;
    case 'm':
      unit = 60'000;
      break;
    case 'h':
      unit = 3'600'000;
      break;
    case 'd':
      unit = 86'400'000;
      break;
    default:
      return std::nullopt;
  }
  constexpr std::int64_t kLongest = 366LL * 86'400'000;
  if (number <= 0 || number > kLongest / unit) return std::nullopt;
  return number * unit;
}

std::string format_time(std::int64_t unix_ms) {
  constexpr std::int64_t kYear9999 = 253'402'300'799'000;
  if (unix_ms < 0 || unix_ms > kYear9999) return std::to_string(unix_ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)));
}

void print_table(std::ostream& out, const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows, std::string_view empty) {
  if (rows.empty()) {
    out << empty << '\n';
    return;
  }
  auto cells = rows;
  cells.insert(cells.begin(), header);
  std::vector<std::size_t> widths(header.size());
  for (auto& row : cells) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = printable(row[i]);
      widths[i] = std::max(widths[i], width(row[i]));
    }
  }
  for (const auto& row : cells) print_row(out, row, widths);
}

}  // namespace convoke::cli
