#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::cli {

/// `text` with every control character (escape sequences too) replaced: names come from strangers, and a
/// terminal obeys what it is sent.
std::string printable(std::string_view text);

/// "10m", "90s", "2h", "1d" in milliseconds; nothing if it is none of these, not above zero, or over 366
/// days.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// Unix milliseconds as "2026-06-01T19:30:00Z".
std::string format_time(std::int64_t unix_ms);

/// Rows under a header, columns aligned; every cell is made printable. Without rows: `empty` on a line of its
/// own.
void print_table(std::ostream& out, const std::vector<std::string>& header,
                 const std::vector<std::vector<std::string>>& rows, std::string_view empty);

}  // namespace convoke::cli
