#include "ops/cli/map_html.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <map>
#include <numbers>
#include <unordered_map>
#include <utility>

#include "geo/measure.h"
#include "ops/cli/line_thinning.h"
#include "ops/cli/map_page.h"

namespace convoke::cli {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kMetersPerDegree = geo::kEarthRadiusM * kDegree;
constexpr std::int64_t kPauseMs = 30 * 60'000;

/// The map in metres round the middle of the fixes: to the east, where a degree of longitude has the length
/// that it has there, and to the south.
class Plane {
 public:
  explicit Plane(const ReplayMap& map) {
    double low = 90, high = -90, east = 0, north = 0;
    for (const auto& [_, fix] : map.fixes) {
      low = std::min(low, fix.at.lat), high = std::max(high, fix.at.lat);
      east += std::cos(fix.at.lon * kDegree), north += std::sin(fix.at.lon * kDegree);
    }
    if (low <= high) {
      lat_ = (low + high) / 2;
      lon_ = std::atan2(north, east) / kDegree;
    } else if (!map.areas.empty()) {
      const geo::Box box = geo::bounds(*map.areas.front()).front();
      lat_ = (box.low.lat + box.high.lat) / 2;
      lon_ = (box.low.lon + box.high.lon) / 2;
    }
    scale_ = narrowing(lat_);
  }

  MapPoint at(geo::LatLon p) const { return plain({p.lat, lon_ + std::remainder(p.lon - lon_, 360)}); }

  /// A line that does not cross the antimeridian stays in one piece, on the side where it is nearer.
  MapLine line(const std::vector<geo::LatLon>& points) const {
    const auto [west, east] =
        std::minmax_element(points.begin(), points.end(), [](auto a, auto b) { return a.lon < b.lon; });
    const double turn = 360 * std::round((lon_ - (west->lon + east->lon) / 2) / 360);
    MapLine out;
    for (const geo::LatLon p : points) out.push_back(plain({p.lat, p.lon + turn}));
    return out;
  }

  /// By how much a length to the east is drawn too long there.
  double stretch(double lat) const { return scale_ / narrowing(lat); }

 private:
  static double narrowing(double lat) { return std::max(std::cos(lat * kDegree), 0.02); }
  MapPoint plain(geo::LatLon p) const {
    return {(p.lon - lon_) * scale_ * kMetersPerDegree, (lat_ - p.lat) * kMetersPerDegree};
  }

  double lat_ = 0, lon_ = 0, scale_ = 1;
};

/// As JSON that may stand inside of HTML: nothing in it can end the element that it stands in.
std::string json_text(std::string_view text) {
  std::string out;
  for (const char c : boost::json::serialize(boost::json::string_view(text.data(), text.size()))) {
    if (c == '<')
      out += "\\u003c";
    else
      out += c;
  }
  return out;
}

std::int64_t tenths(double metres) { return std::llround(metres * 10); }

/// `[x,y,dx,dy,…]` in tenths of a metre.
class LineWriter {
 public:
  explicit LineWriter(std::string& out) : out_(out) { out_ += '['; }
  void add(MapPoint p) {
    const std::int64_t x = tenths(p.x), y = tenths(p.y);
    fmt::format_to(std::back_inserter(out_), "{}{},{}", first_ ? "" : ",", x - x_, y - y_);
    x_ = x, y_ = y, first_ = false;
  }
  void end() { out_ += ']'; }

 private:
  std::string& out_;
  std::int64_t x_ = 0, y_ = 0;
  bool first_ = true;
};

/// Puts a comma before all but the first.
class Commas {
 public:
  explicit Commas(std::string& out) : out_(out) {}
  void next() { out_ += std::exchange(first_, false) ? "" : ","; }

 private:
  std::string& out_;
  bool first_ = true;
};

/// The fixes of one user.
struct Track {
  std::string user;
  MapLine line;
  std::vector<std::int64_t> time_ms;
  std::vector<std::uint32_t> pauses;  // how many there were before each
};

std::vector<Track> tracks_of(const ReplayMap& map, const Plane& plane) {
  std::vector<Track> all;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const auto& [user, fix] : map.fixes) {
    const auto [place, is_new] = places.try_emplace(user, all.size());
    if (is_new) all.push_back({user, {}, {}, {}});
    Track& track = all[place->second];
    track.line.push_back(plane.at(fix.at));
    track.time_ms.push_back(fix.time_ms);
  }
  constexpr double kHalfTheWorld = 10'000'000;
  for (Track& track : all) {
    const auto count = static_cast<std::int64_t>(track.time_ms.size());
    const std::int64_t usual =
        (track.time_ms.back() - track.time_ms.front()) / std::max<std::int64_t>(count, 1);
    std::uint32_t pauses = 0;
    for (std::size_t i = 0; i < track.line.size(); ++i) {
      if (i > 0 && (track.time_ms[i] - track.time_ms[i - 1] > std::max(kPauseMs, 10 * usual) ||
                    std::abs(track.line[i].x - track.line[i - 1].x) > kHalfTheWorld))
        ++pauses;
      track.pauses.push_back(pauses);
    }
  }
  return all;
}

