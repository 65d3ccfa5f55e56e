#include "geo/fence_leaf.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <new>
#include <numbers>

namespace convoke::geo {
namespace {

constexpr double kMetersPerDegree = kEarthRadiusM * std::numbers::pi / 180;
constexpr std::uint32_t kLanes = 4;
constexpr double kMaxPlaneLat = 75;
constexpr double kFarM = 1e7;  // edges that fill up a group

// Four at a time: a vector type of the compiler's, which GCC and Clang have for every processor.
using Floats [[gnu::vector_size(16)]] = float;
using Ints [[gnu::vector_size(16)]] = std::int32_t;

Floats all(float x) { return Floats{x, x, x, x}; }
Floats load(const float* from) { return Floats{from[0], from[1], from[2], from[3]}; }
Floats lesser(Floats a, Floats b) { return a < b ? a : b; }
Floats greater(Floats a, Floats b) { return a > b ? a : b; }
Floats magnitude(Floats a) { return reinterpret_cast<Floats>(reinterpret_cast<Ints>(a) & 0x7fff'ffff); }

/// Quicker than std::hypot: nothing here is near the ends of the numbers' range.
double length(double x, double y) { return std::sqrt(x * x + y * y); }

/// A circle on the ground is none in the plane; over a distance `d` it is off by no more than this. The first
/// term left out of the distance in the plane is d²·tan(lat)/2R; doubled, to be safe.
double circle_blur_m(double d, double lat) {
  return 0.01 + d * d / kEarthRadiusM * (0.5 + std::abs(std::tan(lat * std::numbers::pi / 180)));
}

}  // namespace

FenceLeaf::Ptr FenceLeaf::make(const Parts& parts) {
  const std::size_t groups = (parts.edges.size() + kLanes - 1) / kLanes;
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

  auto* numbers = const_cast<float*>(leaf->edges());
  std::size_t i = 0;
  const auto put = [&](PlanePoint a, PlanePoint b) {
    const auto ax = static_cast<float>(a.x), ay = static_cast<float>(a.y);
    const auto bx = static_cast<float>(b.x), by = static_cast<float>(b.y);
    if (ax == bx && ay == by) return;  // cut off but for its end; without length there is no distance to it
    float* group = numbers + i / kLanes * 16 + i % kLanes;
    group[0] = ax;
    group[4] = ay;
    group[8] = bx;
    group[12] = by;
    ++i;
  };
  auto* ends = const_cast<std::uint32_t*>(leaf->ends());
  auto edge = parts.edges.begin();
  for (const auto& p : parts.polygonal) {
    for (const auto end = parts.edges.begin() + static_cast<std::ptrdiff_t>(p.end); edge != end; ++edge) {
      const PlanePoint a = leaf->in_plane(edge->first), b = leaf->in_plane(edge->second);
      // The reference point lies to the left of every edge.
      a.x* b.y - a.y* b.x > 0 ? put(a, b) : put(b, a);
    }
    *ends++ = static_cast<std::uint32_t>(i);
  }
  while (i < groups * kLanes) put({kFarM, -kFarM}, {kFarM, kFarM});

  auto* circle = const_cast<float*>(leaf->circles());
  for (const auto& [area, c] : parts.circular) {
    const PlanePoint center = leaf->in_plane(c.center);
    const double reach = length((parts.box.high.lon - parts.box.low.lon) * leaf->lon_m_,
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

/// Four edges at a time as seen from a position.
struct Seen {
  Floats ax, ay, bx, by, dx, dy;
  Floats side;  // positive: the position is to the left of the edge
  Ints parted;  // its ends lie on both sides of the line between the reference point and the position

  [[gnu::always_inline]] Seen(const float* group, Floats x, Floats y)
      : ax(load(group) - x),
        ay(load(group + 4) - y),
        bx(load(group + 8) - x),
        by(load(group + 12) - y),
        dx(bx - ax),
        dy(by - ay),
        side(dy * ax - dx * ay),
        parted((x * ay - y * ax > all(0)) ^ (x * by - y * bx > all(0))) {}

  /// One bit for each edge that the way from the reference point crosses: the position is on the other side.
  std::uint32_t crossed() const {
    const Ints bits = (side < all(0)) & parted & Ints{1, 2, 4, 8};
    return static_cast<std::uint32_t>(bits[0] | bits[1] | bits[2] | bits[3]);
  }
};

/// Which edges the way from the reference point crosses, and nothing else.
class FenceLeaf::Parity {
 public:
  Parity(float px, float py) : x_(all(px)), y_(all(py)) {}

  [[gnu::always_inline]] std::uint32_t crossed(const float* group) {
    const Seen edge(group, x_, y_);
    near_ |= magnitude(edge.side) < all(kBlurM) * (magnitude(edge.dx) + magnitude(edge.dy));
    return edge.crossed();
  }
  /// Rounding may have decided: the line of an edge, which is longer than the edge, is so near.
  bool near() const { return (near_[0] | near_[1] | near_[2] | near_[3]) != 0; }

 private:
  Floats x_, y_;
  Ints near_{0, 0, 0, 0};
};

/// The same, and how far a rectangle around the position can grow.
class FenceLeaf::Scan {
 public:
  Scan(float px, float py) : x_(all(px)), y_(all(py)) {}

  [[gnu::always_inline]] std::uint32_t crossed(const float* group) {
    const Seen edge(group, x_, y_);
    grow(edge);
    return edge.crossed();
  }

  Room room() const { return {least(west_), least(east_), least(south_), least(north_)}; }
  /// An edge is so near that rounding may have decided.
  bool near() const { return least(nearest_) < kBlurM; }

 private:
  /// A rectangle stays clear of a segment as long as one of three lines separates them: upright, level, or
  /// along the segment. Where that is furthest away the sides that face it end.
  [[gnu::always_inline]] void grow(const Seen& edge) {
    const auto& [ax, ay, bx, by, dx, dy, side, parted] = edge;
    const Floats zero = all(0), far = all(kFar);
    const Floats east = lesser(ax, bx), west = -greater(ax, bx), north = lesser(ay, by),
                 south = -greater(ay, by);
    const Floats along = magnitude(side) / (magnitude(dx) + magnitude(dy));
    const Floats across = greater(greater(east, west), greater(north, south));
    const Floats best = greater(across, along);
    // An edge along the way from the reference point is far away, but rounding would decide its side.
    nearest_ = lesser(nearest_, pick(parted, along, best));
    const Ints slanted = along > across;
    // The segment's line is to the east if the position is to its left and it goes north, and so on.
    const Ints left = side > zero, up = dy > zero, right = dx > zero;
    east_ = lesser(east_, pick(slanted ? ~(left ^ up) : Ints(east == best), best, far));
    west_ = lesser(west_, pick(slanted ? left ^ up : Ints(west == best), best, far));
    north_ = lesser(north_, pick(slanted ? left ^ right : Ints(north == best), best, far));
    south_ = lesser(south_, pick(slanted ? ~(left ^ right) : Ints(south == best), best, far));
  }

  static Floats pick(Ints mask, Floats yes, Floats no) { return mask ? yes : no; }
  static float least(Floats a) { return std::min(std::min(a[0], a[1]), std::min(a[2], a[3])); }
  static constexpr float kFar = 1e9F;

  Floats x_, y_;
  Floats west_ = all(kFar), east_ = all(kFar), south_ = all(kFar), north_ = all(kFar), nearest_ = all(kFar);
};

template <class Scanner>
void FenceLeaf::add_polygons(Scanner& scan, std::vector<Handle>& areas) const {
  std::uint64_t flipped = 0;  // one bit for each polygon
  std::uint32_t polygon = 0;
  const std::uint32_t* const ends = this->ends();
  const float* group = edges();
  for (std::uint32_t g = 0; g < groups_; ++g, group += 16) {
    for (std::uint32_t crossed = scan.crossed(group); crossed != 0; crossed &= crossed - 1) {
      const std::uint32_t edge = g * kLanes + static_cast<std::uint32_t>(std::countr_zero(crossed));
      while (ends[polygon] <= edge) ++polygon;
      flipped ^= std::uint64_t{1} << polygon;
    }
  }
  const Handle* const polygons = handles() + covering_;
  for (std::uint32_t i = 0; i < polygons_; ++i)
    if ((polygons[i] ^ flipped >> i) & 1) areas.push_back(polygons[i] >> 1);
}

/// False if the position is too near to a circle's edge.
bool FenceLeaf::add_circles(float px, float py, Room& room, std::vector<Handle>& areas) const {
  bool known = true;
  const Handle* const round = handles() + covering_ + polygons_;
  const float* circle = circles();
  for (std::size_t c = 0; c < circles_; ++c, circle += 4) {
    const float cx = px - circle[0], cy = py - circle[1];
    const float outside_m = std::sqrt(cx * cx + cy * cy) - circle[2];
    const float margin = std::abs(outside_m) - circle[3];
    known &= margin > 0;
    if (outside_m < 0) areas.push_back(round[c]);
    room.limit(margin * (std::numbers::sqrt2_v<float> / 2));  // a square in a circle
  }
  return known;
}

FenceLeaf::Answer FenceLeaf::areas_at(LatLon point, std::vector<Handle>& areas) const {
  const PlanePoint at = in_plane(point);
  const auto px = static_cast<float>(at.x), py = static_cast<float>(at.y);
  const std::size_t before = areas.size();
  areas.insert(areas.end(), handles(), handles() + covering_);
  Scan scan(px, py);
  add_polygons(scan, areas);
  Answer answer{scan.room(), !scan.near()};
  answer.known &= add_circles(px, py, answer.room, areas);
  if (!answer.known) areas.resize(before);
  return answer;
}

bool FenceLeaf::only_areas_at(LatLon point, std::vector<Handle>& areas) const {
  const PlanePoint at = in_plane(point);
  const auto px = static_cast<float>(at.x), py = static_cast<float>(at.y);
  const std::size_t before = areas.size();
  areas.insert(areas.end(), handles(), handles() + covering_);
  Parity parity(px, py);
  add_polygons(parity, areas);
  Room room;
  const bool known = add_circles(px, py, room, areas);
  if (known && !parity.near()) return true;
  areas.resize(before);
  return known && areas_at(point, areas).known;
}

std::optional<bool> FenceLeaf::beyond(Handle area, LatLon point, double margin_m) const {
  // Nearer to a pole the plane bends more.
  if (std::abs(point.lat) > kMaxPlaneLat) return std::nullopt;
  const PlanePoint at = in_plane(point);
  const auto px = static_cast<float>(at.x), py = static_cast<float>(at.y);
  const Handle *const covering = handles(), *const polygons = covering + covering_,
                      *const circles = polygons + polygons_, *const end = circles + circles_;
  double distance = std::numeric_limits<double>::infinity(), error = 0.01 + 0.002 * margin_m;
  double clear = clear_m(point);
  if (const Handle* c = std::find(circles, end, area); c != end) {
    const float* const circle = this->circles() + 4 * (c - circles);
    const float cx = px - circle[0], cy = py - circle[1];
    distance = std::abs(std::sqrt(cx * cx + cy * cy) - circle[2]);
    error += circle[3];
    clear = distance;
  } else if (const Handle* p = std::find_if(polygons, circles, [&](Handle h) { return h >> 1 == area; });
             p != circles) {
    distance = nearest_m(static_cast<std::size_t>(p - polygons), px, py);
  } else if (std::find(covering, polygons, area) == polygons) {
    return std::nullopt;
  }
  if (distance < margin_m - error) return false;
  if (std::min(distance, clear) > margin_m + error) return true;
  return std::nullopt;
}

/// Metres from the position to those of the polygon's edges that are known here.
float FenceLeaf::nearest_m(std::size_t polygon, float px, float py) const {
  const Floats x = all(px), y = all(py), zero = all(0), one = all(1);
  const std::uint32_t begin = polygon == 0 ? 0 : ends()[polygon - 1], end = ends()[polygon];
  float best2 = std::numeric_limits<float>::infinity();
  for (std::uint32_t g = begin / kLanes; g * kLanes < end; ++g) {
    const float* const group = edges() + std::size_t{g} * 16;
    const Floats ax = load(group) - x, ay = load(group + 4) - y;
    const Floats dx = load(group + 8) - x - ax, dy = load(group + 12) - y - ay;
    Floats t = -(ax * dx + ay * dy) / (dx * dx + dy * dy);
    t = t < zero ? zero : t > one ? one : t;
    const Floats nx = ax + t * dx, ny = ay + t * dy, d2 = nx * nx + ny * ny;
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      const std::uint32_t edge = g * kLanes + lane;
      // Not a number: seen from here the edge has no length, and its neighbours are as near.
      if (edge >= begin && edge < end && d2[lane] < best2) best2 = d2[lane];
    }
  }
  return std::sqrt(best2);
}

/// As far from the point nothing is unknown of the edges of areas that meet the box.
double FenceLeaf::clear_m(LatLon p) const {
  const double high = box_.high.lat - box_.low.lat, wide = box_.high.lon - box_.low.lon;
  const double north_south = std::min(p.lat - box_.low.lat, box_.high.lat - p.lat) + kMore * high;
  const double east_west = std::min(p.lon - box_.low.lon, box_.high.lon - p.lon) + kMore * wide;
  const double other_side = 180 - std::abs(p.lon);  // of the antimeridian
  return 0.99 * std::min(north_south * lat_m_, std::min(east_west, other_side) * lon_m_);
}

Box FenceLeaf::around(LatLon point, const Room& room) const {
  const double lat = 1 / lat_m_, lon = 1 / lon_m_;
  const auto less = [](float meters) { return static_cast<double>(std::max(0.0F, meters - 2 * kBlurM)); };
  return {{std::max(box_.low.lat, point.lat - less(room.south) * lat),
           std::max(box_.low.lon, point.lon - less(room.west) * lon)},
          {std::min(box_.high.lat, point.lat + less(room.north) * lat),
           std::min(box_.high.lon, point.lon + less(room.east) * lon)}};
}

std::size_t FenceLeaf::bytes() const {
  return static_cast<std::size_t>(reinterpret_cast<const std::byte*>(circles() + std::size_t{4} * circles_) -
                                  reinterpret_cast<const std::byte*>(this));
}

}  // namespace convoke::geo
