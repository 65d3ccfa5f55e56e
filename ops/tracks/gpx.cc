#include "ops/tracks/gpx.h"

#include <algorithm>
#include <pugixml.hpp>

#include "ops/tracks/fields.h"
#include "ops/tracks/time_text.h"

namespace convoke::tracks {
namespace {

constexpr std::size_t kMaxErrors = 20;

class GpxReader {
 public:
  GpxReader(std::string_view text, std::string_view stem, const TrackLimits& limits)
      : text_(text), stem_(stem), limits_(limits) {}

  TrackFile read() {
    pugi::xml_document document;
    const auto parsed =
        document.load_buffer(text_.data(), text_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed) {
      fail(parsed.offset, "", std::string("not well-formed XML: ") + parsed.description());
      return std::move(file_);
    }
    const pugi::xml_node root = document.child("gpx");
    if (!root) fail(0, "", "expected GPX: an XML document with the element gpx");
    for (const pugi::xml_node track : root.children("trk")) read_track(track);
    if (root && file_.fixes.empty() && file_.errors.empty())
      fail(0, "", "expected at least one track point (trkpt)");
    return std::move(file_);
  }

 private:
  void fail(std::ptrdiff_t offset, std::string column, std::string what) {
    const std::size_t bytes =
        std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)), text_.size());
    const std::string_view before = text_.substr(0, bytes);
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    file_.errors.push_back({line, std::move(column), std::move(what)});
  }

  void read_track(pugi::xml_node track) {
    const std::string_view name = track.child_value("name");
    const std::string user = make_user_id(name.empty() ? stem_ : name);
    for (const pugi::xml_node segment : track.children("trkseg")) {
      for (const pugi::xml_node point : segment.children("trkpt")) {
        if (file_.errors.size() >= kMaxErrors) return;
        read_point(user, point);
      }
    }
  }

  void read_point(const std::string& user, pugi::xml_node point) {
    const auto lat = parse_number(point.attribute("lat").value(), -90, 90);
    const auto lon = parse_number(point.attribute("lon").value(), -180, 180);
    const auto time_ms = parse_time(point.child_value("time"));
    if (!lat) return fail(point.offset_debug(), "lat", "expected a number from -90 to 90");
    if (!lon) return fail(point.offset_debug(), "lon", "expected a number from -180 to 180");
    if (!time_ms) return fail(point.offset_debug(), "time", "expected RFC 3339 as 2026-06-01T19:30:00Z");
    if (file_.fixes.size() >= limits_.max_fixes) {
      return fail(point.offset_debug(), "",
                  "too many: expected at most " + std::to_string(limits_.max_fixes) + " fixes");
    }
    file_.fixes.push_back({user, {{*lat, *lon}, *time_ms, std::nullopt}});
  }

  std::string_view text_;
  std::string_view stem_;
  const TrackLimits& limits_;
  TrackFile file_;
};

}  // namespace

TrackFile parse_gpx(std::string_view text, std::string_view stem, const TrackLimits& limits) {
  return GpxReader(text, stem, limits).read();
}

}  // namespace convoke::tracks
