#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "tests/oracle/atlas.h"

/// S2 behind a wall: what its headers and Abseil's define must be compiled as Debian compiled them, which
/// sanitizers would change.
namespace convoke::oracle {

/// Areas with edges so short that great circles deviate from ours by 2 mm at most.
class S2Shapes {
 public:
  S2Shapes();
  ~S2Shapes();
  /// Numbers areas from 0.
  void add(const AtlasArea& area);
  /// The numbers of those that hold the point, in any order.
  std::vector<std::size_t> containing(geo::LatLon p) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A line, its edges made short in the same way.
class S2Line {
 public:
  explicit S2Line(const Line& line);
  ~S2Line();
  /// From the point to the nearest point of the line, as an angle.
  double distance_rad(geo::LatLon p) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace convoke::oracle
