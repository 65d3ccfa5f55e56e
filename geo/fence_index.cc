#include "geo/fence_index.h"

#include <algorithm>
#include <boost/iterator/function_output_iterator.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "geo/boost_geometry.h"
#include "geo/fence_cells.h"
#include "geo/leaf_builder.h"
#include "geo/polygon_index.h"

namespace convoke::geo {
namespace {

constexpr double kMaxLeafLat = 89;

/// What the R-tree holds: a box around an area, or around one polygon of it.
struct BoxedPart {
  Box box;
  Handle area;
  std::uint32_t polygon;  // which of the area's polygons; 0 for other shapes
};

struct BoxOfPart {
  using result_type = const Box&;
  result_type operator()(const BoxedPart& part) const { return part.box; }
};

struct SamePart {
  bool operator()(const BoxedPart& a, const BoxedPart& b) const {
    return a.area == b.area && a.polygon == b.polygon && a.box.low == b.box.low && a.box.high == b.box.high;
  }
};

using Tree = bg::index::rtree<BoxedPart, bg::index::quadratic<16>, BoxOfPart, SamePart>;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

std::vector<BoxedPart> boxed_parts(const IndexedArea& indexed, Handle handle) {
  std::vector<BoxedPart> parts;
  for (std::uint32_t i = 0; i < indexed.polygons.size(); ++i)
    parts.push_back({indexed.polygons[i].box(), handle, i});
  if (indexed.polygons.empty())
    for (const Box& box : bounds(indexed.area)) parts.push_back({box, handle, 0});
  return parts;
}

void sort_unique(std::vector<Handle>& areas) {
  std::sort(areas.begin(), areas.end());
  areas.erase(std::unique(areas.begin(), areas.end()), areas.end());
}

/// The antimeridian belongs to several leaves; near a pole a degree of longitude is not the same length all
/// over a leaf.
bool has_leaf(LatLon point) { return std::abs(point.lon) < 180 && std::abs(point.lat) < kMaxLeafLat; }

/// Few, and nearly in order: quicker than std::sort.
void sort_few(std::vector<Handle>& areas) {
  for (std::size_t i = 1; i < areas.size(); ++i) {
    const Handle area = areas[i];
    std::size_t k = i;
    for (; k > 0 && area < areas[k - 1]; --k) areas[k] = areas[k - 1];
    areas[k] = area;
  }
}

}  // namespace

struct FenceIndex::Impl {
  std::vector<std::unique_ptr<IndexedArea>> areas;  // by handle; null: free
  std::vector<Handle> free;
  boost::unordered_flat_map<std::string, Handle, TextHash, std::equal_to<>> by_id;
  Tree tree;
  FenceCells cells{
      {[this](const Box& box) { return density(box); }, [this](const Box& box) { return leaf(box); }}};
  std::size_t area_bytes = 0;
  LeafBuilder builder;
  std::vector<Handle> candidates;  // of a leaf; kept for its memory

  /// Calls `visit` for every part whose box meets `where` (a point or a box). Faster than the tree's
  /// iterators.
  template <class Where, class Visit>
  void query(const Where& where, const Visit& visit) const {
    tree.query(bg::index::intersects(where), boost::make_function_output_iterator(std::cref(visit)));
  }

  Handle new_handle(const std::string& id) {
    Handle handle = static_cast<Handle>(areas.size());
    if (free.empty()) {
      areas.emplace_back();
    } else {
      handle = free.back();
      free.pop_back();
    }
    areas[handle] = std::make_unique<IndexedArea>();
    by_id.emplace(id, handle);
    return handle;
  }

  /// Takes the area's new value, not yet into the tree.
  Handle store(Area area) {
    const auto it = by_id.find(area.id);
    const Handle handle = it != by_id.end() ? it->second : new_handle(area.id);
    IndexedArea& indexed = *areas[handle];
    if (it != by_id.end()) {
      if (indexed.active) unindex(handle);
      area_bytes -= indexed.bytes();
    }
    indexed.set(std::move(area));
    area_bytes += indexed.bytes();
    return handle;
  }

  void index(Handle handle) {
    for (const BoxedPart& part : boxed_parts(*areas[handle], handle)) {
      tree.insert(part);
      cells.forget(part.box);
    }
  }
  void unindex(Handle handle) {
    for (const BoxedPart& part : boxed_parts(*areas[handle], handle)) {
      tree.remove(part);
      cells.forget(part.box);
    }
  }

  FenceCells::Density density(const Box& box) const {
    FenceCells::Density sum;
    query(box, [&](const BoxedPart& part) { add_density(*areas[part.area], part.polygon, box, sum); });
    return sum;
  }

