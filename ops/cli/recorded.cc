#include "ops/cli/recorded.h"

#include <fstream>
#include <string>
#include <utility>

#include "geo/area_file.h"
#include "ops/cli/text.h"

namespace convoke::cli {
namespace {

/// The text of a file of at most `max_bytes`; what is longer comes back one byte too long.
std::optional<std::string> read_text(const std::filesystem::path& path, std::size_t max_bytes) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text;
  std::vector<char> buffer(1 << 16);
  while (text.size() <= max_bytes &&
         (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), file.gcount() > 0)) {
    text.append(buffer.data(), static_cast<std::size_t>(file.gcount()));
  }
  return file.bad() ? std::nullopt : std::optional(std::move(text));
}

}  // namespace

std::optional<std::vector<geo::Area>> load_areas(const std::filesystem::path& path,
                                                 std::optional<double> width_m, std::ostream& err) {
  constexpr std::size_t kMaxBytes = 64 << 20;
  // Whatever the server at hand would take.
  const geo::AreaLimits limits{.max_bytes = kMaxBytes, .max_vertices = kMaxBytes};
  const auto format = geo::area_format_of(path.string()).value_or(geo::AreaFormat::geojson);
  const auto text = read_text(path, limits.max_bytes);
  if (!text) {
    err << path.string() << ": cannot be read: expected a file of areas\n";
    return std::nullopt;
  }
  geo::AreaFile result = geo::parse_areas(*text, format, limits, geo::defaults_for(path.string(), width_m));
  for (const auto& repaired : result.repaired) {
    err << path.string() << ": note: " << printable(repaired.where + ": " + repaired.what) << "\n";
  }
  for (const auto& error : result.errors)
    err << path.string() << ": " << printable(error.where + ": " + error.what) << "\n";
  if (!result.errors.empty()) return std::nullopt;
  return std::move(result.areas);
}

std::optional<std::vector<tracks::TrackFix>> load_fixes(const std::filesystem::path& path,
                                                        std::ostream& err) {
  tracks::TrackFile file = tracks::load_fixes(path);
  for (const auto& error : file.errors) err << path.string() << ": " << error.to_string() << "\n";
  if (!file.errors.empty()) return std::nullopt;
  return std::move(file.fixes);
}

}  // namespace convoke::cli
