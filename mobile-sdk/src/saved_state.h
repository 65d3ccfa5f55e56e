#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::sdk {

/// What survives the end of the process. Text, one line for each fact; an unknown or broken line is skipped,
/// so that an older SDK can read a newer one's file:
///
///   convoke-sdk 1
///   connect 1767225600000
///   group 0123456789abcdef0123456789abcdef hall-a
struct SavedState {
  struct Held {
    std::string group;
    std::string plan;
    friend bool operator==(const Held&, const Held&) = default;
  };
  std::uint64_t connect_number = 0;
  std::vector<Held> groups;  // at most messages::kMaxHeldGroups
  friend bool operator==(const SavedState&, const SavedState&) = default;
};

std::string format(const SavedState& state);
SavedState parse_saved_state(std::string_view text);

}  // namespace convoke::sdk
