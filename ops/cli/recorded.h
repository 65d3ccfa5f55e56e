#pragma once

#include <filesystem>
#include <optional>
#include <ostream>
#include <vector>

#include "geo/area.h"
#include "ops/tracks/fixes.h"

namespace convoke::cli {

/// The areas of a file (GeoJSON, KML or WKT); `width_m` is that of lines that state none. Notes and errors go
/// to `err`; nothing if there are errors.
std::optional<std::vector<geo::Area>> load_areas(const std::filesystem::path& path,
                                                 std::optional<double> width_m, std::ostream& err);

/// The fixes of a file (CSV or GPX, perhaps compressed), in order of time; nothing, and errors to `err`, if
/// it cannot be used.
std::optional<std::vector<tracks::TrackFix>> load_fixes(const std::filesystem::path& path, std::ostream& err);

}  // namespace convoke::cli