  FenceLeaf::Ptr leaf(const Box& box) {
    candidates.clear();
    query(Box{{box.low.lat - kTouch, box.low.lon - kTouch}, {box.high.lat + kTouch, box.high.lon + kTouch}},
          [&](const BoxedPart& part) { candidates.push_back(part.area); });
    sort_unique(candidates);
    builder.begin(box);
    // Each area is several steps away in memory: they are asked for ahead, one step after the other.
    for (const Handle handle : candidates) {
      __builtin_prefetch(areas[handle].get());
      __builtin_prefetch(&areas[handle]->area.shape);
    }
    for (const Handle handle : candidates) __builtin_prefetch(areas[handle]->polygons.data());
    for (const Handle handle : candidates)
      if (!areas[handle]->polygons.empty()) areas[handle]->polygons.front().prefetch();
    for (const Handle handle : candidates) builder.add(handle, *areas[handle]);
    return builder.build();
  }

  /// Every area is asked itself.
  void covering(LatLon point, std::vector<Handle>& found) const {
    found.clear();
    const auto visit = [&](const BoxedPart& part) {
      if (areas[part.area]->covers(point)) found.push_back(part.area);
    };
    query(point, visit);
    if (std::abs(point.lon) == 180) query(LatLon{point.lat, -point.lon}, visit);
    sort_unique(found);
  }

