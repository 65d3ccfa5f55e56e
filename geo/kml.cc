#include "geo/kml.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <pugixml.hpp>
#include <set>

#include "geo/exact_json.h"
#include "geo/feature_reader.h"

namespace convoke::geo {
namespace {

namespace json = boost::json;

constexpr int kMaxDepth = 16;  // of MultiGeometries in MultiGeometries

/// The element's name without a namespace's prefix.
std::string_view local_name(pugi::xml_node node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(pugi::xml_node node, std::string_view name) {
  return node.find_child([name](pugi::xml_node c) { return local_name(c) == name; });
}

std::string trimmed(std::string_view text) {
  constexpr const char* kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

/// The text as a JSON string; null if it is not UTF-8, which the XML parser does not look at.
json::value text_value(const std::string& text) {
  const auto parsed = parse_exact_json(json::serialize(json::string_view(text)));
  return std::holds_alternative<json::value>(parsed) ? std::get<json::value>(parsed) : json::value();
}

bool read_number(std::string_view& text, double& value) {
  const bool number =
      !text.empty() && ((text[0] >= '0' && text[0] <= '9') || text[0] == '-' || text[0] == '.');
  if (!number) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// "lon,lat" or "lon,lat,altitude"; null if it is none, which the checks refuse with its number.
json::value position(std::string_view text) {
  double lon = 0, lat = 0;
  if (!read_number(text, lon) || text.substr(0, 1) != ",") return nullptr;
  text.remove_prefix(1);
  if (!read_number(text, lat) || (!text.empty() && text[0] != ',')) return nullptr;
  return json::array{lon, lat};
}

json::array positions(pugi::xml_node geometry) {
  json::array result;
  std::string joined;  // comments may stand between
  for (const pugi::xml_node part : child(geometry, "coordinates").children())
    if (part.type() == pugi::node_pcdata || part.type() == pugi::node_cdata) (joined += part.value()) += ' ';
  const std::string_view text = joined;
  constexpr const char* kSpace = " \t\r\n";
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    result.push_back(position(text.substr(at, end - at)));
    at = text.find_first_not_of(kSpace, end);
  }
  return result;
}

json::object geometry(const char* type, json::value coordinates) {
  return {{"type", type}, {"coordinates", std::move(coordinates)}};
}

json::object polygon(pugi::xml_node node) {
  json::array rings;
  rings.push_back(positions(child(child(node, "outerBoundaryIs"), "LinearRing")));
  for (const pugi::xml_node inner : node.children()) {
    if (local_name(inner) != "innerBoundaryIs") continue;
    for (const pugi::xml_node ring : inner.children()) {
      if (local_name(ring) == "LinearRing") rings.push_back(positions(ring));
    }
  }
  return geometry("Polygon", std::move(rings));
}

/// The geometry among the children of a Placemark, or all those of a MultiGeometry; null if there is none.
json::value read_geometry(pugi::xml_node node, int depth) {
  const std::string_view kind = local_name(node);
  if (kind == "Polygon") return polygon(node);
  if (kind == "LineString") return geometry("LineString", positions(node));
  if (kind == "Point") {
    json::array found = positions(node);
    return geometry("Point",
                    found.size() == 1 && found[0].is_array() ? found[0] : json::value(json::array()));
  }
  if (kind != "MultiGeometry" || depth == kMaxDepth) return nullptr;
  json::array members;
  for (const pugi::xml_node part : node.children()) {
    if (part.type() == pugi::node_element) members.push_back(read_geometry(part, depth + 1));
  }
  return json::object{{"type", "GeometryCollection"}, {"geometries", std::move(members)}};
}

bool is_geometry(std::string_view kind) {
  static constexpr std::string_view kKinds[] = {"Polygon", "LineString", "Point",      "MultiGeometry",
                                                "Model",   "Track",      "MultiTrack", "LinearRing"};
  return std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds);
}

/// Names and texts of the ExtendedData, typed and untyped.
void read_extended_data(pugi::xml_node placemark, json::object& properties) {
  const auto add = [&](pugi::xml_node data, const char* text) {
    const json::value name = text_value(data.attribute("name").value());
    if (!name.is_string()) return;
    // What reads as JSON is meant so: numbers, and everything that has parts. The rest is text.
    auto parsed = parse_exact_json(trimmed(text));
    const auto* value = std::get_if<json::value>(&parsed);
    properties[name.get_string()] = value != nullptr ? *value : text_value(trimmed(text));
  };
  for (const pugi::xml_node data : child(placemark, "ExtendedData").children()) {
    if (local_name(data) == "Data") add(data, child(data, "value").child_value());
    for (const pugi::xml_node simple : data.children()) {
      if (local_name(simple) == "SimpleData") add(simple, simple.child_value());
    }
  }
}

/// Gives every Placemark an id.
class Ids {
 public:
  Ids(const AreaDefaults& defaults, AreaFile& file) : defaults_(defaults), file_(file) {}

  json::value of(pugi::xml_node placemark, const std::string& name, std::size_t number) {
    const std::string stated = placemark.attribute("id").value();
    if (!stated.empty()) {
      taken_.insert(stated);
      return text_value(stated);
    }
    const std::string wanted = slug(name).empty() ? defaults_.id + "-" + std::to_string(number) : slug(name);
    std::string id = wanted;
    for (int n = 2; !taken_.insert(id).second; ++n) {
      const std::string suffix = "-" + std::to_string(n);
      id = wanted.substr(0, 64 - suffix.size()) + suffix;
    }
    if (id != wanted)
      file_.repaired.push_back(
          {"placemark " + std::to_string(number), wanted + " occurs twice: called " + id});
    return json::string(id);
  }

 private:
  const AreaDefaults& defaults_;
  AreaFile& file_;
  std::set<std::string> taken_;
};

json::object feature_of(pugi::xml_node placemark, std::size_t number, Ids& ids) {
  const std::string name = trimmed(child(placemark, "name").child_value());
  json::object properties;
  read_extended_data(placemark, properties);
  if (!name.empty()) properties["name"] = text_value(name);
  json::object feature{{"type", "Feature"}, {"id", ids.of(placemark, name, number)}};
  for (const pugi::xml_node node : placemark.children()) {
    if (is_geometry(local_name(node))) feature["geometry"] = read_geometry(node, 0);
  }
  feature["properties"] = std::move(properties);
  return feature;
}

/// The next element of the document in its order; without recursion, however deep it is.
pugi::xml_node next(pugi::xml_node node) {
  if (node.first_child()) return node.first_child();
  while (node && !node.next_sibling()) node = node.parent();
  return node.next_sibling();
}

json::array features_of(const pugi::xml_document& document, std::size_t limit, Ids& ids) {
  json::array features;
  for (pugi::xml_node node = document.first_child(); node && features.size() <= limit; node = next(node)) {
    if (local_name(node) == "Placemark") features.push_back(feature_of(node, features.size(), ids));
  }
  return features;
}

}  // namespace

AreaFile parse_kml(std::string_view text, const AreaLimits& limits, const AreaDefaults& defaults) {
  AreaFile file;
  if (text.size() > limits.max_bytes) {
    file.errors.push_back(
        {"the file", "too large: expected at most " + std::to_string(limits.max_bytes) + " bytes"});
    return file;
  }
  pugi::xml_document document;
  const auto parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed) {
    const auto end =
        std::min(text.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(parsed.offset, 0)));
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n') + 1;
    file.errors.push_back({"the file", "line " + std::to_string(line) + ": not well-formed XML (" +
                                           parsed.description() + ")"});
    return file;
  }
  Ids ids(defaults, file);
  const json::array features = features_of(document, limits.max_areas, ids);
  if (features.empty()) file.errors.push_back({"the file", "expected KML with at least one Placemark"});
  read_features(features, "placemark", limits, defaults, file);
  if (!file.errors.empty()) file.areas.clear();
  return file;
}

}  // namespace convoke::geo
