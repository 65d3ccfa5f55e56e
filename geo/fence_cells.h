#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "geo/block.h"
#include "geo/fence_leaf.h"

namespace convoke::geo {

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
  /// The same for many, at most kMost; and brings the leaves nearer to the processor.
  static constexpr std::size_t kMost = 64;
  void find_all(std::span<const LatLon> points, std::span<const FenceLeaf*> leaves) const;
  /// How often `at` has thrown leaves away to make finer ones.
  std::uint64_t cuts() const { return cuts_; }
  /// Throws away what was known of the box.
  void forget(const Box& box);
  std::size_t bytes() const { return bytes_ + blocks_.size() * sizeof(Block); }

 private:
  struct Block {
    BlockKey key = 0;
    std::uint16_t side = 0;  // leaves in a row; 0: there is no block here
    bool changed = false;    // areas changed since it was cut
    std::unique_ptr<FenceLeaf::Ptr[]> leaves;

    std::size_t count() const { return std::size_t{side} * side; }
  };
  static_assert(sizeof(Block) == 16);

  std::size_t home(BlockKey key) const { return (key * 0x9E37'79B1U) >> shift_; }
  const Block* find_block(BlockKey key) const;
  Block& block(BlockKey key);
  void grow();
  void cut(Block& block, std::uint32_t side);
  const FenceLeaf& make(Block& block, std::size_t i);
  void forget(const Box& box, Block& block);

  Source source_;
  // By key, where its hash says or in the next places: looked for at every fix, and that costs one line of
  // the processor's cache. At most half full.
  std::vector<Block> blocks_;
  std::size_t used_ = 0;
  std::uint64_t cuts_ = 0;
  int shift_ = 32;
  std::size_t bytes_ = 0;  // of leaves, and of their pointers
};

}  // namespace convoke::geo
