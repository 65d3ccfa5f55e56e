#include "geo/fence_leaf.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <numbers>

namespace convoke::geo {
namespace {

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

/// 1, 2, 4, … of four small numbers: the exponent in a single-precision number is one of two.
[[gnu::always_inline]] inline Ints powers_of_two(const std::uint8_t* exponents) {
  using Bytes [[gnu::vector_size(16)]] = std::uint8_t;
  using Shorts [[gnu::vector_size(16)]] = std::uint16_t;
  std::int32_t four = 0;
  std::memcpy(&four, exponents, sizeof four);
  // Widened in two steps, each one instruction where there is none for both.
  const auto shorts = reinterpret_cast<Shorts>(
      __builtin_shufflevector(reinterpret_cast<Bytes>(Ints{four, 0, 0, 0}), Bytes{}, 0, 16, 1, 17, 2, 18, 3,
                              19, 4, 20, 5, 21, 6, 22, 7, 23));
  const auto ints =
      reinterpret_cast<Ints>(__builtin_shufflevector(shorts, Shorts{}, 0, 8, 1, 9, 2, 10, 3, 11));
  return __builtin_convertvector(reinterpret_cast<Floats>((ints + 127) << 23), Ints);
}

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
  const std::size_t edged = parts.polygonal.size() + parts.circular.size();
  const std::size_t bytes = sizeof(FenceLeaf) + groups * (16 * sizeof(float) + kLanes) +
                            parts.circular.size() * (sizeof(Circle2) + 1) +
                            (parts.covering.size() + edged + parts.others.size()) * sizeof(Handle);
  Ptr leaf(new (::operator new(bytes)) FenceLeaf);
  leaf->box_ = parts.box;
  leaf->block_ = block_of(parts.reference);
  leaf->reference_ = parts.reference;
  leaf->lon_m_ = kLatM * std::cos(parts.reference.lat * std::numbers::pi / 180);
  leaf->groups_ = static_cast<std::uint16_t>(groups);
  leaf->covering_ = static_cast<std::uint16_t>(parts.covering.size());
  leaf->edged_ = static_cast<std::uint8_t>(edged);
  leaf->circles_ = static_cast<std::uint8_t>(parts.circular.size());
  leaf->others_ = static_cast<std::uint16_t>(parts.others.size());

  // Polygons and circles in one order.
  std::array<std::uint8_t, kMaxEdged> polygon_ranks, circle_ranks;
  Handle* handle =
      std::copy(parts.covering.begin(), parts.covering.end(), const_cast<Handle*>(leaf->handles()));
  for (std::uint8_t rank = 0, p = 0, c = 0; rank < edged; ++rank) {
    const bool polygon = c == parts.circular.size() ||
                         (p < parts.polygonal.size() && parts.polygonal[p].area < parts.circular[c].area);
    if (polygon && parts.polygonal[p].holds_reference) leaf->holding_ |= 1U << rank;
    *handle++ = polygon ? parts.polygonal[p].area : parts.circular[c].area;
    polygon ? polygon_ranks[p++] = rank : circle_ranks[c++] = rank;
  }
  std::copy(parts.others.begin(), parts.others.end(), handle);
  leaf->put_edges(parts, polygon_ranks.data());
  leaf->put_circles(parts, circle_ranks.data());
  return leaf;
}

void FenceLeaf::put_edges(const Parts& parts, const std::uint8_t* polygon_ranks) {
  auto* numbers = const_cast<float*>(edges());
  auto* edge_ranks = const_cast<std::uint8_t*>(ranks());
  std::size_t i = 0;
  const auto put = [&](PlanePoint a, PlanePoint b, std::uint8_t rank) {
    const auto ax = static_cast<float>(a.x), ay = static_cast<float>(a.y);
    const auto bx = static_cast<float>(b.x), by = static_cast<float>(b.y);
    if (ax == bx && ay == by) return;  // cut off but for its end; without length there is no distance to it
    float* group = numbers + i / kLanes * 16 + i % kLanes;
    group[0] = ax;
    group[4] = ay;
    group[8] = bx;
    group[12] = by;
    edge_ranks[i++] = rank;
  };
  auto edge = parts.edges.begin();
  for (const auto& p : parts.polygonal) {
    for (const auto end = parts.edges.begin() + static_cast<std::ptrdiff_t>(p.end); edge != end; ++edge) {
      const PlanePoint a = in_plane(edge->first), b = in_plane(edge->second);
      // The reference point lies to the left of every edge.
      a.x* b.y - a.y* b.x > 0 ? put(a, b, *polygon_ranks) : put(b, a, *polygon_ranks);
    }
    ++polygon_ranks;
  }
  // Of the last area, so that ranks only grow.
  const std::uint8_t last = i == 0 ? 0 : edge_ranks[i - 1];
  while (i < edges_at_most()) put({kFarM, -kFarM}, {kFarM, kFarM}, last);
}

void FenceLeaf::put_circles(const Parts& parts, const std::uint8_t* ranks) {
  std::copy_n(ranks, circles_, const_cast<std::uint8_t*>(circle_ranks()));
  auto* circle = const_cast<Circle2*>(circles());
  const double reach = length((parts.box.high.lon - parts.box.low.lon) * lon_m_,
                              (parts.box.high.lat - parts.box.low.lat) * kLatM);
  for (const auto& [area, c] : parts.circular) {
    const PlanePoint center = in_plane(c.center);
    const double blur = circle_blur_m(c.radius_m + reach, c.center.lat);
    const double inner = std::max(0.0, c.radius_m - blur), outer = c.radius_m + blur;
    *circle++ = {static_cast<float>(center.x), static_cast<float>(center.y),
                 static_cast<float>(inner * inner), static_cast<float>(outer * outer)};
  }
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

  /// The way from the reference point crosses them: the position is on the other side.
  Ints crossed() const { return (side < all(0)) & parted; }
};

/// Which edges the way from the reference point crosses, and nothing else.
class FenceLeaf::Parity {
 public:
  Parity(float px, float py) : x_(all(px)), y_(all(py)) {}

