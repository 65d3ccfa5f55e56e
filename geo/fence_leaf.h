#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "geo/measure.h"

namespace convoke::geo {

/// Numbers an area while it is in the index; given again to another after it is removed.
using Handle = std::uint32_t;

/// What a small rectangle of the map knows about the areas: those that hold all of it, and the pieces of
/// edges that run through it, in metres around a point of reference whose areas are known. A position in the
/// rectangle is in an area if that held the reference point and the line between the two crosses its edge an
/// even number of times. All in one piece of memory, in single precision; where that could be wrong (closer
/// than `kBlurM` to an edge) it says so. Not changed once made.
class FenceLeaf {
 public:
  /// Closer to an edge than this nothing is said.
  static constexpr float kBlurM = 0.005F;
  /// As many polygons as one can hold; the rest are `others`.
  static constexpr std::size_t kMaxPolygons = 64;

  /// What goes into one.
  struct Parts {
    struct Polygonal {
      Handle area;
      bool holds_reference;
      std::size_t end;  // of its edges in `edges`
    };
    struct Circular {
      Handle area;
      Circle circle;
    };
    Box box;
    LatLon reference;                  // in the box
    std::vector<Handle> covering;      // hold the whole box; in order
    std::vector<Polygonal> polygonal;  // have edges in the box
    std::vector<std::pair<LatLon, LatLon>> edges;
    std::vector<Circular> circular;
    std::vector<Handle> others;  // must be asked themselves
  };
  struct Free {
    void operator()(FenceLeaf* leaf) const noexcept;
  };
  using Ptr = std::unique_ptr<FenceLeaf, Free>;
  static Ptr make(const Parts& parts);

  /// How far one can go in each direction, all at once, without coming to an edge: metres.
  struct Room {
    float west = 0, east = 0, south = 0, north = 0;
    void limit(float half) {
      west = std::min(west, half);
      east = std::min(east, half);
      south = std::min(south, half);
      north = std::min(north, half);
    }
  };
  /// What is known of a position.
  struct Answer {
    Room room;           // as far as the leaf knows: nothing of `others`
    bool known = false;  // false: too near to an edge, and `areas` was not filled
  };
  /// Appends the areas that hold the position, which is in the box. Not the `others`.
  Answer areas_at(LatLon point, std::vector<Handle>& areas) const;
  /// The same without the room. False: not known.
  bool only_areas_at(LatLon point, std::vector<Handle>& areas) const;
  /// Whether the position, which is in the box, is at least so far from the area's edge, inside or outside.
  /// Nothing if that is a matter of a centimetre, or of edges that are not known here.
  std::optional<bool> beyond(Handle area, LatLon point, double margin_m) const;

  /// How much more than the box is known of edges, on each side, as a share of its width.
  static constexpr double kMore = 0.06;

  std::size_t edges_at_most() const { return std::size_t{4} * groups_; }
  std::span<const Handle> others() const { return {handles() + covering_ + polygons_ + circles_, others_}; }
  const Box& box() const { return box_; }
  /// Brings it nearer to the processor.
  void prefetch() const {
    for (int line = 0; line < 6; ++line) __builtin_prefetch(reinterpret_cast<const char*>(this) + 64 * line);
  }
  /// The room around the point, as far as the box goes.
  Box around(LatLon point, const Room& room) const;
  std::size_t bytes() const;

 private:
  class Parity;
  class Scan;
  template <class Scanner>
  void add_polygons(Scanner& scan, std::vector<Handle>& areas) const;
  bool add_circles(float px, float py, Room& room, std::vector<Handle>& areas) const;
  struct PlanePoint {
    double x, y;  // metres east and north of the reference point
  };
  FenceLeaf() = default;
  float nearest_m(std::size_t polygon, float px, float py) const;
  double clear_m(LatLon p) const;
  PlanePoint in_plane(LatLon p) const {
    return {(p.lon - reference_.lon) * lon_m_, (p.lat - reference_.lat) * lat_m_};
  }
  // What follows the object in memory: all handles, where each polygon's edges end, edges in groups of four
  // (ax, ay, bx, by of each), circles (x, y, radius, blur).
  const Handle* handles() const { return reinterpret_cast<const Handle*>(this + 1); }
  const std::uint32_t* ends() const { return handles() + covering_ + polygons_ + circles_ + others_; }
  const float* edges() const { return reinterpret_cast<const float*>(ends() + polygons_); }
  const float* circles() const { return edges() + std::size_t{16} * groups_; }

  Box box_;
  LatLon reference_;
  double lat_m_ = 0, lon_m_ = 0;  // metres in a degree here
  std::uint16_t groups_ = 0, covering_ = 0, polygons_ = 0, circles_ = 0, others_ = 0;
};

}  // namespace convoke::geo
