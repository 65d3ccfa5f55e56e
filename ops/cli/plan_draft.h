#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::cli {

/// One plan for each area of a GeoJSON text, as a TOML plan file: it starts when somebody enters the area, or
/// with `reaches` when so many are in it; its audience are those in the area; it ends after `after` ("10m").
/// Throws Failure with every fault of the text.
std::string draft_plans(std::string_view geojson, std::optional<std::uint32_t> reaches,
                        std::string_view after);

}  // namespace convoke::cli
