#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "geo/area_file.h"
#include "ops/tracks/fixes.h"
#include "tests/bench/city.h"

namespace convoke::bench {

/// What a benchmark runs over.
struct Site {
  std::vector<geo::Area> areas;
  std::vector<std::string> users;
  std::vector<Fix> fixes;  // in order of time
};

/// The shapes of a file's areas, without what else the file says of them: it would keep the variants from
/// being comparable. Throws with the first thing that is wrong.
inline std::vector<geo::Area> recorded_areas(const std::filesystem::path& path) {
  const auto format = geo::area_format_of(path.string());
  if (!format) throw std::runtime_error(path.string() + ": expected .geojson, .wkt or .kml");
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  geo::AreaFile file = geo::parse_areas(text, *format, {}, geo::defaults_for(path.string()));
  if (!file.errors.empty())
    throw std::runtime_error(path.string() + ": " + file.errors[0].where + ": " + file.errors[0].what);
  std::vector<geo::Area> areas;
  for (geo::Area& area : file.areas)
    areas.push_back({.id = std::move(area.id), .name = {}, .shape = std::move(area.shape)});
  return areas;
}

/// A recorded site. Throws with the first thing that is wrong.
inline Site recorded(const std::filesystem::path& areas_file, const std::filesystem::path& fixes_file) {
  Site site{recorded_areas(areas_file), {}, {}};
  const tracks::TrackFile file = tracks::load_fixes(fixes_file);
  if (!file.errors.empty()) throw std::runtime_error(fixes_file.string() + ": " + file.errors[0].to_string());
  if (site.areas.empty() || file.fixes.empty()) throw std::runtime_error("no areas, or no fixes");
  std::unordered_map<std::string, std::uint32_t> numbers;
  for (const auto& [user, position] : file.fixes) {
    const auto [it, fresh] = numbers.try_emplace(user, static_cast<std::uint32_t>(site.users.size()));
    if (fresh) site.users.push_back(user);
    site.fixes.push_back(
        {it->second, static_cast<float>(position.acc_m.value_or(-1)), position.at, position.time_ms});
  }
  return site;
}

}  // namespace convoke::bench
