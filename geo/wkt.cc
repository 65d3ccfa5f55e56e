#include "geo/wkt.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>

#include "geo/feature_reader.h"

namespace convoke::geo {
namespace {

namespace json = boost::json;

constexpr int kMaxDepth = 16;  // of collections in collections

/// Why the text is not WKT, and where.
struct Refusal {
  std::size_t byte;
  std::string what;
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool begins_number(char c) { return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.'; }

/// Turns one geometry after another into GeoJSON. Throws Refusal; nothing leaves this file.
class WktReader {
 public:
  explicit WktReader(std::string_view text) : text_(text) {}

  /// True if there is one more geometry.
  bool more() {
    while (at_ < text_.size() && (is_space(text_[at_]) || text_[at_] == ';')) ++at_;
    return at_ < text_.size();
  }

  json::object read() {
    if (upper(text_.substr(at_, 5)) == "SRID=") {
      if (text_.substr(at_ + 5, 5) != "4326;") refuse("expected SRID=4326 (WGS84) or none");
      at_ += 10;
    }
    return read_geometry(0);
  }

 private:
  [[noreturn]] void refuse(std::string what) const { throw Refusal{at_, std::move(what)}; }

  static std::string upper(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return result;
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!take(c)) refuse(std::string("expected ") + c);
  }

  std::string take_word() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() && is_letter(text_[at_])) ++at_;
    return upper(text_.substr(start, at_ - start));
  }

  /// The word of a geometry; Z, M, ZM and EMPTY may follow, or stick to it.
  std::string take_type() {
    std::string type = take_word();
    for (const char* suffix : {"ZM", "Z", "M"}) {
      const std::size_t length = std::char_traits<char>::length(suffix);
      if (type.size() > length + 4 && type.compare(type.size() - length, length, suffix) == 0)
        type.resize(type.size() - length);
    }
    const std::size_t here = at_;
    const std::string next = take_word();
    if (next == "EMPTY") refuse("expected a geometry that is not empty");
    if (next != "Z" && next != "M" && next != "ZM") at_ = here;
    return type;
  }

  json::object read_geometry(int depth) {
    skip_space();
    const std::size_t start = at_;
    const std::string type = take_type();
    if (type == "POLYGON") return geometry("Polygon", read_list(2));
    if (type == "MULTIPOLYGON") return geometry("MultiPolygon", read_list(3));
    if (type == "LINESTRING") return geometry("LineString", read_list(1));
    if (type == "MULTILINESTRING") return geometry("MultiLineString", read_list(2));
    if (type == "GEOMETRYCOLLECTION" && depth < kMaxDepth) return read_collection(depth);
    at_ = start;
    if (type == "GEOMETRYCOLLECTION") refuse("collections in collections: too many");
    if (type == "POINT") refuse("a POINT has no size: expected GeoJSON with radius_m for a circle");
    refuse("expected POLYGON, MULTIPOLYGON, LINESTRING, MULTILINESTRING or GEOMETRYCOLLECTION");
  }

  static json::object geometry(const char* type, json::array coordinates) {
    return {{"type", type}, {"coordinates", std::move(coordinates)}};
  }

  json::object read_collection(int depth) {
    json::array members;
    expect('(');
    do members.push_back(read_geometry(depth + 1));
    while (take(','));
    expect(')');
    return {{"type", "GeometryCollection"}, {"geometries", std::move(members)}};
  }

  /// `level` 1: a list of positions; 2: a list of such lists; and so on.
  json::array read_list(int level) {
    json::array list;
    expect('(');
    do list.push_back(level == 1 ? read_position() : read_list(level - 1));
    while (take(','));
    expect(')');
    return list;
  }

  json::array read_position() {
    json::array position = {read_number(), read_number()};
    for (int more = 0; more < 2 && next_is_number(); ++more) read_number();  // Z, M
    return position;
  }

  bool next_is_number() {
    skip_space();
    return at_ < text_.size() && begins_number(text_[at_]);
  }

  double read_number() {
    if (!next_is_number()) refuse("expected a number");
    const std::size_t start = text_[at_] == '+' ? at_ + 1 : at_;
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + start, text_.data() + text_.size(), value);
    if (error == std::errc::invalid_argument) refuse("expected a number");
    if (error == std::errc::result_out_of_range) value = std::numeric_limits<double>::infinity();
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string line_and_column(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  return "line " + std::to_string(lines + 1) + ", column " +
         std::to_string(byte - (before.rfind('\n') + 1) + 1);  // npos + 1 == 0
}

}  // namespace

AreaFile parse_wkt(std::string_view text, const AreaLimits& limits, const AreaDefaults& defaults) {
  AreaFile file;
  if (text.size() > limits.max_bytes) {
    file.errors.push_back(
        {"the file", "too large: expected at most " + std::to_string(limits.max_bytes) + " bytes"});
    return file;
  }
  json::array features;
  WktReader reader(text);
  try {
    while (reader.more() && features.size() <= limits.max_areas)
      features.push_back(json::object{{"type", "Feature"}, {"geometry", reader.read()}});
  } catch (const Refusal& refusal) {
    file.errors.push_back({"geometry " + std::to_string(features.size()),
                           line_and_column(text, refusal.byte) + ": " + refusal.what});
    return file;
  }
  if (features.empty()) file.errors.push_back({"the file", "expected at least one geometry"});
  for (std::size_t i = 0; i < features.size(); ++i) {
    features[i].get_object()["id"] =
        features.size() == 1 ? defaults.id : defaults.id + "-" + std::to_string(i);
  }
  read_features(features, "geometry", limits, defaults, file);
  if (!file.errors.empty()) file.areas.clear();
  return file;
}

}  // namespace convoke::geo