  std::vector<std::string_view> sorted_ids(const std::vector<Handle>& handles) const {
    std::vector<std::string_view> ids;
    for (const Handle handle : handles) ids.push_back(areas[handle]->area.id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }
};

FenceIndex::FenceIndex() : impl_(std::make_unique<Impl>()) {}
FenceIndex::~FenceIndex() = default;
FenceIndex::FenceIndex(FenceIndex&&) noexcept = default;
FenceIndex& FenceIndex::operator=(FenceIndex&&) noexcept = default;

Handle FenceIndex::put(Area area) {
  const Handle handle = impl_->store(std::move(area));
  impl_->areas[handle]->active = true;
  impl_->index(handle);
  return handle;
}

void FenceIndex::put_all(std::vector<Area> areas) {
  if (size() > 0) {
    for (Area& area : areas) put(std::move(area));
    return;
  }
  for (Area& area : areas) impl_->store(std::move(area));
  std::vector<BoxedPart> parts;
  for (Handle handle = 0; handle < impl_->areas.size(); ++handle) {
    if (!impl_->areas[handle]) continue;
    impl_->areas[handle]->active = true;
    for (const BoxedPart& part : boxed_parts(*impl_->areas[handle], handle)) parts.push_back(part);
  }
  impl_->tree = Tree(parts);
}

bool FenceIndex::erase(std::string_view id) {
  const auto it = impl_->by_id.find(id);
  if (it == impl_->by_id.end()) return false;
  const Handle handle = it->second;
  if (impl_->areas[handle]->active) impl_->unindex(handle);
  impl_->area_bytes -= impl_->areas[handle]->bytes();
  impl_->by_id.erase(it);
  impl_->areas[handle].reset();
  impl_->free.push_back(handle);
  return true;
}

void FenceIndex::set_active(Handle handle, bool active) {
  IndexedArea& indexed = *impl_->areas[handle];
  if (indexed.active == active) return;
  indexed.active = active;
  active ? impl_->index(handle) : impl_->unindex(handle);
}

bool FenceIndex::active(Handle handle) const { return impl_->areas[handle]->active; }

const Area* FenceIndex::find(std::string_view id) const {
  const auto found = handle(id);
  return found ? &area(*found) : nullptr;
}

std::optional<Handle> FenceIndex::handle(std::string_view id) const {
  const auto it = impl_->by_id.find(id);
  return it == impl_->by_id.end() ? std::nullopt : std::optional(it->second);
}

const Area& FenceIndex::area(Handle handle) const { return impl_->areas[handle]->area; }

bool FenceIndex::known(Handle handle) const { return handle < impl_->areas.size() && impl_->areas[handle]; }

std::size_t FenceIndex::size() const { return impl_->by_id.size(); }

void FenceIndex::for_each(const std::function<void(const Area&)>& f) const {
  std::vector<Handle> handles;
  for (const auto& [id, handle] : impl_->by_id) handles.push_back(handle);
  for (const std::string_view id : impl_->sorted_ids(handles)) f(*find(id));
}

bool FenceIndex::covers(std::string_view id, LatLon point) const {
  const auto found = handle(id);
  return found && covers(*found, point);
}

bool FenceIndex::covers(Handle handle, LatLon point) const {
  const IndexedArea& indexed = *impl_->areas[handle];
  return indexed.active && indexed.covers(point);
}

std::vector<std::string_view> FenceIndex::covering(LatLon point) const {
  std::vector<Handle> areas;
  impl_->covering(point, areas);
  return impl_->sorted_ids(areas);
}

std::optional<Box> FenceIndex::locate(LatLon point, std::vector<Handle>& areas, const FenceLeaf* leaf) const {
  FenceLeaf::Answer answer;
  if (leaf == nullptr && has_leaf(point)) leaf = &impl_->cells.at(point);
  if (leaf != nullptr) answer = leaf->areas_at(point, areas);
  if (!answer.known) {
    impl_->covering(point, areas);
    return std::nullopt;
  }
  for (const Handle other : leaf->others()) {
    const double distance = impl_->areas[other]->signed_distance_m(point);
    if (distance <= 0) areas.push_back(other);
    // A square in a circle, and distances in the plane are half a per cent off at worst.
    answer.room.limit(static_cast<float>(std::abs(distance) * 0.7));
  }
  if (!leaf->others().empty()) sort_few(areas);
  return leaf->around(point, answer.room);
}

void FenceIndex::covering(LatLon point, std::vector<Handle>& areas, const FenceLeaf* leaf) const {
  if (leaf == nullptr && has_leaf(point)) leaf = &impl_->cells.at(point);
  if (leaf == nullptr || !leaf->only_areas_at(point, areas)) return impl_->covering(point, areas);
  if (leaf->others().empty()) return;
  for (const Handle other : leaf->others())
    if (impl_->areas[other]->covers(point)) areas.push_back(other);
  sort_few(areas);
}

void FenceIndex::leaves(std::span<const LatLon> points, std::span<const FenceLeaf*> leaves) const {
  if (std::all_of(points.begin(), points.end(), has_leaf)) return impl_->cells.find_all(points, leaves);
  for (std::size_t i = 0; i < points.size(); ++i)
    leaves[i] = has_leaf(points[i]) ? impl_->cells.find(points[i]) : nullptr;
}

std::uint64_t FenceIndex::cuts() const { return impl_->cells.cuts(); }

std::vector<Handle> FenceIndex::near(LatLon point, double radius_m) const {
  std::vector<Handle> areas;
  const auto collect = [&](const BoxedPart& part) { areas.push_back(part.area); };
  for (const Box& box : bounds(Circle{point, radius_m})) impl_->query(box, collect);
  sort_unique(areas);
  return areas;
}

std::span<const PolygonIndex> FenceIndex::polygons(Handle area) const { return impl_->areas[area]->polygons; }

double FenceIndex::signed_distance_m(std::string_view id, LatLon point) const {
  const auto found = handle(id);
  return found ? signed_distance_m(*found, point) : std::numeric_limits<double>::infinity();
}

double FenceIndex::signed_distance_m(Handle handle, LatLon point) const {
  return impl_->areas[handle]->signed_distance_m(point);
}

std::optional<double> FenceIndex::distance_m(Handle handle, LatLon point, double limit_m) const {
  return impl_->areas[handle]->distance_m(point, limit_m);
}

std::optional<bool> FenceIndex::beyond(Handle handle, LatLon point, double margin_m,
                                       const FenceLeaf* leaf) const {
  if (leaf == nullptr && has_leaf(point)) leaf = &impl_->cells.at(point);
  return leaf == nullptr ? std::nullopt : leaf->beyond(handle, point, margin_m);
}

double FenceIndex::depth_m(Handle handle) const { return impl_->areas[handle]->depth_m(); }

std::vector<Handle> FenceIndex::crossed(LatLon from, LatLon to) const {
  std::vector<Handle> areas;
  const Box box{{std::min(from.lat, to.lat), std::min(from.lon, to.lon)},
                {std::max(from.lat, to.lat), std::max(from.lon, to.lon)}};
  if (box.high.lon - box.low.lon > 180) return areas;  // over the antimeridian: too far to say
  impl_->query(box, [&](const BoxedPart& part) { areas.push_back(part.area); });
  sort_unique(areas);
  std::erase_if(areas, [&](Handle area) { return !impl_->areas[area]->meets_way(from, to); });
  return areas;
}

std::size_t FenceIndex::bytes() const {
  return impl_->area_bytes + impl_->cells.bytes() + impl_->tree.size() * sizeof(BoxedPart) * 5 / 4;
}

}  // namespace convoke::geo
