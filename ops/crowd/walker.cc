#include "ops/crowd/walker.h"

#include <algorithm>
#include <cmath>

namespace convoke::crowd {
namespace {

constexpr double kStepS = 5;
constexpr double kStartInside = 0.05;
constexpr double kGoInside = 0.7;
constexpr double kGoElsewhere = 0.25;

double uniform(double low, double high, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(low, high)(random);
}

}  // namespace

Walker::Walker(const Venue& venue, std::uint64_t seed, Habit habit, double speed_factor)
    : venue_(venue),
      random_(seed),
      habit_(habit),
      speed_mps_(kSpeedMps * speed_factor * uniform(0.8, 1.2, random_)),
      place_(habit == Habit::gathers
                 ? 0
                 : std::uniform_int_distribution<std::size_t>(0, venue.size() - 1)(random_)) {
  const bool start_inside = habit == Habit::stands || uniform(0, 1, random_) < kStartInside;
  at_ = start_inside ? venue.inside(place_, random_) : venue.around(place_, kReachM, random_);
  error_north_m_ = std::normal_distribution<double>(0, kErrorM)(random_);
  error_east_m_ = std::normal_distribution<double>(0, kErrorM)(random_);
  choose_target();
  rest_s_ = 0;
}

void Walker::advance(double seconds) {
  for (; seconds > kStepS; seconds -= kStepS) step(kStepS);
  step(seconds);
}

void Walker::go(std::size_t place) {
  habit_ = Habit::goes;
  place_ = place;
  target_ = venue_.inside(place, random_);
  rest_s_ = 0;
}

void Walker::walk() {
  habit_ = Habit::walks;
  choose_target();
  rest_s_ = 0;
}

void Walker::step(double seconds) {
  wander(seconds);
  if (habit_ == Habit::stands) return;
  const double rested = std::min(rest_s_, seconds);
  rest_s_ -= rested;
  const double walked_m = (seconds - rested) * speed_mps_;
  const double left_m = geo::distance_m(at_, target_);
  if (walked_m >= left_m) {
    at_ = target_;
    return habit_ == Habit::goes ? stop() : choose_target();
  }
  const double share = walked_m / left_m;
  at_ = {at_.lat + (target_.lat - at_.lat) * share, at_.lon + (target_.lon - at_.lon) * share};
}

void Walker::choose_target() {
  const bool arrived_inside = venue_.covers(place_, at_);
  rest_s_ = arrived_inside ? uniform(5, 40, random_) : uniform(0, 10, random_);
  const bool gathers = habit_ == Habit::gathers;
  if (!gathers && uniform(0, 1, random_) < kGoElsewhere)
    place_ = venue_.neighbour(place_, kDistrictM, random_);
  const bool inside = gathers || uniform(0, 1, random_) < kGoInside;
  target_ = inside ? venue_.inside(place_, random_) : venue_.around(place_, kReachM, random_);
}

void Walker::wander(double seconds) {
  const double keep = std::exp(-seconds / kErrorTimeS);
  std::normal_distribution<double> fresh(0, kErrorM * std::sqrt(1 - keep * keep));
  error_north_m_ = keep * error_north_m_ + fresh(random_);
  error_east_m_ = keep * error_east_m_ + fresh(random_);
}

Sighting Walker::sighting() const {
  // Of a two-dimensional normal error, in its standard deviations.
  constexpr double kSixtyEightPercent = 1.515;
  return {moved(at_, error_north_m_, error_east_m_), kErrorM * kSixtyEightPercent};
}

}  // namespace convoke::crowd
