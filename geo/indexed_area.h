#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "geo/polygon_index.h"

namespace convoke::geo {

/// An area with what is built for it.
struct IndexedArea {
  // What hot paths ask first, and so all in one line of the processor's cache.
  std::vector<PolygonIndex> polygons;  // one for each; none for other shapes
  bool active = true;
  Area area;

  IndexedArea() = default;
  IndexedArea(const IndexedArea&) = delete;  // the polygons' indexes point into the area
  IndexedArea& operator=(const IndexedArea&) = delete;
  void set(Area value);
  bool covers(LatLon point) const;
  /// Metres to the edge, inside or outside; nothing if that is surely more than the limit.
  std::optional<double> distance_m(LatLon point, double limit_m) const;
  /// The same, negative inside.
  double signed_distance_m(LatLon point) const;
  /// As FenceIndex::depth_m.
  double depth_m() const;
  /// True if the straight way between the points meets the area.
  bool meets_way(LatLon from, LatLon to) const;
  std::size_t bytes() const;

 private:
  // Every edge of its polygons is an edge of the area: none runs along the antimeridian or a pole.
  bool simple_ = false;
};

}  // namespace convoke::geo
