#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace convoke::architecture {

/// What the files of one folder (and those below it that have no rule of their own) may include besides the
/// standard library and their own folder.
struct Rule {
  std::string folder;
  std::vector<std::string> ours;         // folders of ours, exactly: "topics" does not give "topics/messages"
  std::vector<std::string> foreign;      // beginnings of other headers: "boost/json", "mqtt/"
  std::vector<std::string> banned = {};  // standard headers that this folder must do without
};

/// The arrows of docs/architecture.md.
const std::vector<Rule>& rules();

/// Every include under `root` that goes against `rules`, and every source file in a folder that has no rule:
/// "geo/area.cc:3: includes topics/ids.h, but geo may not use topics".
std::vector<std::string> violations(const std::filesystem::path& root, const std::vector<Rule>& rules);

}  // namespace convoke::architecture
