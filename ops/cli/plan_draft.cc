#include "ops/cli/plan_draft.h"

#include <fmt/format.h>

#include "geo/geojson.h"
#include "ops/cli/failure.h"

namespace convoke::cli {
namespace {

/// A TOML basic string.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

std::string draft_plans(std::string_view geojson, std::optional<std::uint32_t> reaches,
                        std::string_view after) {
  const auto parsed = geo::parse_geojson(geojson);
  if (!parsed.errors.empty()) {
    std::string text = "the areas cannot be read";
    for (const auto& error : parsed.errors) text += "\n  " + error.where + ": " + error.what;
    throw Failure(kFailed, text);
  }
  std::string out = "schema = 1\n";
  for (const auto& area : parsed.areas) {
    const std::string id = quoted(area.id);
    out += fmt::format("\n[[plan]]\nid = {}\nname = {}\naudience.any = [{{ area = {} }}]\n", id,
                       quoted(area.name.empty() ? area.id : area.name), id);
    out += reaches
               ? fmt::format("start = [{{ on = \"occupancy\", area = {}, reaches = {} }}]\n", id, *reaches)
               : fmt::format("start = [{{ on = \"enter\", area = {} }}]\n", id);
    out += fmt::format("end = [{{ on = \"duration\", after = {} }}]\n", quoted(after));
  }
  return out;
}

}  // namespace convoke::cli
