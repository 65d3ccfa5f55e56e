#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "geo/area.h"

namespace convoke::geo {

/// All areas of one site, found by place. Not thread-safe: one owner.
class FenceIndex {
 public:
  FenceIndex();
  ~FenceIndex();
  FenceIndex(FenceIndex&&) noexcept;
  FenceIndex& operator=(FenceIndex&&) noexcept;

  /// Adds the area, or replaces the one of the same id.
  void put(Area area);
  /// Removes the area; false if there is none of that id.
  bool erase(std::string_view id);
  /// The area, or null. The address stays the same until the area is erased, also when it is replaced.
  const Area* find(std::string_view id) const;
  std::size_t size() const;
  /// Calls `f` for every area, in order of id.
  void for_each(const std::function<void(const Area&)>& f) const;

  /// True if the point is in the area or on its edge. False for an unknown id.
  bool covers(std::string_view id, LatLon point) const;
  /// Ids of all areas that cover the point, in order of id. Valid until the next put or erase.
  std::vector<std::string_view> covering(LatLon point) const;
  /// The same for hot paths: replaces the content of `areas`, which is then in order of address, each area
  /// once.
  void covering(LatLon point, std::vector<const Area*>& areas) const;
  /// Ids of all areas whose edge or inside is within `radius_m` of the point, in order of id.
  std::vector<std::string_view> near(LatLon point, double radius_m) const;
  /// Metres from the point to the area's edge, negative inside; +infinity for an unknown id.
  double signed_distance_m(std::string_view id, LatLon point) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace convoke::geo
