#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "geo/area.h"

namespace convoke::geo {

struct AreaLimits {
  std::size_t max_bytes = 64 << 20;
  std::size_t max_areas = 200'000;
  std::size_t max_vertices = 100'000;  // per area
  bool any_time_zone = false;          // true: also those that the system does not know, which are closed
};

/// What a file may leave open.
struct AreaDefaults {
  std::string id = "area";             // of a geometry without one; several are numbered: area-0, area-1, …
  std::optional<double> width_m = {};  // of lines that state none; 0 < width <= 100,000
};

/// One thing wrong with a file of areas, or worth telling: where, and what. "feature 3 (hall-a), ring 0,
/// vertex 17", "out of range: …". Counted from 0.
struct AreaProblem {
  std::string where;
  std::string what;
};

/// What a file of areas holds, whatever its format.
struct AreaFile {
  std::vector<Area> areas;          // empty if there are errors: all or nothing
  std::vector<AreaProblem> errors;  // at most 100
  // Mended, and worth telling: ring order, a ring split at ±180°; and properties that look like misspelt ones
  // of ours, which are not read.
  std::vector<AreaProblem> repaired;
};

enum class AreaFormat { geojson, wkt, kml };

/// By the end of a file's name: .geojson and .json, .wkt, .kml, in any case. Nothing for others.
std::optional<AreaFormat> area_format_of(std::string_view file_name);

/// Reads a file of areas: parse_geojson, parse_wkt or parse_kml.
AreaFile parse_areas(std::string_view text, AreaFormat format, const AreaLimits& limits = {},
                     const AreaDefaults& defaults = {});

/// What a file of that name leaves open: the id is made of the name, without folder and ending.
AreaDefaults defaults_for(std::string_view file_name, std::optional<double> width_m = {});

/// An id made of a text for people: what an id may not have becomes "-"; 64 characters at most. Empty if
/// nothing is left.
std::string slug(std::string_view text);

}  // namespace convoke::geo
