#include "tests/oracle/atlas.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace convoke::oracle {
namespace {

namespace json = boost::json;

constexpr const char* kFineCountries = "countries-10m.json";
constexpr const char* kCountries = "countries-50m.json";
constexpr const char* kCounties = "counties-10m.json";

json::value read_json(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file.string() + " cannot be read");
  return json::parse(std::string(std::istreambuf_iterator<char>(in), {}));
}

/// Arcs are whole numbers, each position relative to the one before, on a grid that `transform` describes.
std::vector<Line> decode_arcs(const json::object& topology) {
  const json::object& transform = topology.at("transform").as_object();
  const auto pair = [&](const char* name, std::size_t i) {
    return transform.at(name).as_array().at(i).to_number<double>();
  };
  const double scale_lon = pair("scale", 0), scale_lat = pair("scale", 1);
  const double west = pair("translate", 0), south = pair("translate", 1);
  std::vector<Line> arcs;
  for (const json::value& arc : topology.at("arcs").as_array()) {
    Line line;
    std::int64_t x = 0, y = 0;
    for (const json::value& step : arc.as_array()) {
      x += step.as_array().at(0).as_int64();
      y += step.as_array().at(1).as_int64();
      const double lon = west + scale_lon * static_cast<double>(x);
      line.push_back({south + scale_lat * static_cast<double>(y), std::clamp(lon, -180.0, 180.0)});
    }
    arcs.push_back(std::move(line));
  }
  return arcs;
}

/// A ring is a list of arcs, of which each begins where the one before ends; ~i is arc i backwards.
Line ring_of(const json::value& numbers, const std::vector<Line>& arcs) {
  Line ring;
  for (const json::value& number : numbers.as_array()) {
    const std::int64_t n = number.as_int64();
    Line arc = arcs.at(static_cast<std::size_t>(n < 0 ? ~n : n));
    if (n < 0) std::reverse(arc.begin(), arc.end());
    ring.insert(ring.end(), arc.begin() + (ring.empty() ? 0 : 1), arc.end());
  }
  return ring;
}

/// Without the spikes (there and straight back) and repetitions that the grid of the file makes.
Line mended(const Line& ring) {
  Line result;
  for (const geo::LatLon p : ring) {
    if (!result.empty() && result.back() == p) continue;
    if (result.size() > 1 && result[result.size() - 2] == p) {
      result.pop_back();
    } else {
      result.push_back(p);
    }
  }
  while (result.size() > 3 && result[1] == result[result.size() - 2]) {
    result.erase(result.begin());
    result.pop_back();
  }
  return result;
}

/// Empty if nothing is left of the outer ring.
Rings rings_of(const json::value& value, const std::vector<Line>& arcs) {
  Rings rings;
  for (const json::value& number : value.as_array()) {
    Line ring = mended(ring_of(number, arcs));
    if (ring.size() < 4 && rings.empty()) return {};
    if (ring.size() >= 4) rings.push_back(std::move(ring));
  }
  return rings;
}

}  // namespace

std::vector<AtlasArea> load_topojson(const std::filesystem::path& file, const std::string& object,
                                     const std::string& prefix) {
  const json::value root = read_json(file);
  const std::vector<Line> arcs = decode_arcs(root.as_object());
  const json::object& objects = root.as_object().at("objects").as_object();
  std::vector<AtlasArea> areas;
  std::size_t number = 0;
  for (const json::value& value : objects.at(object).as_object().at("geometries").as_array()) {
    const json::object& geometry = value.as_object();
    AtlasArea area{prefix + std::to_string(number++), {}};
    if (geometry.at("type").as_string() == "Polygon") {
      area.polygons.push_back(rings_of(geometry.at("arcs"), arcs));
    } else {
      for (const json::value& polygon : geometry.at("arcs").as_array())
        area.polygons.push_back(rings_of(polygon, arcs));
    }
    const auto gone = std::remove(area.polygons.begin(), area.polygons.end(), Rings{});
    area.polygons.erase(gone, area.polygons.end());
    if (!area.polygons.empty()) areas.push_back(std::move(area));
  }
  return areas;
}

std::vector<AtlasArea> load_atlas(const std::filesystem::path& folder, bool fine) {
  std::vector<AtlasArea> areas = load_topojson(folder / kCounties, "counties", "county-");
  const auto add = [&](const char* file, const char* prefix) {
    for (AtlasArea& country : load_topojson(folder / file, "countries", prefix))
      areas.push_back(std::move(country));
  };
  add(kCountries, "country-");
  if (fine) add(kFineCountries, "fine-");
  return areas;
}

Line unwrapped(const Line& line) {
  Line result = line;
  for (std::size_t i = 1; i < result.size(); ++i)
    result[i].lon -= 360 * std::round((result[i].lon - result[i - 1].lon) / 360);
  return result;
}

std::string missing_in(const std::filesystem::path& folder) {
  for (const char* file : {kCountries, kFineCountries, kCounties}) {
    if (!std::filesystem::exists(folder / file))
      return (folder / file).string() + " is not there: ops/install test fetches it";
  }
  return {};
}

}  // namespace convoke::oracle
