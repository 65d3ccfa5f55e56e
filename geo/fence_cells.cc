#include "geo/fence_cells.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

namespace convoke::geo {
namespace {

constexpr double kEdgesPerLeaf = 14;    // so many are wanted; measured with bench_geofence
constexpr double kCrowded = 4;          // times as many: perhaps the block should be cut more finely
constexpr std::uint32_t kMaxSide = 64;  // a leaf is 27 m high then

/// Which leaf of a row holds a coordinate.
std::uint32_t place(double degrees, double low, std::uint32_t side) {
  const double n = (degrees - low) * kBlocksPerDegree * side;
  return n <= 0 ? 0 : std::min(static_cast<std::uint32_t>(n), side - 1);
}

/// Leaves in a row of a block, so that each has kEdgesPerLeaf pieces of edges: a straight line meets 4/pi
/// leaves for each leaf's width of its length, on average of all directions.
std::uint32_t side_for(const FenceCells::Density& density) {
  const double half = 2 / std::numbers::pi * density.length / kEdgesPerLeaf;
  const double side = half + std::sqrt(half * half + static_cast<double>(density.edges) / kEdgesPerLeaf);
  return std::clamp(static_cast<std::uint32_t>(std::ceil(side)), 1U, kMaxSide);
}

}  // namespace

const FenceCells::Block* FenceCells::find_block(BlockKey key) const {
  if (blocks_.empty()) return nullptr;
  for (std::size_t i = home(key);; i = (i + 1) & (blocks_.size() - 1)) {
    if (blocks_[i].side == 0) return nullptr;
    if (blocks_[i].key == key) return &blocks_[i];
  }
}

FenceCells::Block& FenceCells::block(BlockKey key) {
  if (const Block* known = find_block(key)) return const_cast<Block&>(*known);
  if (2 * (used_ + 1) > blocks_.size()) grow();
  std::size_t i = home(key);
  while (blocks_[i].side != 0) i = (i + 1) & (blocks_.size() - 1);
  blocks_[i].key = key;
  ++used_;
  cut(blocks_[i], side_for(source_.density(block_box(key))));
  return blocks_[i];
}

void FenceCells::grow() {
  std::vector<Block> old = std::exchange(blocks_, {});
  blocks_.resize(std::max<std::size_t>(16, 2 * old.size()));
  shift_ = 32 - std::countr_zero(blocks_.size());
  for (Block& block : old) {
    if (block.side == 0) continue;
    std::size_t i = home(block.key);
    while (blocks_[i].side != 0) i = (i + 1) & (blocks_.size() - 1);
    blocks_[i] = std::move(block);
  }
}

void FenceCells::cut(Block& block, std::uint32_t side) {
  if (block.leaves) {
    forget(block_box(block.key), block);
    bytes_ -= block.count() * sizeof(FenceLeaf::Ptr);
    ++cuts_;
  }
  block.side = static_cast<std::uint16_t>(side);
  block.changed = false;
  block.leaves = std::make_unique<FenceLeaf::Ptr[]>(block.count());
  bytes_ += block.count() * sizeof(FenceLeaf::Ptr);
}

const FenceLeaf* FenceCells::find(LatLon point) const {
  const PlaceInBlock place(point);
  const Block* block = find_block(place.block);
  return block == nullptr ? nullptr : block->leaves[place.leaf(block->side)].get();
}

/// What one loop asks memory for has come when the next one looks at it.
void FenceCells::find_all(std::span<const LatLon> points, std::span<const FenceLeaf*> leaves) const {
  std::array<PlaceInBlock, kMost> places;
  std::array<const FenceLeaf::Ptr*, kMost> slots;
  if (blocks_.empty()) return std::fill(leaves.begin(), leaves.end(), nullptr);
  for (std::size_t i = 0; i < points.size(); ++i) {
    places[i] = PlaceInBlock(points[i]);
    __builtin_prefetch(&blocks_[home(places[i].block)]);
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Block* block = find_block(places[i].block);
    slots[i] = block == nullptr ? nullptr : &block->leaves[places[i].leaf(block->side)];
    if (slots[i] != nullptr) __builtin_prefetch(slots[i]);
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    leaves[i] = slots[i] == nullptr ? nullptr : slots[i]->get();
    if (leaves[i] != nullptr) leaves[i]->prefetch();
  }
}

const FenceLeaf& FenceCells::at(LatLon point) {
  const PlaceInBlock place(point);
  Block& b = block(place.block);
  const std::size_t i = place.leaf(b.side);
  if (b.leaves[i]) return *b.leaves[i];
  const FenceLeaf& leaf = make(b, i);
  // The block was cut for other areas than there are now.
  if (!b.changed || static_cast<double>(leaf.edges_at_most()) < kCrowded * kEdgesPerLeaf) return leaf;
  b.changed = false;
  const std::uint32_t side = side_for(source_.density(block_box(b.key)));
  if (side < 2U * b.side) return leaf;
  cut(b, side);
  return make(b, place.leaf(b.side));
}

const FenceLeaf& FenceCells::make(Block& b, std::size_t i) {
  const LatLon low = block_box(b.key).low;
  const double width = 1 / kBlocksPerDegree / b.side;
  const LatLon corner{low.lat + static_cast<double>(i / b.side) * width,
                      low.lon + static_cast<double>(i % b.side) * width};
  b.leaves[i] = source_.leaf({corner, {corner.lat + width, corner.lon + width}});
  bytes_ += b.leaves[i]->bytes();
  return *b.leaves[i];
}

void FenceCells::forget(const Box& area) {
  // A little more, because what only touches a leaf is in it too.
  constexpr double kMore = 2 * kTouch;
  const Box box{{std::max(-90.0, area.low.lat - kMore), std::max(-180.0, area.low.lon - kMore)},
                {std::min(90.0, area.high.lat + kMore), std::min(180.0, area.high.lon + kMore)}};
  const double high = (box.high.lat - box.low.lat) * kBlocksPerDegree + 1;
  const double wide = (box.high.lon - box.low.lon) * kBlocksPerDegree + 1;
  if (high * wide < static_cast<double>(used_)) {
    for_each_block(box, [&](BlockKey key) {
      if (const Block* block = find_block(key)) forget(box, const_cast<Block&>(*block));
    });
    return;
  }
  for (Block& block : blocks_)
    if (block.side != 0) forget(box, block);
}

void FenceCells::forget(const Box& box, Block& block) {
  const Box all = block_box(block.key);
  if (box.low.lat > all.high.lat || box.high.lat < all.low.lat || box.low.lon > all.high.lon ||
      box.high.lon < all.low.lon)
    return;
  block.changed = true;
  const std::uint32_t last_row = place(box.high.lat, all.low.lat, block.side);
  const std::uint32_t last_column = place(box.high.lon, all.low.lon, block.side);
  for (std::uint32_t r = place(box.low.lat, all.low.lat, block.side); r <= last_row; ++r) {
    for (std::uint32_t c = place(box.low.lon, all.low.lon, block.side); c <= last_column; ++c) {
      FenceLeaf::Ptr& leaf = block.leaves[std::size_t{r} * block.side + c];
      if (!leaf) continue;
      bytes_ -= leaf->bytes();
      leaf.reset();
    }
  }
}

}  // namespace convoke::geo
