#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/child_process.h"

namespace convoke::test {

using Traces = std::set<std::pair<std::string, std::string>>;  // of these, which stands in which file

/// Searches every byte of every file below the folder.
inline Traces traces_in(const std::filesystem::path& folder, const std::vector<std::string>& of) {
  Traces found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string bytes = read_file(entry.path().string());
    for (const std::string& trace : of)
      if (bytes.find(trace) != std::string::npos) found.emplace(trace, entry.path().string());
  }
  return found;
}

}  // namespace convoke::test
