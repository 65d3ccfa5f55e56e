#pragma once

#include <string_view>

#include "ops/tracks/fixes.h"

namespace convoke::tracks {

/// Reads the track points of GPX as `parse_fixes` describes it, in order of the file. Routes and waypoints
/// have no time and are left out.
TrackFile parse_gpx(std::string_view text, std::string_view stem, const TrackLimits& limits);

}  // namespace convoke::tracks
