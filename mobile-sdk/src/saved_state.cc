#include "mobile-sdk/src/saved_state.h"

#include <charconv>

#include "topics/ids.h"
#include "topics/messages/limits.h"

namespace convoke::sdk {
namespace {

constexpr std::string_view kHeader = "convoke-sdk 1";
constexpr std::uint64_t kMaxConnectNumber = (1ULL << 53) - 2;  // one more still fits the wire's bound

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

void read_connect(std::string_view value, SavedState& state) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && number <= kMaxConnectNumber)
    state.connect_number = number;
}

void read_group(std::string_view value, SavedState& state) {
  const std::size_t space = value.find(' ');
  if (space == std::string_view::npos || state.groups.size() >= messages::kMaxHeldGroups) return;
  const std::string_view group = value.substr(0, space);
  const std::string_view plan = value.substr(space + 1);
  if (topics::is_group_id(group) && topics::is_plain_id(plan))
    state.groups.push_back({std::string(group), std::string(plan)});
}

}  // namespace

std::string format(const SavedState& state) {
  std::string text = std::string(kHeader) + "\nconnect " + std::to_string(state.connect_number) + "\n";
  for (const SavedState::Held& held : state.groups) text += "group " + held.group + " " + held.plan + "\n";
  return text;
}

SavedState parse_saved_state(std::string_view text) {
  SavedState state;
  if (take_line(text) != kHeader) return state;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with("connect ")) read_connect(line.substr(8), state);
    if (line.starts_with("group ")) read_group(line.substr(6), state);
  }
  return state;
}

}  // namespace convoke::sdk
