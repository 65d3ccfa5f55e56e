#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

/// Cutting a large convex polygon out of a plane full of obstacles. Plain geometry in metres, with the origin
/// as the point that matters; private to safe_region.cc.
namespace convoke::geo {

/// Metres east and north of the origin.
struct Vec {
  double x, y;
};
inline Vec operator+(Vec a, Vec b) { return {a.x + b.x, a.y + b.y}; }
inline Vec operator-(Vec a, Vec b) { return {a.x - b.x, a.y - b.y}; }
inline Vec operator*(Vec a, double s) { return {a.x * s, a.y * s}; }
inline double dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y; }
inline double cross(Vec a, Vec b) { return a.x * b.y - a.y * b.x; }
inline double length(Vec a) { return std::sqrt(dot(a, a)); }

/// All v with dot(away, v) <= distance. The plane's origin is in it, so far from its line.
struct HalfPlane {
  Vec away;  // of length 1
  double distance;
};

struct Segment {
  Vec a, b;
};

/// Convex, counter-clockwise.
using Convex = std::vector<Vec>;

/// What the region must not meet: edges, and half-planes beyond a tangent of something round.
struct Obstacles {
  std::vector<Segment> edges;
  std::vector<HalfPlane> tangents;
};

/// Cuts obstacles off a square round the origin, nearest first. The origin stays in what remains.
class ConvexCutter {
 public:
  static constexpr std::size_t kMaxCuts = 64;  // then all that is left is taken for a disc

  /// What remains has no obstacle nearer than the clearance.
  ConvexCutter(double half_side_m, double clearance_m, Obstacles obstacles);

  /// False if an obstacle is nearer to the origin than twice the clearance.
  bool run();
  const Convex& region() const { return region_; }

 private:
  /// An edge, or what was left of it when it was last looked at, and how far that is from the origin.
  struct Waiting {
    double distance;
    Segment edge;
    bool operator<(const Waiting& other) const {
      return distance > other.distance;
    }  // the greatest is the nearest
  };

  void drop_what_is_cut_off();
  std::optional<Waiting> nearest_edge();
  std::optional<HalfPlane> nearest_tangent();
  void put_back(const Waiting& edge);
  void cut_off(const Segment& edge);
  Convex shortened(const HalfPlane& half) const;
  void take(const HalfPlane& half) { region_ = shortened(half); }
  void take_octagon(double radius_m);

  double clearance_m_;
  std::vector<Waiting> edges_;  // a heap
  std::vector<HalfPlane> tangents_;
  Convex region_;
};

/// Leaves out the vertices that cost the least room. A convex polygon without one of its vertices is inside
/// it; the origin must stay inside by the clearance, or the result is false.
bool thin_out(Convex& polygon, std::size_t max_vertices, double clearance_m);

}  // namespace convoke::geo
