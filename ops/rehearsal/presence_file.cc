#include "ops/rehearsal/presence_file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "ops/tracks/fields.h"
#include "ops/tracks/time_text.h"

namespace convoke::rehearsal {
namespace {

constexpr std::size_t kMaxLines = 1'000'000;
constexpr std::size_t kMaxProblems = 20;

/// Exactly three fields.
std::optional<std::array<std::string_view, 3>> fields(std::string_view line) {
  std::array<std::string_view, 3> out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto comma = line.find(',');
    if ((comma == line.npos) != (i == 2)) return std::nullopt;
    out[i] = line.substr(0, comma);
    if (i < 2) line.remove_prefix(comma + 1);
  }
  return out;
}

/// What is wrong with the line, or nothing: then `change` has it.
std::string read(std::string_view line, PresenceChange& change) {
  const auto parts = fields(line);
  if (!parts) return "user,time,presence";
  const auto& [user, time, presence] = *parts;
  const auto at = tracks::parse_time(time);
  const auto state = messages::parse_presence_state(presence);
  if (!tracks::is_user_id(user)) return "a user id first";
  if (!at) return "a time second, RFC 3339 or Unix seconds";
  if (!state) return "available, away, busy or offline third";
  change = {std::string(user), *at, *state};
  return {};
}

}  // namespace

PresenceFile parse_presences(std::string_view text) {
  PresenceFile file;
  for (std::size_t number = 1; !text.empty() && file.problems.size() < kMaxProblems; ++number) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    PresenceChange change;
    std::string wrong;
    if (number == 1)
      wrong = line == "user,time,presence" ? "" : "the header user,time,presence";
    else
      wrong = number <= kMaxLines ? read(line, change) : "at most a million lines";
    if (!wrong.empty())
      file.problems.push_back("line " + std::to_string(number) + ": expected " + wrong);
    else if (number > 1)
      file.changes.push_back(std::move(change));
    if (number > kMaxLines) break;
  }
  if (!file.problems.empty()) file.changes.clear();
  std::stable_sort(file.changes.begin(), file.changes.end(),
                   [](const auto& a, const auto& b) { return a.time_ms < b.time_ms; });
  return file;
}

}  // namespace convoke::rehearsal
