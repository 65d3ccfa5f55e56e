#include "geo/feature_reader.h"

#include <algorithm>
#include <boost/json.hpp>
#include <set>

#include "geo/antimeridian.h"
#include "geo/area_properties.h"
#include "geo/polygon_builder.h"
#include "geo/schedule.h"

namespace convoke::geo {
namespace {

namespace json = boost::json;

constexpr double kMaxRadiusM = 1'000'000;
constexpr double kMaxWidthM = 100'000;
constexpr std::string_view kIdForm = "1 to 64 characters out of A-Z a-z 0-9 . _ -";
constexpr const char* kGeometryForm =
    "expected a Polygon, a MultiPolygon, a Point with radius_m, a LineString or a MultiLineString with "
    "width_m, or a collection of polygons or of lines";

std::string indexed(const char* what, std::size_t i) {
  return std::string(", ") + what + " " + std::to_string(i);
}

std::string_view text_member(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

/// What the geometry of one feature holds, before its checks as a whole.
struct Parts {
  std::vector<LatLon> points;
  std::vector<std::vector<LatLon>> lines;
  std::vector<std::vector<Ring>> polygons;
};

/// Reads one feature: what is wrong goes to `file`, under the feature's name.
class FeatureReader {
 public:
  FeatureReader(std::string where, const AreaLimits& limits, const AreaDefaults& defaults, AreaFile& file)
      : where_(std::move(where)), limits_(limits), defaults_(defaults), file_(file) {}

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
    read_area(member(*feature, "geometry"), properties != nullptr ? properties->get_object() : kNone,
              std::move(area));
  }

  void read_area(const json::value* geometry, const json::object& properties, Area area) {
    take_problems([&](auto& errors, auto& notes) {
      read_properties(properties, area, errors, notes);
      if (area.schedule && !area.schedule->time_zone.empty() && !limits_.any_time_zone &&
          !is_time_zone(area.schedule->time_zone))
        errors.push_back(
            {", properties.schedule.time_zone", "expected the IANA name of a time zone, as Europe/Berlin"});
    });
    Parts parts;
    if (read_parts(geometry, parts)) make_shape(std::move(parts), properties, area);
    if (ok_) file_.areas.push_back(std::move(area));
  }

 private:
  void fail(const std::string& where, std::string what) {
    ok_ = false;
    if (file_.errors.size() < kMaxAreaErrors) file_.errors.push_back({where_ + where, std::move(what)});
  }

  /// Does a step that says what is wrong without knowing which feature it is.
  template <class Step>
  void take_problems(Step step) {
    std::vector<AreaProblem> errors, repaired;
    step(errors, repaired);
    for (AreaProblem& e : errors) fail(e.where, std::move(e.what));
    for (AreaProblem& r : repaired) file_.repaired.push_back({where_ + r.where, std::move(r.what)});
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

  /// False if there is no use in going on.
  bool read_parts(const json::value* value, Parts& parts) {
    const json::object* geometry = value != nullptr ? value->if_object() : nullptr;
    const std::string_view type = geometry != nullptr ? text_member(*geometry, "type") : "";
    if (type == "GeometryCollection") return read_collection(*geometry, parts);
    static constexpr std::string_view kTypes[] = {"Point", "LineString", "MultiLineString", "Polygon",
                                                  "MultiPolygon"};
    if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
      fail(", geometry", kGeometryForm);
      return false;
    }
    const json::value* coordinates = member(*geometry, "coordinates");
    if (coordinates == nullptr || !coordinates->is_array()) {
      fail(", coordinates", "expected an array");
      return false;
    }
    if (type == "Point") {
      if (const auto p = read_position("", *coordinates)) parts.points.push_back(*p);
    } else if (type == "Polygon" || type == "MultiPolygon") {
      read_polygons(*coordinates, type == "MultiPolygon", parts);
    } else {
      read_lines(*coordinates, type == "MultiLineString", parts);
    }
    return ok_;
  }

  bool read_collection(const json::object& geometry, Parts& parts) {
    const json::value* members = member(geometry, "geometries");
    if (members == nullptr || !members->is_array()) {
      fail(", geometry", "expected an array of geometries");
      return false;
    }
    for (const json::value& value : members->get_array()) {
      if (!read_parts(&value, parts)) return false;
    }
    if (parts.points.empty() && parts.lines.empty() != parts.polygons.empty()) return true;
    fail(", geometry", "expected a collection of polygons only or of lines only");
    return false;
  }

  void make_shape(Parts parts, const json::object& properties, Area& area) {
    if (!parts.points.empty()) {
      make_circle(parts.points.front(), properties, area);
    } else if (!parts.lines.empty()) {
      make_corridor(parts.lines, properties, area);
    } else {
      take_problems([&](auto& errors, auto& repaired) {
        area.shape = build_polygons(parts.polygons, errors, repaired);
      });
    }
  }

  void make_circle(LatLon center, const json::object& properties, Area& area) {
    const json::value* radius = member(properties, "radius_m");
    const double radius_m = radius != nullptr && radius->is_number() ? radius->to_number<double>() : 0;
    if (!(radius_m > 0 && radius_m <= kMaxRadiusM)) {
      return fail(", properties.radius_m",
                  "expected a number of metres over 0 and up to 1000000 (a Point is a circle)");
    }
    area.shape = Circle{center, radius_m};
  }

  void make_corridor(const std::vector<std::vector<LatLon>>& lines, const json::object& properties,
                     Area& area) {
    const json::value* width = member(properties, "width_m");
    double width_m = width == nullptr ? defaults_.width_m.value_or(0) : 0;
    if (width != nullptr && width->is_number()) width_m = width->to_number<double>();
    if (!(width_m > 0 && width_m <= kMaxWidthM)) {
      return fail(", properties.width_m",
                  "expected a number of metres over 0 and up to 100000 (a line is a corridor)");
    }
    Corridor corridor{{}, width_m};
    for (std::size_t i = 0; i < lines.size(); ++i) {
      add_line(lines.size() > 1 ? indexed("line", i) : "", lines[i], corridor);
    }
    area.shape = std::move(corridor);
  }

  void add_line(const std::string& where, const std::vector<LatLon>& line, Corridor& corridor) {
    std::vector<LatLon> mended = line;
    mended.erase(std::unique(mended.begin(), mended.end()), mended.end());
    const bool disc = line.size() == 2 && mended.size() == 1;  // how a file writes a line of one position
    if (mended.size() < line.size() && !disc) {
      file_.repaired.push_back(
          {where_ + where, std::to_string(line.size() - mended.size()) + " repeated position(s) removed"});
    }
    auto parts = split_line(mended);
    if (parts.size() > 1) file_.repaired.push_back({where_ + where, "crosses the antimeridian: split there"});
    std::move(parts.begin(), parts.end(), std::back_inserter(corridor.lines));
  }

  void read_lines(const json::value& coordinates, bool several, Parts& parts) {
    const json::array& array = coordinates.get_array();
    if (several && array.empty()) return fail("", "expected at least one line");
    const std::size_t count = several ? array.size() : 1;
    for (std::size_t i = 0; i < count && ok_; ++i) {
      const std::string where = several ? indexed("line", parts.lines.size()) : "";
      auto line = read_positions(where, several ? array[i] : coordinates);
      if (ok_ && line.size() < 2)
        return fail(where, "expected at least 2 positions, found " + std::to_string(line.size()));
      parts.lines.push_back(std::move(line));
    }
  }

  void read_polygons(const json::value& coordinates, bool several, Parts& parts) {
    const json::array& array = coordinates.get_array();
    if (several && array.empty()) return fail("", "expected at least one polygon");
    const std::size_t count = several ? array.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const std::string where = several ? indexed("polygon", parts.polygons.size()) : "";
      parts.polygons.push_back(read_rings(where, several ? array[i] : coordinates));
    }
  }

