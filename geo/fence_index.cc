#include "geo/fence_index.h"

#include <algorithm>
#include <boost/function_output_iterator.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <utility>

#include "geo/boost_geometry.h"
#include "geo/measure.h"

namespace convoke::geo {
namespace {

/// What the R-tree holds: a box around an area, or around one polygon of it.
struct BoxedPart {
  Box box;
  const Area* area;
  std::size_t polygon;  // which of the area's polygons; 0 for a circle or corridor

  bool covers(LatLon point) const {
    if (const auto* circle = std::get_if<Circle>(&area->shape)) return geo::covers(*circle, point);
    if (const auto* corridor = std::get_if<Corridor>(&area->shape)) return geo::covers(*corridor, point);
    return geo::covers(std::get<Polygons>(area->shape)[polygon], point);
  }
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

using Tree = bg::index::rtree<BoxedPart, bg::index::rstar<16>, BoxOfPart, SamePart>;

std::vector<BoxedPart> boxed_parts(const Area& area) {
  std::vector<BoxedPart> parts;
  if (const auto* circle = std::get_if<Circle>(&area.shape)) {
    for (const Box& box : bounds(*circle)) parts.push_back({box, &area, 0});
  } else if (const auto* corridor = std::get_if<Corridor>(&area.shape)) {
    for (const Box& box : bounds(*corridor)) parts.push_back({box, &area, 0});
  } else {
    const Polygons& polygons = std::get<Polygons>(area.shape);
    for (std::size_t i = 0; i < polygons.size(); ++i) parts.push_back({bounds(polygons[i]), &area, i});
  }
  return parts;
}

void sort_unique(std::vector<const Area*>& areas) {
  std::sort(areas.begin(), areas.end(), std::less<>{});
  areas.erase(std::unique(areas.begin(), areas.end()), areas.end());
}

std::vector<std::string_view> sorted_ids(const std::vector<const Area*>& areas) {
  std::vector<std::string_view> ids;
  for (const Area* area : areas) ids.push_back(area->id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace

struct FenceIndex::Impl {
  std::map<std::string, Area, std::less<>> areas;  // nodes, so that addresses stay
  Tree tree;

  void unindex(const Area& area) {
    for (const BoxedPart& part : boxed_parts(area)) tree.remove(part);
  }
  void index(const Area& area) {
    for (const BoxedPart& part : boxed_parts(area)) tree.insert(part);
  }

  /// Calls `visit` for every part whose box meets `where` (a point or a box). Faster than the tree's
  /// iterators.
  template <class Where, class Visit>
  void query(const Where& where, const Visit& visit) const {
    tree.query(bg::index::intersects(where), boost::make_function_output_iterator(std::cref(visit)));
  }
};

FenceIndex::FenceIndex() : impl_(std::make_unique<Impl>()) {}
FenceIndex::~FenceIndex() = default;
FenceIndex::FenceIndex(FenceIndex&&) noexcept = default;
FenceIndex& FenceIndex::operator=(FenceIndex&&) noexcept = default;

void FenceIndex::put(Area area) {
  const auto [it, added] = impl_->areas.try_emplace(area.id);
  if (!added) impl_->unindex(it->second);
  it->second = std::move(area);
  impl_->index(it->second);
}

bool FenceIndex::erase(std::string_view id) {
  const auto it = impl_->areas.find(id);
  if (it == impl_->areas.end()) return false;
  impl_->unindex(it->second);
  impl_->areas.erase(it);
  return true;
}

const Area* FenceIndex::find(std::string_view id) const {
  const auto it = impl_->areas.find(id);
  return it == impl_->areas.end() ? nullptr : &it->second;
}

std::size_t FenceIndex::size() const { return impl_->areas.size(); }

void FenceIndex::for_each(const std::function<void(const Area&)>& f) const {
  for (const auto& [id, area] : impl_->areas) f(area);
}

bool FenceIndex::covers(std::string_view id, LatLon point) const {
  const Area* area = find(id);
  return area != nullptr && geo::covers(*area, point);
}

void FenceIndex::covering(LatLon point, std::vector<const Area*>& areas) const {
  areas.clear();
  const auto visit = [&](const BoxedPart& part) {
    if (part.covers(point)) areas.push_back(part.area);
  };
  impl_->query(point, visit);
  if (std::abs(point.lon) == 180) impl_->query(LatLon{point.lat, -point.lon}, visit);
  sort_unique(areas);
}

std::vector<std::string_view> FenceIndex::covering(LatLon point) const {
  std::vector<const Area*> areas;
  covering(point, areas);
  return sorted_ids(areas);
}

std::vector<std::string_view> FenceIndex::near(LatLon point, double radius_m) const {
  std::vector<const Area*> areas;
  const auto collect = [&](const BoxedPart& part) { areas.push_back(part.area); };
  for (const Box& box : bounds(Circle{point, radius_m})) impl_->query(box, collect);
  sort_unique(areas);
  areas.erase(
      std::remove_if(areas.begin(), areas.end(),
                     [&](const Area* area) { return geo::signed_distance_m(*area, point) > radius_m; }),
      areas.end());
  return sorted_ids(areas);
}

double FenceIndex::signed_distance_m(std::string_view id, LatLon point) const {
  const Area* area = find(id);
  return area != nullptr ? geo::signed_distance_m(*area, point) : std::numeric_limits<double>::infinity();
}

}  // namespace convoke::geo
