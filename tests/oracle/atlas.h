#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "geo/lat_lon.h"

/// Borders of countries and counties, as the npm packages world-atlas and us-atlas have them.
namespace convoke::oracle {

using Line = std::vector<geo::LatLon>;
/// The outer ring first, then the holes; closed.
using Rings = std::vector<Line>;

struct AtlasArea {
  std::string id;
  std::vector<Rings> polygons;
};

/// Decodes the polygons of one object of a TopoJSON file. The areas are called `prefix` and a number. Throws
/// std::runtime_error if the file is not as expected.
std::vector<AtlasArea> load_topojson(const std::filesystem::path& file, const std::string& object,
                                     const std::string& prefix);

/// All countries and all counties of the atlases that `ops/install test` has put into `folder`. `fine` adds
/// the countries in more detail, six times as many positions.
std::vector<AtlasArea> load_atlas(const std::filesystem::path& folder, bool fine);

/// Why the atlas cannot be loaded; empty if it can.
std::string missing_in(const std::filesystem::path& folder);

/// The line, going on beyond ±180 where it crosses the antimeridian.
Line unwrapped(const Line& line);

}  // namespace convoke::oracle
