#include "geo/measure.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "geo/boost_geometry.h"

namespace convoke::geo {
namespace {

constexpr double kRadians = std::numbers::pi / 180;
constexpr double kHalfCircumferenceM = kEarthRadiusM * std::numbers::pi;
constexpr double kPadRadians = 1e-9;  // 6 mm, more than all rounding in `bounds`

/// Finds the nearest point of many edges, in a plane with the searcher at the origin and longitudes scaled to
/// match latitudes there.
class EdgeSearch {
 public:
  explicit EdgeSearch(LatLon from) : from_(from), lon_scale_(std::cos(from.lat * kRadians)) {}

  void consider(LatLon a, LatLon b) {
    const double turn = nearest_turn((a.lon + b.lon) / 2 - from_.lon);
    const double ax = (a.lon + turn - from_.lon) * lon_scale_, ay = a.lat - from_.lat;
    const double bx = (b.lon + turn - from_.lon) * lon_scale_, by = b.lat - from_.lat;
    const double dx = bx - ax, dy = by - ay;
    const double length2 = dx * dx + dy * dy;
    const double t = length2 > 0 ? std::clamp(-(ax * dx + ay * dy) / length2, 0.0, 1.0) : 0.0;
    const double x = ax + t * dx, y = ay + t * dy;
    if (const double d2 = x * x + y * y; d2 < best2_) {
      best2_ = d2;
      best_ = {a.lat + t * (b.lat - a.lat), a.lon + t * (b.lon - a.lon)};
    }
  }

  /// An area without any edge is the whole world: nothing is further away than half round it.
  double meters() const { return std::isinf(best2_) ? kHalfCircumferenceM : distance_m(from_, best_); }

 private:
  /// 360, 0 or -360: what brings a difference of longitudes into ±180.
  static double nearest_turn(double difference) {
    return difference > 180 ? -360 : difference < -180 ? 360 : 0;
  }

  LatLon from_;
  double lon_scale_;
  double best2_ = std::numeric_limits<double>::infinity();
  LatLon best_;
};

/// Edges that run along the antimeridian. Where both its sides are covered the polygon was only cut there,
/// and the cut is no edge of the area.
class Seam {
 public:
  void add(double lon, double lat1, double lat2) {
    const bool east = lon > 0;
    events_.push_back({std::min(lat1, lat2), east, 1});
    events_.push_back({std::max(lat1, lat2), east, -1});
  }

  void consider_real_edges(EdgeSearch& search) {
    std::sort(events_.begin(), events_.end(), [](const Event& a, const Event& b) { return a.lat < b.lat; });
    int east = 0, west = 0;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      (events_[i].east ? east : west) += events_[i].step;
      const bool one_side = (east > 0) != (west > 0);  // then there is a next event
      if (one_side && events_[i].lat < events_[i + 1].lat) {
        search.consider({events_[i].lat, 180}, {events_[i + 1].lat, 180});
      }
    }
  }

 private:
  struct Event {
    double lat;
    bool east;
    int step;
  };
  std::vector<Event> events_;
};

void search_ring(const Ring& ring, EdgeSearch& search, Seam& seam) {
  for (std::size_t i = 1; i < ring.size(); ++i) {
    const LatLon a = ring[i - 1], b = ring[i];
    const bool along_pole = a.lat == b.lat && std::abs(a.lat) == 90;
    const bool along_seam = a.lon == b.lon && std::abs(a.lon) == 180;
    if (along_seam) {
      seam.add(a.lon, a.lat, b.lat);
    } else if (!along_pole) {
      search.consider(a, b);
    }
  }
}

double edge_distance_m(const Polygons& polygons, LatLon point) {
  EdgeSearch search(point);
  Seam seam;
  for (const Polygon& polygon : polygons) {
    search_ring(polygon.outer, search, seam);
    for (const Ring& hole : polygon.holes) search_ring(hole, search, seam);
  }
  seam.consider_real_edges(search);
  return search.meters();
}

bool covers_as_stated(const Polygon& polygon, LatLon point) {
  if (!bg::covered_by(point, polygon.outer)) return false;
  return std::none_of(polygon.holes.begin(), polygon.holes.end(),
                      [&](const Ring& hole) { return bg::within(point, hole); });
}

Box box_of(const std::vector<LatLon>& points) {
  Box box{points.front(), points.front()};
  for (const LatLon p : points) {
    box.low = {std::min(box.low.lat, p.lat), std::min(box.low.lon, p.lon)};
    box.high = {std::max(box.high.lat, p.lat), std::max(box.high.lon, p.lon)};
  }
  return box;
}

/// Boxes that hold all within `radius_m` of a box.
std::vector<Box> widened(const Box& box, double radius_m) {
  const double r = radius_m / kEarthRadiusM + kPadRadians;
  const double low_lat = box.low.lat - r / kRadians, high_lat = box.high.lat + r / kRadians;
  if (low_lat <= -90 || high_lat >= 90)
    return {{{std::max(low_lat, -90.0), -180}, {std::min(high_lat, 90.0), 180}}};

  // The meridians that touch a circle: further out than its centre's own latitude suggests.
  const double lat = std::max(std::abs(box.low.lat), std::abs(box.high.lat));
  const double half_width =
      std::asin(std::min(1.0, std::sin(r) / std::cos(lat * kRadians))) / kRadians + kPadRadians;
  const double low_lon = box.low.lon - half_width, high_lon = box.high.lon + half_width;
  if (high_lon - low_lon >= 360) return {{{low_lat, -180}, {high_lat, 180}}};
  if (low_lon <= -180)
    return {{{low_lat, low_lon + 360}, {high_lat, 180}}, {{low_lat, -180}, {high_lat, high_lon}}};
  if (high_lon >= 180)
    return {{{low_lat, low_lon}, {high_lat, 180}}, {{low_lat, -180}, {high_lat, high_lon - 360}}};
  return {{{low_lat, low_lon}, {high_lat, high_lon}}};
}

}  // namespace

