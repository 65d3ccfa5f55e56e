#include "geo/geojson.h"

#include <boost/json.hpp>

#include "geo/area_properties.h"
#include "geo/exact_json.h"
#include "geo/feature_reader.h"

namespace convoke::geo {
namespace {

namespace json = boost::json;

constexpr std::string_view kGeometries[] = {"Polygon",    "MultiPolygon",    "Point",
                                            "LineString", "MultiLineString", "GeometryCollection"};

void read_root(const json::value& value, const AreaLimits& limits, const AreaDefaults& defaults,
               AreaFile& file) {
  const json::object* root = value.if_object();
  const json::value* type = root != nullptr ? member(*root, "type") : nullptr;
  const std::string_view name =
      type != nullptr && type->is_string() ? std::string_view(type->get_string()) : "";
  if (name == "Feature") return read_feature(value, limits, defaults, file);
  for (const std::string_view geometry : kGeometries) {
    if (name == geometry) return read_geometry(value, limits, defaults, file);
  }
  if (name != "FeatureCollection") {
    file.errors.push_back({"the file", "expected a FeatureCollection, a Feature or a geometry"});
    return;
  }
  const json::value* features = member(*root, "features");
  if (features == nullptr || !features->is_array()) {
    file.errors.push_back({"features", "expected an array"});
    return;
  }
  read_features(features->get_array(), "feature", limits, defaults, file);
}

}  // namespace

AreaFile parse_geojson(std::string_view text, const AreaLimits& limits, const AreaDefaults& defaults) {
  AreaFile file;
  if (text.size() > limits.max_bytes) {
    file.errors.push_back(
        {"the file", "too large: expected at most " + std::to_string(limits.max_bytes) + " bytes"});
    return file;
  }
  auto parsed = parse_exact_json(text);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    file.errors.push_back({"the file", *error});
    return file;
  }
  read_root(std::get<json::value>(parsed), limits, defaults, file);
  if (!file.errors.empty()) file.areas.clear();
  return file;
}

}  // namespace convoke::geo
