#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <charconv>

#include "geo/geojson.h"

namespace convoke::geo {
namespace {

void append(std::string& out, double value) {
  char text[32];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

void append(std::string& out, LatLon p) {
  out += '[';
  append(out, p.lon);
  out += ',';
  append(out, p.lat);
  out += ']';
}

/// `[` the items `]`, separated by commas.
template <class Items, class AppendItem>
void append_array(std::string& out, const Items& items, AppendItem append_item) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append_item(item);
  }
  out += ']';
}

void append(std::string& out, const Ring& ring) {
  append_array(out, ring, [&](LatLon p) { append(out, p); });
}

void append(std::string& out, const Polygon& polygon) {
  out += '[';
  append(out, polygon.outer);
  for (const Ring& hole : polygon.holes) {
    out += ',';
    append(out, hole);
  }
  out += ']';
}

void append_geometry(std::string& out, const Area& area) {
  if (const auto* circle = std::get_if<Circle>(&area.shape)) {
    out += R"({"type":"Point","coordinates":)";
    append(out, circle->center);
  } else if (const auto& polygons = std::get<Polygons>(area.shape); polygons.size() == 1) {
    out += R"({"type":"Polygon","coordinates":)";
    append(out, polygons.front());
  } else {
    out += R"({"type":"MultiPolygon","coordinates":)";
    append_array(out, polygons, [&](const Polygon& polygon) { append(out, polygon); });
  }
  out += '}';
}

void append(std::string& out, const Area& area) {
  out += R"({"type":"Feature","id":)" + boost::json::serialize(boost::json::string_view(area.id));
  out += R"(,"properties":{"name":)" + boost::json::serialize(boost::json::string_view(area.name));
  if (const auto* circle = std::get_if<Circle>(&area.shape)) {
    out += R"(,"radius_m":)";
    append(out, circle->radius_m);
  }
  out += R"(},"geometry":)";
  append_geometry(out, area);
  out += '}';
}

}  // namespace

std::string to_geojson(const std::vector<Area>& areas) {
  std::string out = R"({"type":"FeatureCollection","features":)";
  append_array(out, areas, [&](const Area& area) { append(out, area); });
  out += '}';
  return out;
}

}  // namespace convoke::geo
