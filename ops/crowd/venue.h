#pragma once

#include <random>
#include <string>
#include <vector>

#include "geo/area.h"
#include "geo/fence_index.h"

namespace convoke::crowd {

/// The areas of a file, as places to walk to. Immutable after loading.
class Venue {
 public:
  /// Throws std::runtime_error naming the file and what is wrong with it.
  static Venue load(const std::string& path);
  explicit Venue(std::vector<geo::Area> areas);

  std::size_t size() const { return places_.size(); }
  const std::string& id(std::size_t place) const { return places_[place].area.id; }
  geo::LatLon center(std::size_t place) const { return places_[place].center; }

  /// A point inside the area; its centre if the area is too thin to hit.
  geo::LatLon inside(std::size_t place, std::mt19937_64& random) const;
  /// A point outside of it, up to `reach_m` beyond the area's bounds.
  geo::LatLon around(std::size_t place, double reach_m, std::mt19937_64& random) const;
  bool covers(std::size_t place, geo::LatLon point) const;
  /// Another area within `reach_m` (centre to centre), or the same.
  std::size_t neighbour(std::size_t place, double reach_m, std::mt19937_64& random) const;

  const geo::FenceIndex& index() const { return index_; }

 private:
  struct Bounds {
    double south = 90, west = 180, north = -90, east = -180;
  };
  struct Place {
    geo::Area area;
    Bounds bounds;
    geo::LatLon center;
  };
  static Bounds bounds_of(const geo::Area& area);
  geo::LatLon point_in(const Bounds& bounds, std::mt19937_64& random) const;

  std::vector<Place> places_;
  geo::FenceIndex index_;
};

/// Metres north and east of a point, on a locally flat earth: good to 0.1 % over a venue.
geo::LatLon moved(geo::LatLon from, double north_m, double east_m);

}  // namespace convoke::crowd
