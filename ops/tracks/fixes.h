#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "geo/fence_tracker.h"

namespace convoke::tracks {

/// One recorded position of one user.
struct TrackFix {
  std::string user;  // `user` or `user@site`, each [A-Za-z0-9._-]{1,64}
  geo::Position position;
};

struct TrackLimits {
  std::size_t max_bytes = std::size_t{2} << 30;  // after decompression
  std::size_t max_line_bytes = 4096;
  std::size_t max_fixes = 20'000'000;
};

/// One thing wrong with a file of fixes.
struct TrackProblem {
  std::size_t line = 0;  // from 1; 0: the file as a whole
  std::string column;    // or XML attribute; empty: the whole line
  std::string what;      // "expected …"
  /// "line 17, column lat: expected a number from -90 to 90"
  std::string to_string() const;
};

struct TrackFile {
  // In order of time, equal times in order of the file; empty if there are errors.
  std::vector<TrackFix> fixes;
  std::vector<TrackProblem> errors;  // at most 20
};

/// Reads a file of fixes, all or nothing. CSV or GPX is told by the content; either may be compressed with
/// gzip. CSV: a header line names the columns `user,time,lat,lon` and perhaps `acc`, in any order; others are
/// ignored. Time is RFC 3339 or Unix seconds. GPX: the points of all tracks, each with a time; the user is
/// the track's name, or the file's, with characters that an id may not have replaced by `-`.
TrackFile load_fixes(const std::filesystem::path& path, const TrackLimits& limits = {});

/// The same from memory (not compressed). `stem` names the user of a GPX track without a name.
TrackFile parse_fixes(std::string_view text, std::string_view stem, const TrackLimits& limits = {});

}  // namespace convoke::tracks