/// Where the user was, by the last fix up to then.
MapPoint place_at(const Track& track, std::int64_t time_ms) {
  const auto after = std::upper_bound(track.time_ms.begin(), track.time_ms.end(), time_ms);
  const auto place = after == track.time_ms.begin() ? after : std::prev(after);
  return track.line[static_cast<std::size_t>(place - track.time_ms.begin())];
}

class MapWriter {
 public:
  MapWriter(const ReplayMap& map, const MapLimits& limits)
      : map_(map), limits_(limits), plane_(map), tracks_(tracks_of(map, plane_)) {
    for (std::size_t i = 0; i < tracks_.size(); ++i) track_of_[tracks_[i].user] = i;
    choose_areas();
  }

  std::string page() {
    std::string out(kMapPageBegin);
    out += R"({"title":)" + json_text(map_.title);
    write_areas(out);
    write_tracks(out);
    write_marks(out);
    write_users(out);
    out += R"(,"sum":)" + json_text(summary()) + R"(,"notes":)" + json_text(notes_) + '}';
    out += kMapPageEnd;
    return out;
  }

 private:
  std::size_t marks() const { return std::min(map_.transitions.size(), limits_.transitions); }

  /// Those with transitions first: of them there may be more than are drawn.
  void choose_areas() {
    std::unordered_map<std::string_view, const geo::Area*> by_id;
    for (const geo::Area* area : map_.areas) by_id.emplace(area->id, area);
    const auto take = [this](const geo::Area* area) {
      if (area_of_.try_emplace(area->id, areas_.size()).second) areas_.push_back(area);
    };
    for (std::size_t i = 0; i < marks(); ++i)
      if (const auto it = by_id.find(map_.transitions[i].area); it != by_id.end()) take(it->second);
    for (const geo::Area* area : map_.areas)
      if (areas_.size() < limits_.areas) take(area);
    drawn_areas_ = std::min(areas_.size(), limits_.areas);
    if (drawn_areas_ < map_.areas.size())
      note(fmt::format("{} of {} areas are drawn.", drawn_areas_, map_.areas.size()));
  }

  /// The rings or lines of an area; a circle has none.
  std::vector<MapLine> lines_of(const geo::Area& area) const {
    std::vector<MapLine> lines;
    if (const auto* polygons = std::get_if<geo::Polygons>(&area.shape)) {
      for (const geo::Polygon& polygon : *polygons) {
        lines.push_back(plane_.line(polygon.outer));
        for (const geo::Ring& hole : polygon.holes) lines.push_back(plane_.line(hole));
      }
    } else if (const auto* corridor = std::get_if<geo::Corridor>(&area.shape)) {
      for (const auto& line : corridor->lines) lines.push_back(plane_.line(line));
    }
    return lines;
  }

  void write_areas(std::string& out) {
    std::vector<MapLine> lines;
    std::vector<std::size_t> ends;
    for (std::size_t i = 0; i < drawn_areas_; ++i) {
      auto more = lines_of(*areas_[i]);
      lines.insert(lines.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
      ends.push_back(lines.size());
    }
    const Thinned thinned = thin(lines, limits_.area_points);
    if (thinned.left_out > 0)
      note(fmt::format("Edges of areas are simplified by about {:.1f} m.", thinned.within_m));
    out += R"(,"areas":[)";
    Commas commas(out);
    for (std::size_t i = 0, line = 0; i < areas_.size(); ++i) {
      const geo::Area& area = *areas_[i];
      commas.next();
      out += R"({"id":)" + json_text(area.id) + R"(,"name":)" + json_text(area.name);
      if (i < drawn_areas_) {
        write_shape(out, area, lines, thinned, line, ends[i]);
        line = ends[i];
      }
      out += '}';
    }
    out += ']';
  }

  void write_shape(std::string& out, const geo::Area& area, const std::vector<MapLine>& lines,
                   const Thinned& thinned, std::size_t line, std::size_t end) const {
    if (const auto* circle = std::get_if<geo::Circle>(&area.shape)) {
      const MapPoint center = plane_.at(circle->center);
      out += fmt::format(R"(,"circle":[{},{},{},{}])", tenths(center.x), tenths(center.y),
                         tenths(circle->radius_m * plane_.stretch(circle->center.lat)),
                         tenths(circle->radius_m));
      return;
    }
    const auto* corridor = std::get_if<geo::Corridor>(&area.shape);
    const std::size_t fewest = corridor != nullptr ? 1 : 4;
    out += corridor != nullptr ? fmt::format(R"(,"width":{},"lines":[)", corridor->width_m) : R"(,"rings":[)";
    Commas commas(out);
    for (; line < end; ++line) {
      if (thinned.kept[line].size() < fewest) continue;
      commas.next();
      LineWriter writer(out);
      for (const std::size_t place : thinned.kept[line]) writer.add(lines[line][place]);
      writer.end();
    }
    out += ']';
  }

  void write_tracks(std::string& out) {
    std::vector<MapLine> lines;
    std::size_t kept = 0;
    for (Track& track : tracks_) lines.push_back(track.line);
    const Thinned thinned = thin(lines, limits_.track_points);
    out += R"(,"tracks":[)";
    Commas commas(out);
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      if (thinned.kept[i].empty()) continue;
      kept += thinned.kept[i].size();
      commas.next();
      out += fmt::format(R"({{"user":{},"lines":[)", user(i));
      write_track(out, tracks_[i], thinned.kept[i]);
      out += "]}";
    }
    out += ']';
    if (thinned.left_out > 0)
      note(fmt::format("The tracks are drawn by {} of their {} points, within about {:.1f} m.", kept,
                       map_.fixes.size(), thinned.within_m));
  }

