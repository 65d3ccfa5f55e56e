#include "ops/tracks/fixes.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <memory>

#include "ops/tracks/csv.h"
#include "ops/tracks/gpx.h"

namespace convoke::tracks {
namespace {

struct CloseGz {
  void operator()(gzFile file) const { gzclose(file); }
};
using GzFile = std::unique_ptr<gzFile_s, CloseGz>;

/// Reads a file, plain or compressed. Returns what went wrong, or "".
std::string read_text(const std::filesystem::path& path, std::size_t max_bytes, std::string& text) {
  if (std::error_code error; std::filesystem::is_directory(path, error))
    return "is a directory: expected a file";
  const GzFile file(gzopen(path.c_str(), "rb"));
  if (file == nullptr) return "cannot be opened: expected a readable file";
  std::array<char, 1 << 16> buffer;
  int count = 0;
  while ((count = gzread(file.get(), buffer.data(), buffer.size())) > 0) {
    if (text.size() + static_cast<std::size_t>(count) > max_bytes) {
      return "too large: expected at most " + std::to_string(max_bytes) + " bytes";
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  int error = Z_OK;
  gzerror(file.get(), &error);
  return count < 0 || error == Z_BUF_ERROR ? "cannot be read: expected a whole plain or gzip file" : "";
}

std::string_view without_byte_order_mark(std::string_view text) {
  return text.substr(0, 3) == "\xEF\xBB\xBF" ? text.substr(3) : text;
}

bool looks_like_xml(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

/// "user.gpx.gz" -> "user"
std::string stem_of(const std::filesystem::path& path) {
  const std::filesystem::path name = path.filename();
  return name.extension() == ".gz" ? name.stem().stem().string() : name.stem().string();
}

}  // namespace

std::string TrackProblem::to_string() const {
  std::string where = line == 0 ? "the file" : "line " + std::to_string(line);
  if (!column.empty()) where += ", column " + column;
  return where + ": " + what;
}

TrackFile parse_fixes(std::string_view text, std::string_view stem, const TrackLimits& limits) {
  text = without_byte_order_mark(text);
  TrackFile file = looks_like_xml(text) ? parse_gpx(text, stem, limits) : parse_csv(text, limits);
  if (!file.errors.empty()) file.fixes.clear();
  const auto earlier = [](const TrackFix& a, const TrackFix& b) {
    return a.position.time_ms < b.position.time_ms;
  };
  if (!std::is_sorted(file.fixes.begin(), file.fixes.end(), earlier))
    std::stable_sort(file.fixes.begin(), file.fixes.end(), earlier);
  return file;
}

TrackFile load_fixes(const std::filesystem::path& path, const TrackLimits& limits) {
  std::string text;
  if (const std::string problem = read_text(path, limits.max_bytes, text); !problem.empty()) {
    return {{}, {{0, "", problem}}};
  }
  return parse_fixes(text, stem_of(path), limits);
}

}  // namespace convoke::tracks
