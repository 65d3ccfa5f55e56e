#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numbers>
#include <optional>
#include <span>
#include <vector>

#include "geo/block.h"
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
  /// As many areas as can have edges in one; the rest are `others`.
  static constexpr std::size_t kMaxEdged = 31;

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
    bool known = false;  // false: too near to an edge, and `areas` means nothing
  };
  /// Fills in the areas that hold the position, which is in the box, in order. Not the `others`.
  Answer areas_at(LatLon point, std::vector<Handle>& areas) const;
  /// The same without the room. False: not known.
  bool only_areas_at(LatLon point, std::vector<Handle>& areas) const;
  /// Whether the position, which is in the box, is at least so far from the area's edge, inside or outside.
  /// Nothing if that is a matter of a centimetre, or of edges that are not known here.
  std::optional<bool> beyond(Handle area, LatLon point, double margin_m) const;

  /// How much more than the box is known of edges, on each side, as a share of its width.
  static constexpr double kMore = 0.06;

  std::size_t edges_at_most() const { return std::size_t{4} * groups_; }
  std::span<const Handle> others() const { return {handles() + covering_ + edged_, others_}; }
  BlockKey block() const { return block_; }
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
  static constexpr double kLatM = kEarthRadiusM * std::numbers::pi / 180;  // metres in a degree of latitude
  struct PlanePoint {
    double x, y;  // metres east and north of the reference point
  };
  struct Circle2 {
    float x, y, inner2, outer2;  // squares of the distances within which a position surely is in, or may be
  };
  FenceLeaf() = default;
  // Inlined, as compilers would not: the steps of what is asked at nearly every fix.
  template <class Scanner>
  [[gnu::always_inline]] inline std::uint32_t flipped(Scanner& result) const;
  [[gnu::always_inline]] inline std::uint32_t in_circles(float px, float py, bool& known) const;
  [[gnu::always_inline]] inline void list(std::uint32_t edged, std::vector<Handle>& areas) const;
  float circles_away_m(float px, float py) const;
  void put_edges(const Parts& parts, const std::uint8_t* ranks);
  void put_circles(const Parts& parts, const std::uint8_t* ranks);
  float nearest_m(std::size_t rank, float px, float py) const;
  double clear_m(LatLon p) const;
  PlanePoint in_plane(LatLon p) const {
    return {(p.lon - reference_.lon) * lon_m_, (p.lat - reference_.lat) * kLatM};
  }

  // What follows the object in memory: edges in groups of four (ax, ay, bx, by of each), circles, all
  // handles, and then, of each edge and each circle, its area's place among those that have edges here.
  const float* edges() const { return reinterpret_cast<const float*>(this + 1); }
  const Circle2* circles() const {
    return reinterpret_cast<const Circle2*>(edges() + std::size_t{16} * groups_);
  }
  const Handle* handles() const { return reinterpret_cast<const Handle*>(circles() + circles_); }
  const std::uint8_t* ranks() const {
    return reinterpret_cast<const std::uint8_t*>(handles() + covering_ + edged_ + others_);
  }
  const std::uint8_t* circle_ranks() const { return ranks() + edges_at_most(); }

  LatLon reference_;
  double lon_m_ = 0;           // metres in a degree of longitude here
  std::uint32_t holding_ = 0;  // which of the areas with edges here hold the reference point
  std::uint16_t groups_ = 0, covering_ = 0, others_ = 0;
  std::uint8_t edged_ = 0, circles_ = 0;
  BlockKey block_ = 0;
  Box box_;
};

}  // namespace convoke::geo
