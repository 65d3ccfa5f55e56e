#include "geo/area_file.h"

#include "geo/feature_reader.h"
#include "geo/geojson.h"
#include "geo/kml.h"
#include "geo/wkt.h"

namespace convoke::geo {
namespace {

constexpr std::size_t kMaxIdBytes = 64;

bool ends_with(std::string_view text, std::string_view end) {
  if (text.size() < end.size()) return false;
  text.remove_prefix(text.size() - end.size());
  for (std::size_t i = 0; i < end.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    if (c != end[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<AreaFormat> area_format_of(std::string_view file_name) {
  if (ends_with(file_name, ".geojson") || ends_with(file_name, ".json")) return AreaFormat::geojson;
  if (ends_with(file_name, ".wkt")) return AreaFormat::wkt;
  if (ends_with(file_name, ".kml")) return AreaFormat::kml;
  return std::nullopt;
}

AreaFile parse_areas(std::string_view text, AreaFormat format, const AreaLimits& limits,
                     const AreaDefaults& defaults) {
  switch (format) {
    case AreaFormat::wkt:
      return parse_wkt(text, limits, defaults);
    case AreaFormat::kml:
      return parse_kml(text, limits, defaults);
    case AreaFormat::geojson:
      break;
  }
  return parse_geojson(text, limits, defaults);
}

AreaDefaults defaults_for(std::string_view file_name, std::optional<double> width_m) {
  file_name.remove_prefix(file_name.rfind('/') + 1);  // npos + 1 == 0
  const std::string id = slug(file_name.substr(0, file_name.find('.'))).substr(0, kMaxIdBytes - 8);
  return {.id = id.empty() ? "area" : id, .width_m = width_m};
}

std::string slug(std::string_view text) {
  std::string id;
  for (const char c : text) {
    const bool plain = is_plain_id({&c, 1});
    if (plain || (!id.empty() && id.back() != '-')) id += plain ? c : '-';
    if (id.size() == kMaxIdBytes) break;
  }
  while (!id.empty() && id.back() == '-') id.pop_back();
  return id;
}

}  // namespace convoke::geo