  static void write_track(std::string& out, const Track& track, const std::vector<std::size_t>& places) {
    for (std::size_t i = 0; i < places.size();) {
      if (i > 0) out += ',';
      LineWriter writer(out);
      const std::uint32_t pauses = track.pauses[places[i]];
      for (; i < places.size() && track.pauses[places[i]] == pauses; ++i) writer.add(track.line[places[i]]);
      writer.end();
    }
  }

  void write_marks(std::string& out) {
    out += R"(,"marks":[)";
    Commas commas(out);
    std::size_t written = 0;
    for (std::size_t i = 0; i < marks(); ++i) {
      const geo::Transition& t = map_.transitions[i];
      const auto track = track_of_.find(t.user);
      const auto area = area_of_.find(t.area);
      if (track == track_of_.end() || area == area_of_.end()) continue;
      const MapPoint at = place_at(tracks_[track->second], t.time_ms);
      commas.next();
      out += fmt::format(R"([{},{},{},"{}","{}",{},{},{},{}])", t.time_ms, user(track->second), area->second,
                         geo::to_string(t.kind), geo::to_string(t.reason), tenths(at.x), tenths(at.y),
                         std::isfinite(t.distance_m) ? fmt::format("{:.1f}", t.distance_m) : "null",
                         t.acc_m ? fmt::to_string(*t.acc_m) : "null");
      ++written;
    }
    out += ']';
    if (written < map_.all_transitions)
      note(fmt::format("The first {} of {} transitions are shown.", written, map_.all_transitions));
  }

  /// Numbers the users in the order in which they are written.
  std::size_t user(std::size_t track) {
    const auto [it, is_new] = numbers_.try_emplace(track, users_.size());
    if (is_new) users_.push_back(track);
    return it->second;
  }

  void write_users(std::string& out) const {
    out += R"(,"users":[)";
    Commas commas(out);
    for (const std::size_t track : users_) commas.next(), out += json_text(tracks_[track].user);
    out += ']';
  }

  void note(const std::string& sentence) { notes_ += (notes_.empty() ? "" : " ") + sentence; }

  std::string summary() const {
    return fmt::format("{} fixes of {} users, {} areas, {} transitions; rule {}.", map_.fixes.size(),
                       tracks_.size(), map_.areas.size(), map_.all_transitions, map_.rule);
  }

  const ReplayMap& map_;
  const MapLimits limits_;
  const Plane plane_;
  std::vector<Track> tracks_;
  std::unordered_map<std::string_view, std::size_t> track_of_;
  std::vector<const geo::Area*> areas_;  // as written
  std::unordered_map<std::string_view, std::size_t> area_of_;
  std::size_t drawn_areas_ = 0;
  std::map<std::size_t, std::size_t> numbers_;
  std::vector<std::size_t> users_;
  std::string notes_;  // what is left out, in sentences
};

}  // namespace

std::string map_html(const ReplayMap& map, MapLimits limits) {
  while (true) {
    std::string page = MapWriter(map, limits).page();
    if (page.size() <= limits.bytes || limits.track_points == 0) return page;
    limits.transitions /= 2;
    limits.areas /= 2;
    limits.area_points /= 2;
    limits.track_points /= 2;
  }
}

}  // namespace convoke::cli
