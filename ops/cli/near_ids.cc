#include "ops/cli/near_ids.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

namespace convoke::cli {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// How many characters must be put in, left out or replaced to make one of the other.
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = corner + (a[i] == b[j] ? 0 : 1);
      corner = row[j + 1];
      row[j + 1] = std::min({replaced, corner + 1, row[j] + 1});
    }
  }
  return row.back();
}

/// The less the nearer; nothing if they have nothing to do with each other.
std::optional<std::size_t> distance(const std::string& wrong, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t allowed = 1 + wrong.size() / 4;
  const std::size_t longer = std::max(wrong.size(), text.size()) - std::min(wrong.size(), text.size());
  const std::size_t needed = longer > allowed ? longer : edits(wrong, text);
  if (needed <= allowed) return needed;
  const bool part = wrong.size() >= 3 && text.find(wrong) != std::string::npos;
  const bool whole = text.size() >= 3 && wrong.find(text) != std::string::npos;
  return part || whole ? std::optional(allowed + needed) : std::nullopt;
}

}  // namespace

std::vector<std::string> near_ids(std::string_view wrong, const std::vector<Known>& known,
                                  std::size_t at_most) {
  const std::string typed = lower(wrong.substr(0, 128));
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const auto& [id, name] : known) {
    auto nearest = distance(typed, lower(id));
    const auto by_name = distance(typed, lower(name));
    if (by_name && (!nearest || *by_name < *nearest)) nearest = by_name;
    if (nearest) found.emplace_back(*nearest, id);
  }
  std::sort(found.begin(), found.end());
  if (found.size() > at_most) found.resize(at_most);
  std::vector<std::string> ids;
  for (auto& [_, id] : found) ids.push_back(std::move(id));
  return ids;
}

}  // namespace convoke::cli
