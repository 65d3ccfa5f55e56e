#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "geo/area_properties.h"
#include "geo/geojson.h"

namespace convoke::geo {
namespace {

void append(std::string& out, LatLon p) {
  out += '[';
  append_number(out, p.lon);
  out += ',';
  append_number(out, p.lat);
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

/// A line of one position is written twice: GeoJSON has none shorter.
void append_line(std::string& out, const std::vector<LatLon>& line) {
  append(out, line.size() > 1 ? line : std::vector(2, line.front()));
}

void append_line_geometry(std::string& out, const Corridor& corridor) {
  if (corridor.lines.size() == 1) {
    out += R"({"type":"LineString","coordinates":)";
    append_line(out, corridor.lines.front());
  } else {
    out += R"({"type":"MultiLineString","coordinates":)";
    append_array(out, corridor.lines, [&](const auto& line) { append_line(out, line); });
  }
}

void append_geometry(std::string& out, const Area& area) {
  if (const auto* circle = std::get_if<Circle>(&area.shape)) {
    out += R"({"type":"Point","coordinates":)";
    append(out, circle->center);
  } else if (const auto* corridor = std::get_if<Corridor>(&area.shape)) {
    append_line_geometry(out, *corridor);
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
  out += R"(,"properties":{)";
  append_properties(out, area);
  if (const auto* circle = std::get_if<Circle>(&area.shape)) {
    out += R"(,"radius_m":)";
    append_number(out, circle->radius_m);
  } else if (const auto* corridor = std::get_if<Corridor>(&area.shape)) {
    out += R"(,"width_m":)";
    append_number(out, corridor->width_m);
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
