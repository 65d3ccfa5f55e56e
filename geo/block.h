#pragma once

#include <cstddef>
#include <cstdint>

#include "geo/measure.h"

namespace convoke::geo {

/// A square of the map, 1/64 degree wide and high (1.7 km at most). A longitude of 180 has its own.
using BlockKey = std::uint32_t;
inline constexpr double kBlocksPerDegree = 64;
inline constexpr BlockKey kColumns = 360 * 64 + 1;

/// A block, and where in it a point lies, as shares of its height and width.
struct PlaceInBlock {
  BlockKey block = 0;
  double up = 0, right = 0;

  PlaceInBlock() = default;
  explicit PlaceInBlock(LatLon point) {
    const double y = (point.lat + 90) * kBlocksPerDegree, x = (point.lon + 180) * kBlocksPerDegree;
    const auto row = static_cast<BlockKey>(y), column = static_cast<BlockKey>(x);
    block = row * kColumns + column;
    up = y - row;
    right = x - column;
  }
  /// Which leaf holds the point, if there are so many in a row: `side` is far too small for rounding to
  /// matter.
  std::size_t leaf(std::uint32_t side) const {
    return std::size_t{static_cast<std::uint32_t>(up * side)} * side +
           static_cast<std::uint32_t>(right * side);
  }
};

inline BlockKey block_of(LatLon point) { return PlaceInBlock(point).block; }
inline Box block_box(BlockKey key) {
  const LatLon low{key / kColumns / kBlocksPerDegree - 90, key % kColumns / kBlocksPerDegree - 180};
  return {low, {low.lat + 1 / kBlocksPerDegree, low.lon + 1 / kBlocksPerDegree}};
}
/// Calls `visit` for every block that meets the box.
template <class Visit>
void for_each_block(const Box& box, const Visit& visit) {
  const BlockKey low = block_of(box.low), high = block_of(box.high);
  for (BlockKey row = low / kColumns; row <= high / kColumns; ++row)
    for (BlockKey column = low % kColumns; column <= high % kColumns; ++column)
      visit(row * kColumns + column);
}

}  // namespace convoke::geo