bool covers(const Circle& circle, LatLon point) {
  return distance_m(circle.center, point) <= circle.radius_m;
}

bool covers(const Polygon& polygon, LatLon point) {
  if (covers_as_stated(polygon, point)) return true;
  return std::abs(point.lon) == 180 && covers_as_stated(polygon, {point.lat, -point.lon});
}

bool covers(const Corridor& corridor, LatLon point) { return signed_distance_m(corridor, point) <= 0; }

bool covers(const Area& area, LatLon point) {
  if (const auto* circle = std::get_if<Circle>(&area.shape)) return covers(*circle, point);
  if (const auto* corridor = std::get_if<Corridor>(&area.shape)) return covers(*corridor, point);
  const Polygons& polygons = std::get<Polygons>(area.shape);
  return std::any_of(polygons.begin(), polygons.end(), [&](const Polygon& p) { return covers(p, point); });
}

double signed_distance_m(const Corridor& corridor, LatLon point) {
  EdgeSearch search(point);
  for (const auto& line : corridor.lines) {
    search.consider(line.front(), line.front());  // a line of one position is a disc
    for (std::size_t i = 1; i < line.size(); ++i) search.consider(line[i - 1], line[i]);
  }
  return search.meters() - corridor.width_m / 2;
}

double signed_distance_m(const Area& area, LatLon point) {
  if (const auto* circle = std::get_if<Circle>(&area.shape)) {
    return distance_m(circle->center, point) - circle->radius_m;
  }
  if (const auto* corridor = std::get_if<Corridor>(&area.shape)) return signed_distance_m(*corridor, point);
  const double d = edge_distance_m(std::get<Polygons>(area.shape), point);
  return covers(area, point) ? -d : d;
}

std::vector<Box> bounds(const Circle& circle) {
  return widened({circle.center, circle.center}, circle.radius_m);
}

Box bounds(const Polygon& polygon) { return box_of(polygon.outer); }

std::vector<Box> bounds(const Corridor& corridor) {
  std::vector<Box> boxes;
  for (const auto& line : corridor.lines) {
    for (const Box& box : widened(box_of(line), corridor.width_m / 2)) boxes.push_back(box);
  }
  return boxes;
}

std::vector<Box> bounds(const Area& area) {
  if (const auto* circle = std::get_if<Circle>(&area.shape)) return bounds(*circle);
  if (const auto* corridor = std::get_if<Corridor>(&area.shape)) return bounds(*corridor);
  std::vector<Box> boxes;
  for (const Polygon& polygon : std::get<Polygons>(area.shape)) boxes.push_back(bounds(polygon));
  return boxes;
}

bool in_any(const std::vector<Box>& boxes, LatLon point) {
  return std::any_of(boxes.begin(), boxes.end(), [point](const Box& box) {
    const bool lat_in = box.low.lat <= point.lat && point.lat <= box.high.lat;
    const bool lon_in = box.low.lon <= point.lon && point.lon <= box.high.lon;
    const bool seam_in = std::abs(point.lon) == 180 && (box.low.lon == -180 || box.high.lon == 180);
    return lat_in && (lon_in || seam_in);
  });
}

}  // namespace convoke::geo
