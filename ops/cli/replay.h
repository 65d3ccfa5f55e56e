#pragma once

#include <filesystem>
#include <optional>
#include <ostream>

#include "geo/area_rule.h"

namespace convoke::cli {

struct ReplayOptions {
  std::filesystem::path areas;         // GeoJSON, KML or WKT
  std::optional<double> width_m = {};  // of lines that state none
  std::filesystem::path fixes;         // CSV or GPX, perhaps compressed with gzip
  bool raw = false;                    // no smoothing: plain inside or outside of each fix
  // Of the areas that state none, unless `raw`.
  geo::AreaRule rule = geo::AreaRule::balanced();
  std::filesystem::path html = {};  // a page with the map to write; empty: none
  bool progress = false;            // rewrites a line on `err` while it works; for a terminal
};

/// `convokectl replay`: runs recorded tracks against areas without any server. Writes one transition a line
/// (NDJSON, as docs/protocol/files.md has it) to `out`; notes, errors and the summary at the end to `err`.
/// Returns 0, or 1 if a file cannot be used or written, or `out` cannot.
int replay_command(const ReplayOptions& options, std::ostream& out, std::ostream& err);

}  // namespace convoke::cli
