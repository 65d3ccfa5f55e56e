#pragma once

#include <random>

#include "geo/lat_lon.h"
#include "ops/crowd/venue.h"

namespace convoke::crowd {

/// What a phone believes about where it is.
struct Sighting {
  geo::LatLon at;
  double acc_m = 0;  // 68 %
};

/// One pedestrian: walks to a point, stays a while, walks on (random waypoint), drawn to the areas so that
/// they fill and empty. The phone's error wanders like a real receiver's (Gauss-Markov): seconds apart it is
/// nearly the same, a minute apart it is another. The same seed makes the same walk.
class Walker {
 public:
  static constexpr double kSpeedMps = 1.4;
  static constexpr double kErrorM = 3;         // standard deviation on each axis
  static constexpr double kErrorTimeS = 20;    // over which the error changes
  static constexpr double kReachM = 60;        // how far around an area people walk
  static constexpr double kDistrictM = 1'500;  // how far they go for another area

  /// walks: from area to area. gathers: into the first area, and about in it. stands: inside an area. goes:
  /// to one point, and then stands there.
  enum class Habit { walks, gathers, stands, goes };

  /// Walkers start near an area, one in twenty inside it.
  Walker(const Venue& venue, std::uint64_t seed, Habit habit, double speed_factor);

  /// Moves on by `seconds` of the walker's own time, in steps small enough for the turns.
  void advance(double seconds);
  /// From now on: walks into this area and stands there; stands where it is; walks from area to area.
  void go(std::size_t place);
  void stop() { habit_ = Habit::stands; }
  void walk();
  geo::LatLon true_place() const { return at_; }
  Sighting sighting() const;

 private:
  void step(double seconds);
  void choose_target();
  void wander(double seconds);

  const Venue& venue_;
  std::mt19937_64 random_;
  Habit habit_;
  double speed_mps_;
  std::size_t place_;
  geo::LatLon at_;
  geo::LatLon target_;
  double rest_s_ = 0;
  double error_north_m_ = 0;
  double error_east_m_ = 0;
};

}  // namespace convoke::crowd
