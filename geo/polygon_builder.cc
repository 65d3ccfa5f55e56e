#include "geo/polygon_builder.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "geo/antimeridian.h"
#include "geo/boost_geometry.h"
#include "geo/edge_meeting.h"

namespace convoke::geo {
namespace {

std::string number(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string place(LatLon p) {
  return "longitude " + number(std::remainder(p.lon, 360)) + ", latitude " + number(p.lat);
}

/// All vertices are on one line.
bool is_flat(const Ring& ring) {
  const LatLon a = ring[0], b = ring[1];
  return std::all_of(ring.begin(), ring.end(), [&](LatLon p) {
    return (b.lon - a.lon) * (p.lat - a.lat) == (b.lat - a.lat) * (p.lon - a.lon);
  });
}

/// Builds one polygon. The rings stay numbered as in the file; `laid_out_` keeps the file's vertex numbers
/// too.
class PolygonBuilder {
 public:
  PolygonBuilder(std::string where, std::vector<AreaProblem>& errors, std::vector<AreaProblem>& repaired)
      : where_(std::move(where)), errors_(errors), repaired_(repaired) {}

  Polygons build(const std::vector<Ring>& rings) {
    const std::size_t errors_before = errors_.size();
    if (rings.empty()) fail("", "expected an outer ring");
    for (std::size_t i = 0; i < rings.size(); ++i) add_ring(i, rings[i]);
    if (errors_.size() > errors_before) return {};
    check_validity();
    if (errors_.size() > errors_before) return {};
    return parts();
  }

 private:
  void fail(const std::string& where, std::string what) {
    errors_.push_back({where_ + where, std::move(what)});
  }

  void add_ring(std::size_t i, const Ring& ring) {
    const std::string where = ", ring " + std::to_string(i);
    if (ring.size() < 4) {
      return fail(where, "expected at least 4 positions (the last equal to the first), found " +
                             std::to_string(ring.size()));
    }
    if (ring.front() != ring.back()) {
      return fail(where + ", vertex " + std::to_string(ring.size() - 1),
                  "the ring is not closed: expected the last position to equal the first");
    }
    UnwrappedRing unwrapped = unwrap(ring);
    if (unwrapped.too_wide) return fail(where, "the ring is wider than the world (360° of longitude)");
    if (unwrapped.round_a_pole) {
      return fail(where,
                  "the ring goes once round a pole: expected it to be closed along the pole, as in "
                  "… [180,-80], [180,-90], [-180,-90], [-180,-80] …");
    }
    if (i > 0 && !rings_.empty()) align_hole(rings_.front(), unwrapped);
    laid_out_.push_back(unwrapped.seen_from(0));
    mend(where, i == 0, unwrapped);
    rings_.push_back(std::move(unwrapped));
  }

  void mend(const std::string& where, bool outer, UnwrappedRing& ring) {
    if (const std::size_t removed = remove_repeated(ring); removed > 0) {
      repaired_.push_back({where_ + where, std::to_string(removed) + " repeated position(s) removed"});
    }
    const double area = bg::area(to_boost({ring.seen_from(0), {}}));
    if (ring.ring.size() < 4 || is_flat(ring.seen_from(0))) return fail(where, "the ring encloses nothing");
    if (area == 0 || (area > 0) == outer) return;  // 0: as much to the left as to the right; it meets itself
    std::reverse(ring.ring.begin(), ring.ring.end());
    std::reverse(ring.turns.begin(), ring.turns.end());
    repaired_.push_back({where_ + where, outer ? "order reversed: an outer ring goes counter-clockwise"
                                               : "order reversed: a hole goes clockwise"});
  }

  static std::size_t remove_repeated(UnwrappedRing& ring) {
    std::size_t kept = 1;
    for (std::size_t i = 1; i < ring.ring.size(); ++i) {
      if (ring.ring[i] == ring.ring[kept - 1] && ring.turns[i] == ring.turns[kept - 1]) continue;
      ring.ring[kept] = ring.ring[i];
      ring.turns[kept] = ring.turns[i];
      ++kept;
    }
    const std::size_t removed = ring.ring.size() - kept;
    ring.ring.resize(kept);
    ring.turns.resize(kept);
    return removed;
  }

  void check_validity() {
    bg::validity_failure_type failure{};
    if (bg::is_valid(to_boost(seen_from(rings_, 0)), failure)) return;
    if (const auto meeting = find_edge_meeting(laid_out_)) return fail_meeting(*meeting);
    if (failure == bg::failure_interior_rings_outside) return fail("", "a hole lies outside its outer ring");
    if (failure == bg::failure_nested_interior_rings) return fail("", "a hole lies inside another hole");
    if (failure == bg::failure_disconnected_interior)
      return fail("", "holes that touch cut the inside into pieces");
    fail("", "the rings cross or touch themselves or one another");
  }

  void fail_meeting(const EdgeMeeting& m) {
    const bool same = m.ring == m.other_ring;
    fail(", ring " + std::to_string(m.ring) + ", vertex " + std::to_string(m.vertex),
         "the edge from here to the next vertex meets the edge from vertex " +
             std::to_string(m.other_vertex) + (same ? "" : " of ring " + std::to_string(m.other_ring)) +
             " at " + place(m.at) + ": expected edges that neither cross nor touch");
  }

  Polygons parts() {
    if (rings_.front().crosses) {
      repaired_.push_back({where_, "crosses the antimeridian: split there"});
      return split_at_antimeridian(rings_);
    }
    Polygon polygon{std::move(rings_.front().ring), {}};
    for (std::size_t i = 1; i < rings_.size(); ++i) polygon.holes.push_back(std::move(rings_[i].ring));
    return {std::move(polygon)};
  }

  std::string where_;
  std::vector<AreaProblem>& errors_;
  std::vector<AreaProblem>& repaired_;
  std::vector<UnwrappedRing> rings_;  // mended
  std::vector<Ring> laid_out_;        // as in the file
};

bool boxes_meet(const Box& a, const Box& b) {
  return a.low.lat <= b.high.lat && b.low.lat <= a.high.lat && a.low.lon <= b.high.lon &&
         b.low.lon <= a.high.lon;
}

struct Part {
  std::size_t polygon;  // number in the file
  Box box;
  BoostPolygon shape;
};

/// Looks for the two at fault so long; a fraction of a second.
constexpr std::size_t kMaxCompared = 300'000;  // vertices

void check_overlap(const std::vector<Part>& parts, std::vector<AreaProblem>& errors) {
  BoostPolygons all;
  for (const Part& part : parts) all.push_back(part.shape);
  if (bg::is_valid(all)) return;
  std::size_t compared = 0;
  for (std::size_t i = 0; i < parts.size() && compared < kMaxCompared; ++i) {
    for (std::size_t k = i + 1; k < parts.size() && compared < kMaxCompared; ++k) {
      if (!boxes_meet(parts[i].box, parts[k].box)) continue;
      compared += bg::num_points(parts[i].shape) + bg::num_points(parts[k].shape);
      BoostPolygons pair;
      pair.push_back(parts[i].shape);
      pair.push_back(parts[k].shape);
      if (bg::is_valid(pair)) continue;
      errors.push_back({", polygon " + std::to_string(parts[k].polygon),
                        "overlaps polygon " + std::to_string(parts[i].polygon) +
                            " or shares an edge with it: expected polygons that touch in points at most"});
      return;
    }
  }
  errors.push_back({"", "the polygons overlap or share edges"});
}

}  // namespace

Polygons build_polygons(const std::vector<std::vector<Ring>>& files_rings, std::vector<AreaProblem>& errors,
                        std::vector<AreaProblem>& repaired) {
  const std::size_t errors_before = errors.size();
  const bool several = files_rings.size() > 1;
  Polygons polygons;
  std::vector<Part> parts;
  for (std::size_t i = 0; i < files_rings.size(); ++i) {
    PolygonBuilder builder(several ? ", polygon " + std::to_string(i) : "", errors, repaired);
    for (Polygon& polygon : builder.build(files_rings[i])) {
      if (several) parts.push_back({i, bounds(polygon), to_boost(polygon)});
      polygons.push_back(std::move(polygon));
    }
  }
  if (errors.size() == errors_before && several) check_overlap(parts, errors);
  return errors.size() == errors_before ? std::move(polygons) : Polygons{};
}

}  // namespace convoke::geo
