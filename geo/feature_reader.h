#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "geo/area_file.h"

namespace convoke::geo {

/// The errors of one file; more do not help anybody.
inline constexpr std::size_t kMaxAreaErrors = 100;

/// Makes areas of GeoJSON features and checks all there is to check; the readers of other formats make
/// features first. `noun` is what the file calls a feature. Adds to `file`.
void read_features(const boost::json::array& features, const std::string& noun, const AreaLimits& limits,
                   const AreaDefaults& defaults, AreaFile& file);

/// Makes an area of the one Feature of a file.
void read_feature(const boost::json::value& feature, const AreaLimits& limits, const AreaDefaults& defaults,
                  AreaFile& file);

/// Makes an area of a bare geometry; its id is that of `defaults`.
void read_geometry(const boost::json::value& geometry, const AreaLimits& limits, const AreaDefaults& defaults,
                   AreaFile& file);

/// True for 1 to 64 characters out of A-Z a-z 0-9 . _ -
bool is_plain_id(std::string_view text);

}  // namespace convoke::geo
