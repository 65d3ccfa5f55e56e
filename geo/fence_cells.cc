#include "geo/fence_cells.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace convoke::geo {
namespace {

constexpr double kBlocksPerDegree = 64;
constexpr BlockKey kColumns = 360 * 64 + 1;
constexpr double kEdgesPerLeaf = 14;    // so many are wanted; measured with bench_geofence
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

BlockKey block_of(LatLon point) {
  const auto row = static_cast<BlockKey>((point.lat + 90) * kBlocksPerDegree);
  const auto column = static_cast<BlockKey>((point.lon + 180) * kBlocksPerDegree);
  return row * kColumns + column;
}

Box block_box(BlockKey key) {
  const LatLon low{key / kColumns / kBlocksPerDegree - 90, key % kColumns / kBlocksPerDegree - 180};
  return {low, {low.lat + 1 / kBlocksPerDegree, low.lon + 1 / kBlocksPerDegree}};
}

std::size_t FenceCells::Block::leaf_at(LatLon point, LatLon low) const {
  return std::size_t{place(point.lat, low.lat, side)} * side + place(point.lon, low.lon, side);
}

FenceCells::Block& FenceCells::block(BlockKey key) {
  const auto [it, made] = blocks_.try_emplace(key);
  Block& block = it->second;
  if (made) {
    block.side = side_for(source_.density(block_box(key)));
    block.leaves.resize(std::size_t{block.side} * block.side);
    bytes_ += sizeof(Block) + block.leaves.size() * sizeof(FenceLeaf::Ptr);
  }
  return block;
}

const FenceLeaf* FenceCells::find(LatLon point) const {
  const BlockKey key = block_of(point);
  const auto it = blocks_.find(key);
  return it == blocks_.end() ? nullptr
                             : it->second.leaves[it->second.leaf_at(point, block_box(key).low)].get();
}

const FenceLeaf& FenceCells::at(LatLon point) {
  if (const FenceLeaf* known = find(point)) return *known;
  const BlockKey key = block_of(point);
  Block& b = block(key);
  const LatLon low = block_box(key).low;
  const std::size_t i = b.leaf_at(point, low);
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
  if (high * wide < static_cast<double>(blocks_.size())) {
    for_each_block(box, [&](BlockKey key) {
      if (const auto it = blocks_.find(key); it != blocks_.end()) forget(box, block_box(key), it->second);
    });
    return;
  }
  for (auto& [key, block] : blocks_) forget(box, block_box(key), block);
}

void FenceCells::forget(const Box& box, const Box& all, Block& block) {
  if (box.low.lat > all.high.lat || box.high.lat < all.low.lat || box.low.lon > all.high.lon ||
      box.high.lon < all.low.lon)
    return;
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
