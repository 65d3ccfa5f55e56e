#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "geo/area.h"
#include "geo/fence_leaf.h"
#include "geo/measure.h"
#include "geo/polygon_index.h"

namespace convoke::geo {

/// All areas of one site, found by place. Not thread-safe: one owner.
class FenceIndex {
 public:
  FenceIndex();
  ~FenceIndex();
  FenceIndex(FenceIndex&&) noexcept;
  FenceIndex& operator=(FenceIndex&&) noexcept;

  /// Adds the area, or replaces the one of the same id, which keeps its handle. The time it takes grows with
  /// the area's vertices, not with the number of areas.
  Handle put(Area area);
  /// The same for many; quicker than one by one while the index is empty.
  void put_all(std::vector<Area> areas);
  /// Removes the area; false if there is none of that id.
  bool erase(std::string_view id);
  /// An area that does not count is in the index but covers nothing; a new one counts.
  void set_active(Handle area, bool active);
  bool active(Handle area) const;

  /// The area, or null. The address stays the same until the area is erased, also when it is replaced.
  const Area* find(std::string_view id) const;
  /// Its handle, valid until it is erased; nothing for an unknown id.
  std::optional<Handle> handle(std::string_view id) const;
  const Area& area(Handle handle) const;
  /// False for a number that no area has.
  bool known(Handle handle) const;
  std::size_t size() const;
  /// Calls `f` for every area, in order of id.
  void for_each(const std::function<void(const Area&)>& f) const;

  /// True if the point is in the area or on its edge. False for an unknown id.
  bool covers(std::string_view id, LatLon point) const;
  bool covers(Handle area, LatLon point) const;
  /// Ids of all areas that cover the point, in order of id. Valid until the next put or erase.
  std::vector<std::string_view> covering(LatLon point) const;
  /// For hot paths: replaces the content of `areas` with the handles of all areas that cover the point, in
  /// order. Returns a rectangle around the point in which that stays true, edges excluded; none if the point
  /// is next to an edge. `leaf`: of the point, if `leaves` has found it.
  std::optional<Box> locate(LatLon point, std::vector<Handle>& areas, const FenceLeaf* leaf = nullptr) const;
  /// The same without the rectangle, which costs more than the areas.
  void covering(LatLon point, std::vector<Handle>& areas, const FenceLeaf* leaf = nullptr) const;
  /// For each of at most 64 points its leaf of the map, or null; brings them nearer to the processor. Good
  /// until an area changes, or `cuts` does.
  void leaves(std::span<const LatLon> points, std::span<const FenceLeaf*> leaves) const;
  /// Changes when looking for a point's areas has thrown leaves away.
  std::uint64_t cuts() const;
  /// All areas within `radius_m` of the point, in order, and some that are not: it is their boxes that are.
  std::vector<Handle> near(LatLon point, double radius_m) const;
  /// The area's polygons with their edges by latitude; none of another shape. Good until the area changes.
  std::span<const PolygonIndex> polygons(Handle area) const;
  /// Metres from the point to the area's edge, negative inside; +infinity for an unknown id.
  double signed_distance_m(std::string_view id, LatLon point) const;
  double signed_distance_m(Handle area, LatLon point) const;
  /// The same without a sign; nothing if it is surely more than the limit, which is quicker to find out.
  std::optional<double> distance_m(Handle area, LatLon point, double limit_m) const;
  /// Whether that is at least `margin_m`; nothing if it is not known without measuring it. `leaf`: as above.
  std::optional<bool> beyond(Handle area, LatLon point, double margin_m, const FenceLeaf* leaf) const;
  /// Not more than the distance of the area's innermost point from the edge: the radius of a circle, half the
  /// width of a corridor, and of polygons their area divided by the length of their edges, in metres.
  double depth_m(Handle area) const;
  /// Areas that the straight way between two points meets, in order.
  std::vector<Handle> crossed(LatLon from, LatLon to) const;

  /// Memory that the areas and everything built over them take; an estimate.
  std::size_t bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace convoke::geo