  [[gnu::always_inline]] Ints crossed(const float* group) {
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

  [[gnu::always_inline]] Ints crossed(const float* group) {
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

/// Which areas' edges are crossed an odd number of times. No branch: which edges those are nobody can
/// predict.
template <class Scanner>
std::uint32_t FenceLeaf::flipped(Scanner& result) const {
  Scanner scan = result;  // in registers: nothing below can point to it
  Ints flips{0, 0, 0, 0};
  const float* group = edges();
  const std::uint8_t* rank = ranks();
  for (std::uint32_t g = 0; g < groups_; ++g, group += 16, rank += kLanes)
    flips ^= scan.crossed(group) & powers_of_two(rank);
  result = scan;
  return static_cast<std::uint32_t>(flips[0] ^ flips[1] ^ flips[2] ^ flips[3]);
}

/// The circles that hold the position. `known` becomes false if it is too near to an edge.
std::uint32_t FenceLeaf::in_circles(float px, float py, bool& known) const {
  std::uint32_t in = 0, near = 0;
  const Circle2* circle = circles();
  const std::uint8_t* const rank = circle_ranks();
  for (std::uint32_t c = 0; c < circles_; ++c, ++circle) {
    const float x = px - circle->x, y = py - circle->y, away2 = x * x + y * y;
    const std::uint32_t surely = away2 < circle->inner2, perhaps = away2 <= circle->outer2;
    in |= surely << rank[c];
    near |= perhaps ^ surely;
  }
  known &= near == 0;
  return in;
}

/// To where the nearest of the circles' edges may be.
float FenceLeaf::circles_away_m(float px, float py) const {
  float nearest = std::numeric_limits<float>::infinity();
  const Circle2* circle = circles();
  for (std::uint32_t c = 0; c < circles_; ++c, ++circle) {
    const float x = px - circle->x, y = py - circle->y, away = std::sqrt(x * x + y * y);
    nearest = std::min(nearest, std::max(away - std::sqrt(circle->outer2), std::sqrt(circle->inner2) - away));
  }
  return nearest;
}

/// Those that hold all of the box, and those of a set of the others, in order.
void FenceLeaf::list(std::uint32_t edged, std::vector<Handle>& areas) const {
  areas.clear();
  const Handle *covering = handles(), *const with_edges = covering + covering_;
  for (; edged != 0; edged &= edged - 1) {
    const Handle area = with_edges[std::countr_zero(edged)];
    while (covering != with_edges && *covering < area) areas.push_back(*covering++);
    areas.push_back(area);
  }
  areas.insert(areas.end(), covering, with_edges);
}

FenceLeaf::Answer FenceLeaf::areas_at(LatLon point, std::vector<Handle>& areas) const {
  const PlanePoint at = in_plane(point);
  const auto px = static_cast<float>(at.x), py = static_cast<float>(at.y);
  Scan scan(px, py);
  const std::uint32_t polygons = holding_ ^ flipped(scan);
  Answer answer{scan.room(), !scan.near()};
  const std::uint32_t circles = in_circles(px, py, answer.known);
  answer.room.limit(circles_away_m(px, py) * (std::numbers::sqrt2_v<float> / 2));  // a square in a circle
  list(polygons | circles, areas);
  return answer;
}

bool FenceLeaf::only_areas_at(LatLon point, std::vector<Handle>& areas) const {
  const PlanePoint at = in_plane(point);
  const auto px = static_cast<float>(at.x), py = static_cast<float>(at.y);
  Parity parity(px, py);
  bool known = true;
  const std::uint32_t polygons = holding_ ^ flipped(parity), circles = in_circles(px, py, known);
  if (!known) return false;
  if (parity.near()) return areas_at(point, areas).known;
  list(polygons | circles, areas);
  return true;
}

std::optional<bool> FenceLeaf::beyond(Handle area, LatLon point, double margin_m) const {
  // Nearer to a pole the plane bends more; and an edge along the antimeridian may be only a cut.
  const double wide = box_.high.lon - box_.low.lon;
  if (std::abs(point.lat) > kMaxPlaneLat || box_.low.lon - wide < -180 || box_.high.lon + wide > 180)
    return std::nullopt;
  const PlanePoint at = in_plane(point);
  const auto px = static_cast<float>(at.x), py = static_cast<float>(at.y);
  double distance = std::numeric_limits<double>::infinity(), error = 0.01 + 0.002 * margin_m;
  double clear = clear_m(point);
  const Handle *const covering = handles(), *const edged = covering + covering_, *const end = edged + edged_;
  if (const Handle* found = std::lower_bound(edged, end, area); found != end && *found == area) {
    const auto rank = static_cast<std::uint8_t>(found - edged);
    const std::uint8_t* const round = std::find(circle_ranks(), circle_ranks() + circles_, rank);
    if (round == circle_ranks() + circles_) {
      distance = nearest_m(rank, px, py);
    } else {
      const Circle2& circle = circles()[round - circle_ranks()];
      const float x = px - circle.x, y = py - circle.y, inner = std::sqrt(circle.inner2),
                  outer = std::sqrt(circle.outer2);
      distance = std::abs(std::sqrt(x * x + y * y) - (inner + outer) / 2);
      error += (outer - inner) / 2;
      clear = distance;
    }
  } else if (!std::binary_search(covering, edged, area)) {
    return std::nullopt;
  }
  if (distance < margin_m - error) return false;
  if (std::min(distance, clear) > margin_m + error) return true;
  return std::nullopt;
}

/// Metres from the position to those of the polygon's edges that are known here.
float FenceLeaf::nearest_m(std::size_t rank, float px, float py) const {
  const Floats x = all(px), y = all(py), zero = all(0), one = all(1);
  float best2 = std::numeric_limits<float>::infinity();
  const float* group = edges();
  const std::uint8_t* ranks = this->ranks();
  for (std::uint32_t g = 0; g < groups_ && ranks[0] <= rank; ++g, group += 16, ranks += kLanes) {
    if (ranks[kLanes - 1] < rank) continue;
    const Floats ax = load(group) - x, ay = load(group + 4) - y;
    const Floats dx = load(group + 8) - x - ax, dy = load(group + 12) - y - ay;
    Floats t = -(ax * dx + ay * dy) / (dx * dx + dy * dy);
    t = t < zero ? zero : t > one ? one : t;
    const Floats nx = ax + t * dx, ny = ay + t * dy, d2 = nx * nx + ny * ny;
    // Not a number: seen from here the edge has no length, and its neighbours are as near.
    for (std::uint32_t lane = 0; lane < kLanes; ++lane)
      if (ranks[lane] == rank && d2[lane] < best2) best2 = d2[lane];
  }
  return std::sqrt(best2);
}

/// As far from the point nothing is unknown of the edges of areas that meet the box.
double FenceLeaf::clear_m(LatLon p) const {
  const double high = box_.high.lat - box_.low.lat, wide = box_.high.lon - box_.low.lon;
  const double north_south = std::min(p.lat - box_.low.lat, box_.high.lat - p.lat) + kMore * high;
  const double east_west = std::min(p.lon - box_.low.lon, box_.high.lon - p.lon) + kMore * wide;
  const double other_side = 180 - std::abs(p.lon);  // of the antimeridian
  return 0.99 * std::min(north_south * kLatM, std::min(east_west, other_side) * lon_m_);
}

Box FenceLeaf::around(LatLon point, const Room& room) const {
  const double lat = 1 / kLatM, lon = 1 / lon_m_;
  const auto less = [](float meters) { return static_cast<double>(std::max(0.0F, meters - 2 * kBlurM)); };
  return {{std::max(box_.low.lat, point.lat - less(room.south) * lat),
           std::max(box_.low.lon, point.lon - less(room.west) * lon)},
          {std::min(box_.high.lat, point.lat + less(room.north) * lat),
           std::min(box_.high.lon, point.lon + less(room.east) * lon)}};
}

std::size_t FenceLeaf::bytes() const {
  return static_cast<std::size_t>(circle_ranks() + circles_ - reinterpret_cast<const std::uint8_t*>(this));
}

}  // namespace convoke::geo