  std::vector<Ring> read_rings(const std::string& where, const json::value& value) {
    std::vector<Ring> rings;
    const json::array* array = value.if_array();
    if (array == nullptr || array->empty()) {
      fail(where, "expected an array of rings, the outer one first");
      return rings;
    }
    for (std::size_t i = 0; i < array->size() && ok_; ++i) {
      rings.push_back(read_positions(where + indexed("ring", i), (*array)[i]));
    }
    return rings;
  }

  std::vector<LatLon> read_positions(const std::string& where, const json::value& value) {
    std::vector<LatLon> positions;
    const json::array* array = value.if_array();
    if (array == nullptr) {
      fail(where, "expected an array of positions");
      return positions;
    }
    vertices_ += array->size();
    if (vertices_ > limits_.max_vertices) {
      fail(where,
           "too many vertices: expected at most " + std::to_string(limits_.max_vertices) + " in one area");
      return positions;
    }
    positions.reserve(array->size());
    for (std::size_t i = 0; i < array->size(); ++i) {
      const auto position = read_position(where + indexed("vertex", i), (*array)[i]);
      if (!position) return positions;
      positions.push_back(*position);
    }
    return positions;
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
  const AreaLimits& limits_;
  const AreaDefaults& defaults_;
  AreaFile& file_;
  std::size_t vertices_ = 0;
  bool ok_ = true;
};

}  // namespace

void read_features(const json::array& features, const std::string& noun, const AreaLimits& limits,
                   const AreaDefaults& defaults, AreaFile& file) {
  if (features.size() > limits.max_areas) {
    file.errors.push_back(
        {"the file", "too many areas: expected at most " + std::to_string(limits.max_areas)});
    return;
  }
  std::set<std::string> ids;
  for (std::size_t i = 0; i < features.size() && file.errors.size() < kMaxAreaErrors; ++i) {
    const std::string where = noun + " " + std::to_string(i);
    const std::size_t before = file.areas.size();
    FeatureReader(where, limits, defaults, file).read(features[i]);
    if (file.areas.size() > before && !ids.insert(file.areas.back().id).second) {
      if (file.errors.size() < kMaxAreaErrors)
        file.errors.push_back({where + " (" + file.areas.back().id + ")", "the id occurs twice"});
    }
  }
}

void read_feature(const json::value& feature, const AreaLimits& limits, const AreaDefaults& defaults,
                  AreaFile& file) {
  FeatureReader("the file", limits, defaults, file).read(feature);
}

void read_geometry(const json::value& geometry, const AreaLimits& limits, const AreaDefaults& defaults,
                   AreaFile& file) {
  Area area;
  area.id = defaults.id;
  FeatureReader("the file", limits, defaults, file).read_area(&geometry, {}, std::move(area));
}

bool is_plain_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace convoke::geo
