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

std::string draft_plans(std::string_view geojson, std::uint32_t reaches, std::string_view after) {
  const auto parsed = geo::parse_geojson(geojson);
  if (!parsed.errors.empty()) {
    std::string text = "the areas cannot be read";
    for (const auto& error : parsed.errors) text += "\n  " + error.where + ": " + error.what;
    throw Failure(kFailed, text);
  }
  std::string out = "schema = 1\n";
  for (const auto& area : parsed.areas) {
    out += fmt::format(
        "\n[[plan]]\nid = {0}\nname = {1}\naudience.any = [{{ area = {0} }}]\n"
        "start = [{{ on = \"occupancy\", area = {0}, reaches = {2} }}]\nend = [{{ on = \"duration\", after = "
        "{3} }}]\n",
        quoted(area.id), quoted(area.name.empty() ? area.id : area.name), reaches, quoted(after));
  }
  return out;
}

}  // namespace convoke::cli
