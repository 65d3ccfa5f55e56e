#pragma once

#include <optional>
#include <vector>

#include "geo/fence_cells.h"
#include "geo/fence_leaf.h"
#include "geo/indexed_area.h"

namespace convoke::geo {

/// Adds what one polygon of the area, or its other shape, has of edges in the box.
void add_density(const IndexedArea& area, std::size_t polygon, const Box& box, FenceCells::Density& sum);

/// Makes the leaf for a box out of the areas that may meet it.
class LeafBuilder {
 public:
  /// Forgets what was added and begins another one: the memory is used again.
  void begin(const Box& box);
  /// In order of handle, each once.
  void add(Handle handle, const IndexedArea& area);
  FenceLeaf::Ptr build();

 private:
  bool full() const { return parts_.polygonal.size() + parts_.circular.size() == FenceLeaf::kMaxEdged; }
  void add_polygons(Handle handle, const IndexedArea& area);
  void add_circle(Handle handle, const Circle& circle);
  std::optional<LatLon> reference() const;

  Box around_;  // edges are taken from a little more than the box, so that nothing happens at its border
  FenceLeaf::Parts parts_;
  std::vector<const IndexedArea*> asked_;  // whether they hold the reference point
};

}  // namespace convoke::geo
