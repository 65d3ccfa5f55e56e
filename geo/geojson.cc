#include "geo/geojson.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "geo/exact_json.h"
#include "geo/polygon_builder.h"

namespace convoke::geo {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxErrors = 100;
constexpr std::size_t kMaxNameBytes = 128;
constexpr double kMaxRadiusM = 1'000'000;
constexpr std::string_view kIdForm = "1 to 64 characters out of A-Z a-z 0-9 . _ -";

bool is_plain_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string indexed(const char* what, std::size_t i) {
  return std::string(", ") + what + " " + std::to_string(i);
}

const json::value* member(const json::object& object, std::string_view key) {
  const auto it = object.find(key);
  return it == object.end() || it->value().is_null() ? nullptr : &it->value();
}

std::string_view text_member(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

/// Reads one feature: what is wrong goes to `result`, under the feature's name.
class FeatureReader {
 public:
  FeatureReader(std::string where, const GeoJsonLimits& limits, GeoJsonResult& result)
      : where_(std::move(where)), limits_(limits), result_(result) {}

  void read(const json::value& value) {
    const json::object* feature = value.if_object();
    if (feature == nullptr || text_member(*feature, "type") != "Feature")
      return fail("", "expected a Feature");
    Area area;
    area.id = read_id(*feature);
    if (!area.id.empty()) where_ += " (" + area.id + ")";
    const json::value* properties = member(*feature, "properties");
    if (properties != nullptr && !properties->is_object())
      return fail(", properties", "expected an object or null");
    static const json::object kNone;
    read_geometry(member(*feature, "geometry"), properties != nullptr ? properties->get_object() : kNone,
                  area);
  }

  void read_geometry(const json::value* value, const json::object& properties, Area area) {
    const json::object* geometry = value != nullptr ? value->if_object() : nullptr;
    if (geometry == nullptr)
      return fail(", geometry", "expected a Polygon, a MultiPolygon or a Point with radius_m");
    read_name(properties, area.name);
    const std::string_view type = text_member(*geometry, "type");
    const json::value* coordinates = member(*geometry, "coordinates");
    if (coordinates == nullptr || !coordinates->is_array()) return fail(", coordinates", "expected an array");
    if (type == "Point") {
      read_circle(*coordinates, properties, area);
    } else if (type == "Polygon") {
      read_polygons(coordinates, 1, false, area);
    } else if (type == "MultiPolygon") {
      const json::array& polygons = coordinates->get_array();
      read_polygons(polygons.data(), polygons.size(), true, area);
    } else {
      return fail(", geometry", "expected type Polygon, MultiPolygon, or Point with radius_m");
    }
    if (ok_) result_.areas.push_back(std::move(area));
  }

 private:
  void fail(const std::string& where, std::string what) {
    ok_ = false;
    if (result_.errors.size() < kMaxErrors) result_.errors.push_back({where_ + where, std::move(what)});
  }

  std::string read_id(const json::object& feature) {
    const json::value* id = member(feature, "id");
    if (id != nullptr && id->is_string() && is_plain_id(id->get_string()))
      return std::string(id->get_string());
    if (id != nullptr && (id->is_uint64() || (id->is_int64() && id->get_int64() >= 0)))
      return json::serialize(*id);
    fail(", id", "expected a string of " + std::string(kIdForm) + ", or a whole number");
    return {};
  }

  void read_name(const json::object& properties, std::string& name) {
    const json::value* value = member(properties, "name");
    if (value == nullptr) return;
    if (!value->is_string() || value->get_string().size() > kMaxNameBytes) {
      return fail(", properties.name",
                  "expected a string of at most " + std::to_string(kMaxNameBytes) + " bytes");
    }
    name = std::string(value->get_string());
  }

  void read_circle(const json::value& coordinates, const json::object& properties, Area& area) {
    const auto center = read_position("", coordinates);
    const json::value* radius = member(properties, "radius_m");
    const double radius_m = radius != nullptr && radius->is_number() ? radius->to_number<double>() : 0;
    if (!(radius_m > 0 && radius_m <= kMaxRadiusM)) {
      return fail(", properties.radius_m",
                  "expected a number of metres over 0 and up to 1000000 (a Point is a circle)");
    }
    if (center) area.shape = Circle{*center, radius_m};
  }

  void read_polygons(const json::value* polygons, std::size_t count, bool several, Area& area) {
    if (count == 0) return fail("", "expected at least one polygon");
    std::vector<std::vector<Ring>> rings;
    for (std::size_t i = 0; i < count; ++i) {
      rings.push_back(read_rings(several ? indexed("polygon", i) : "", polygons[i]));
    }
    if (!ok_) return;
    std::vector<PolygonProblem> errors, repaired;
    area.shape = build_polygons(rings, errors, repaired);
    for (PolygonProblem& e : errors) fail(e.where, std::move(e.what));
    for (PolygonProblem& r : repaired) result_.repaired.push_back({where_ + r.where, std::move(r.what)});
  }

  std::vector<Ring> read_rings(const std::string& where, const json::value& value) {
    std::vector<Ring> rings;
    const json::array* array = value.if_array();
    if (array == nullptr || array->empty()) {
      fail(where, "expected an array of rings, the outer one first");
      return rings;
    }
    for (std::size_t i = 0; i < array->size() && ok_; ++i) {
      rings.push_back(read_ring(where + indexed("ring", i), (*array)[i]));
    }
    return rings;
  }

  Ring read_ring(const std::string& where, const json::value& value) {
    Ring ring;
    const json::array* array = value.if_array();
    if (array == nullptr) {
      fail(where, "expected an array of positions");
      return ring;
    }
    vertices_ += array->size();
    if (vertices_ > limits_.max_vertices) {
      fail(where,
           "too many vertices: expected at most " + std::to_string(limits_.max_vertices) + " in one area");
      return ring;
    }
    ring.reserve(array->size());
    for (std::size_t i = 0; i < array->size(); ++i) {
      const auto position = read_position(where + indexed("vertex", i), (*array)[i]);
      if (!position) return ring;
      ring.push_back(*position);
    }
    return ring;
  }

  std::optional<LatLon> read_position(const std::string& where, const json::value& value) {
    const json::array* array = value.if_array();
    const bool numbers =
        array != nullptr && array->size() >= 2 && (*array)[0].is_number() && (*array)[1].is_number();
    if (!numbers) {
      fail(where, "expected a position: [longitude, latitude] as numbers");
      return std::nullopt;
    }
    const auto position = checked((*array)[1].to_number<double>(), (*array)[0].to_number<double>());
    if (!position)
      fail(where, "out of range: expected longitude from -180 to 180, then latitude from -90 to 90");
    return position;
  }

  std::string where_;
  const GeoJsonLimits& limits_;
  GeoJsonResult& result_;
  std::size_t vertices_ = 0;
  bool ok_ = true;
};

void read_collection(const json::object& root, const GeoJsonLimits& limits, GeoJsonResult& result) {
  const json::value* features = member(root, "features");
  if (features == nullptr || !features->is_array()) {
    result.errors.push_back({"features", "expected an array"});
    return;
  }
  const json::array& array = features->get_array();
  if (array.size() > limits.max_areas) {
    result.errors.push_back({"features", "too many: expected at most " + std::to_string(limits.max_areas)});
    return;
  }
  std::set<std::string> ids;
  for (std::size_t i = 0; i < array.size() && result.errors.size() < kMaxErrors; ++i) {
    const std::string where = "feature " + std::to_string(i);
    const std::size_t before = result.areas.size();
    FeatureReader(where, limits, result).read(array[i]);
    if (result.areas.size() > before && !ids.insert(result.areas.back().id).second) {
      result.errors.push_back({where + " (" + result.areas.back().id + ")", "the id occurs twice"});
    }
  }
}

void read_root(const json::value& value, const GeoJsonLimits& limits, GeoJsonResult& result) {
  const json::object* root = value.if_object();
  const std::string_view type = root != nullptr ? text_member(*root, "type") : "";
  if (type == "FeatureCollection") return read_collection(*root, limits, result);
  FeatureReader reader("the file", limits, result);
  if (type == "Feature") return reader.read(value);
  if (type == "Polygon" || type == "MultiPolygon")
    return reader.read_geometry(&value, {}, Area{"area", "", {}});
  result.errors.push_back(
      {"the file", "expected a FeatureCollection, a Feature, a Polygon or a MultiPolygon"});
}

}  // namespace

GeoJsonResult parse_geojson(std::string_view text, const GeoJsonLimits& limits) {
  GeoJsonResult result;
  if (text.size() > limits.max_bytes) {
    result.errors.push_back(
        {"the file", "too large: expected at most " + std::to_string(limits.max_bytes) + " bytes"});
    return result;
  }
  auto parsed = parse_exact_json(text);
  if (const auto* error = std::get_if<std::string>(&parsed)) {
    result.errors.push_back({"the file", *error});
    return result;
  }
  read_root(std::get<json::value>(parsed), limits, result);
  if (!result.errors.empty()) result.areas.clear();
  return result;
}

}  // namespace convoke::geo
