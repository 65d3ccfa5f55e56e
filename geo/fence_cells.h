#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "geo/fence_leaf.h"

namespace convoke::geo {

/// A square of the map, 1/64 degree wide and high (1.7 km at most). A longitude of 180 has its own.
using BlockKey = std::uint32_t;
BlockKey block_of(LatLon point);
Box block_box(BlockKey key);
/// Calls `visit` for every block that meets the box.
template <class Visit>
void for_each_block(const Box& box, const Visit& visit) {
  const BlockKey low = block_of(box.low), high = block_of(box.high);
  const BlockKey columns = block_of({-90, 180}) + 1;
  for (BlockKey row = low / columns; row <= high / columns; ++row)
    for (BlockKey column = low % columns; column <= high % columns; ++column) visit(row * columns + column);
}

/// What comes so near to a leaf's box, in degrees, belongs to the leaf: its corners are rounded numbers.
inline constexpr double kTouch = 1e-9;

/// The leaves over the map, made when first asked for, and thrown away where an area changes. Each block is
/// cut as finely as the edges in it ask for. Not thread-safe.
class FenceCells {
 public:
  /// How far apart edges are in a box: what decides how finely a block is cut.
  struct Density {
    std::size_t edges = 0;
    double length = 0;  // of the edges, in widths of the box
  };
  /// What the cells ask about the areas.
  struct Source {
    std::function<Density(const Box&)> density;
    std::function<FenceLeaf::Ptr(const Box&)> leaf;
  };
  explicit FenceCells(Source source) : source_(std::move(source)) {}

  /// The leaf that holds the point, whose longitude is below 180 and latitude below 90.
  const FenceLeaf& at(LatLon point);
  /// The same if it is there already, or null.
  const FenceLeaf* find(LatLon point) const;
  /// Throws away what was known of the box.
  void forget(const Box& box);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Block {
    std::uint32_t side = 0;  // leaves in a row
    std::vector<FenceLeaf::Ptr> leaves;
    /// Which of them holds the point.
    std::size_t leaf_at(LatLon point, LatLon low) const;
  };
  Block& block(BlockKey key);
  void forget(const Box& box, const Box& block_box, Block& block);

  Source source_;
  boost::unordered_flat_map<BlockKey, Block> blocks_;
  std::size_t bytes_ = 0;
};

}  // namespace convoke::geo
