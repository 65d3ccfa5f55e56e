#include "geo/fence_leaf.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>
#include <numbers>

namespace convoke::geo {
namespace {

constexpr double kMetersPerDegree = kEarthRadiusM * std::numbers::pi / 180;
constexpr std::size_t kLanes = 4;
constexpr double kFarM = 1e7;  // edges that fill up a group

// Four at a time: a vector type of the compiler's, which GCC and Clang have for every processor.
using Floats [[gnu::vector_size(16)]] = float;
using Ints [[gnu::vector_size(16)]] = std::int32_t;

Floats all(float x) { return Floats{x, x, x, x}; }
Floats load(const float* from) { return Floats{from[0], from[1], from[2], from[3]}; }
Floats lesser(Floats a, Floats b) { return a < b ? a : b; }

struct PlanePoint {
  double x, y;
};

/// A circle on the ground is none in the plane; over a distance `d` it is off by no more than this. The first
/// term left out of the distance in the plane is d²·tan(lat)/2R; doubled, to be safe.
double circle_blur_m(double d, double lat) {
  return 0.01 + d * d / kEarthRadiusM * (0.5 + std::abs(std::tan(lat * std::numbers::pi / 180)));
}

}  // namespace

FenceLeaf::Ptr FenceLeaf::make(const Parts& parts) {
  std::size_t edges = 0;
  for (const auto& p : parts.polygonal) edges += p.edges.size();
  const std::size_t groups = (edges + kLanes - 1) / kLanes;
  const std::size_t handles =
      parts.covering.size() + parts.polygonal.size() + parts.circular.size() + parts.others.size();
  const std::size_t bytes = sizeof(FenceLeaf) + groups * 16 * sizeof(float) +
                            parts.circular.size() * 4 * sizeof(float) + handles * sizeof(Handle) +
                            parts.polygonal.size() * sizeof(std::uint32_t);
  Ptr leaf(new (::operator new(bytes)) FenceLeaf);
  leaf->box_ = parts.box;
  leaf->reference_ = parts.reference;
  leaf->lat_m_ = kMetersPerDegree;
  leaf->lon_m_ = kMetersPerDegree * std::cos(parts.reference.lat * std::numbers::pi / 180);
  leaf->groups_ = static_cast<std::uint16_t>(groups);
  leaf->covering_ = static_cast<std::uint16_t>(parts.covering.size());
  leaf->polygons_ = static_cast<std::uint16_t>(parts.polygonal.size());
  leaf->circles_ = static_cast<std::uint16_t>(parts.circular.size());
  leaf->others_ = static_cast<std::uint16_t>(parts.others.size());
  const auto plane = [&](LatLon p) {
    return PlanePoint{(p.lon - parts.reference.lon) * leaf->lon_m_,
                      (p.lat - parts.reference.lat) * leaf->lat_m_};
  };

  auto* numbers = const_cast<float*>(leaf->edges());
  std::size_t i = 0;
  const auto put = [&](PlanePoint a, PlanePoint b) {
    float* group = numbers + i / kLanes * 16 + i % kLanes;
    group[0] = static_cast<float>(a.x);
    group[4] = static_cast<float>(a.y);
    group[8] = static_cast<float>(b.x);
    group[12] = static_cast<float>(b.y);
    ++i;
  };
  auto* ends = const_cast<std::uint32_t*>(leaf->ends());
  for (const auto& p : parts.polygonal) {
    for (const auto& [from, to] : p.edges) {
      const PlanePoint a = plane(from), b = plane(to);
      // The reference point lies to the left of every edge.
      a.x* b.y - a.y* b.x > 0 ? put(a, b) : put(b, a);
    }
    *ends++ = static_cast<std::uint32_t>(i);
  }
  while (i < groups * kLanes) put({kFarM, -kFarM}, {kFarM, kFarM});

  auto* circle = const_cast<float*>(leaf->circles());
  for (const auto& [area, c] : parts.circular) {
    const PlanePoint center = plane(c.center);
    const double reach = std::hypot((parts.box.high.lon - parts.box.low.lon) * leaf->lon_m_,
                                    (parts.box.high.lat - parts.box.low.lat) * leaf->lat_m_);
    for (const double x : {center.x, center.y, c.radius_m, circle_blur_m(c.radius_m + reach, c.center.lat)})
      *circle++ = static_cast<float>(x);
  }

  auto* handle = const_cast<Handle*>(leaf->handles());
  // A polygon's lowest bit says whether the reference point is in it.
  for (const Handle h : parts.covering) *handle++ = h;
  for (const auto& p : parts.polygonal) *handle++ = p.area << 1 | (p.holds_reference ? 1 : 0);
  for (const auto& c : parts.circular) *handle++ = c.area;
  for (const Handle h : parts.others) *handle++ = h;
  return leaf;
}

void FenceLeaf::Free::operator()(FenceLeaf* leaf) const noexcept { ::operator delete(leaf); }

FenceLeaf::Answer FenceLeaf::areas_at(LatLon point, std::vector<Handle>& areas) const {
  const auto px = static_cast<float>((point.lon - reference_.lon) * lon_m_);
  const auto py = static_cast<float>((point.lat - reference_.lat) * lat_m_);
  const Floats x = all(px), y = all(py), zero = all(0), blur2 = all(kBlurM * kBlurM);
  Floats nearest2 = all(std::numeric_limits<float>::max());
  const Handle* handle = handles();
  const Handle* const polygons = handle + covering_;
  const std::size_t before = areas.size();
  areas.insert(areas.end(), handle, polygons);

  std::uint32_t crossings = 0;  // parity of those of the polygon in hand
  std::size_t polygon = 0;
  const std::uint32_t* const end = ends();
  Ints unsure{};
  for (std::size_t g = 0; g < groups_; ++g) {
    const float* group = edges() + g * 16;
    const Floats ax = load(group), ay = load(group + 4), bx = load(group + 8), by = load(group + 12);
    const Floats dx = bx - ax, dy = by - ay, ex = x - ax, ey = y - ay;
    const Floats side = dx * ey - dy * ex, length2 = dx * dx + dy * dy;
    // The edge is crossed if the position is on its other side, and its ends lie on both sides of the line
    // from the reference point to the position.
    const Ints crossed = (side < zero) & ((x * ay - y * ax > zero) ^ (x * by - y * bx > zero));
    const Floats along = ex * dx + ey * dy;
    const Floats fx = x - bx, fy = y - by;
    const Floats to_ends = lesser(ex * ex + ey * ey, fx * fx + fy * fy);
    const Ints beside = (along > zero) & (along < length2);
    const Floats distance2 = beside ? side * side / length2 : to_ends;
    nearest2 = lesser(nearest2, distance2);
    unsure |= distance2 < blur2;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      if (g * kLanes + lane == end[polygon]) {
        if ((crossings ^ polygons[polygon]) & 1) areas.push_back(polygons[polygon] >> 1);
        crossings = 0;
        if (++polygon == polygons_) break;
      }
      crossings ^= static_cast<std::uint32_t>(crossed[lane]) & 1;
    }
  }
  if (polygon < polygons_ && ((crossings ^ polygons[polygon]) & 1)) areas.push_back(polygons[polygon] >> 1);
  float clear_m = std::sqrt(std::min(std::min(nearest2[0], nearest2[1]), std::min(nearest2[2], nearest2[3])));
  bool known = (unsure[0] | unsure[1] | unsure[2] | unsure[3]) == 0;

  const float* circle = circles();
  const Handle* const round = polygons + polygons_;
  for (std::size_t c = 0; c < circles_; ++c, circle += 4) {
    const float cx = px - circle[0], cy = py - circle[1];
    const float outside_m = std::sqrt(cx * cx + cy * cy) - circle[2];
    const float margin = std::abs(outside_m) - circle[3];
    known &= margin > 0;
    clear_m = std::min(clear_m, margin);
    if (outside_m < 0) areas.push_back(round[c]);
  }
  if (!known) areas.resize(before);
  return {clear_m, known};
}

Box FenceLeaf::room(LatLon point, float clear_m) const {
  // A square with this half side lies in the circle.
  const double half = std::max(0.0F, clear_m - 2 * kBlurM) * (std::numbers::sqrt2 / 2);
  const double lat = half / lat_m_, lon = half / lon_m_;
  return {{std::max(box_.low.lat, point.lat - lat), std::max(box_.low.lon, point.lon - lon)},
          {std::min(box_.high.lat, point.lat + lat), std::min(box_.high.lon, point.lon + lon)}};
}

std::size_t FenceLeaf::bytes() const {
  return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(ends() + polygons_) -
                                  reinterpret_cast<const std::byte*>(this));
}

}  // namespace convoke::geo
