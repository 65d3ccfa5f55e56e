#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "geo/area.h"
#include "geo/measure.h"

namespace convoke::geo {

/// The edges of one polygon, found by latitude: its height is cut into slabs, and each slab lists the edges
/// that reach into it. Refers to the polygon, which must stay where it is and as it is. About six bytes
/// for each vertex, twelve of a large polygon's. Not changed once made: any thread may ask.
class PolygonIndex {
 public:
  explicit PolygonIndex(const Polygon& polygon);

  /// True if the point is in the polygon or on an edge (within 2 nm of it). Longitudes as stated: 180 is not
  /// -180 here.
  bool covers(LatLon point) const;

  /// Calls `visit(a, b)` once for every edge that meets the latitudes, and perhaps for some that only come
  /// near.
  template <class Visit>
  void edges_between(double low_lat, double high_lat, const Visit& visit) const {
    if (high_lat < box_.low.lat || low_lat > box_.high.lat) return;
    const bool all = low_lat <= box_.low.lat && high_lat >= box_.high.lat;
    if (all || listed() <= kFew) return all_edges(visit);
    const std::size_t first = slab(low_lat), last = slab(high_lat);
    for (std::size_t s = first; s <= last; ++s)
      edges_in(s, [&](LatLon a, LatLon b) {
        if (s == std::max(first, slab(std::min(a.lat, b.lat)))) visit(a, b);
      });
  }

  /// The point of the edges that is nearest in a plane with longitudes scaled by `lon_scale`, if it is nearer
  /// than the square root of `best2` degrees of latitude; then `best2` is lowered.
  std::optional<LatLon> nearest(LatLon point, double lon_scale, double& best2) const;

  const Box& box() const { return box_; }
  /// Brings its edges nearer to the processor.
  void prefetch() const {
    __builtin_prefetch(narrow_.data());
    __builtin_prefetch(wide_.data());
    const std::size_t count = std::min<std::size_t>(polygon_->outer.size(), 64);
    for (std::size_t i = 0; i < count; i += 4) __builtin_prefetch(&polygon_->outer[i]);
  }
  /// Of all edges together, about, in degrees of latitude.
  double length() const { return length_; }
  std::size_t vertices() const;
  std::size_t bytes() const;

 private:
  static constexpr std::size_t kFew = 128;  // so many are as quickly looked at one after the other

  std::size_t slab(double lat) const {
    const double s = (lat - box_.low.lat) * slabs_per_degree_;
    return s <= 0 ? 0 : std::min(static_cast<std::size_t>(s), std::size_t{slabs_} - 1);
  }
  /// Calls `visit(a, b)` for every edge that the slab lists.
  template <class Visit>
  void edges_in(std::size_t slab, const Visit& visit) const {
    wide_.empty() ? edges_in(slab, narrow_.data(), visit) : edges_in(slab, wide_.data(), visit);
  }
  template <class Number, class Visit>
  void edges_in(std::size_t slab, const Number* starts, const Visit& visit) const {
    const Number *const edges = starts + slabs_ + 1, *const end = edges + starts[slab + 1];
    for (const Number* edge = edges + starts[slab]; edge != end; ++edge) {
      const LatLon* const ends = ends_of(*edge);
      visit(ends[0], ends[1]);
    }
  }
  /// How many edges all slabs list together.
  std::size_t listed() const { return std::max(narrow_.size(), wide_.size()) - slabs_ - 1; }
  template <class Number>
  void list(std::vector<Number>& numbers);
  template <class Visit>
  void all_edges(const Visit& visit) const {
    const auto ring = [&](const Ring& r) {
      for (std::size_t i = 0; i + 1 < r.size(); ++i) visit(r[i], r[i + 1]);
    };
    ring(polygon_->outer);
    for (const Ring& hole : polygon_->holes) ring(hole);
  }
  /// The first of an edge's two vertices, which follow each other. Vertices are numbered through all rings.
  const LatLon* ends_of(std::size_t edge) const {
    if (edge < polygon_->outer.size()) return &polygon_->outer[edge];
    edge -= polygon_->outer.size();
    const Ring* hole = polygon_->holes.data();
    for (; edge >= hole->size(); ++hole) edge -= hole->size();
    return &(*hole)[edge];
  }
  std::uint32_t slabs_for(double height) const;
  template <class Visit>
  void for_each_edge(const Visit& visit) const;

  const Polygon* polygon_;
  Box box_;
  double slabs_per_degree_ = 0, length_ = 0;
  std::uint32_t slabs_ = 1;
  // Where each slab's edges begin, and where the last one's end; then the edges, each named by its first
  // vertex. One of the two is empty: narrow numbers will do for all but large polygons.
  std::vector<std::uint16_t> narrow_;
  std::vector<std::uint32_t> wide_;
};

}  // namespace convoke::geo
