#pragma once

#include <string_view>

#include "ops/tracks/fixes.h"

namespace convoke::tracks {

/// Reads CSV as `parse_fixes` describes it, in order of the file. A field may stand in double quotes.
TrackFile parse_csv(std::string_view text, const TrackLimits& limits);

}  // namespace convoke::tracks
