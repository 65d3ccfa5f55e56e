#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "geo/decision.h"
#include "geo/track.h"
#include "tests/unit/geo/shapes.h"

/// What the presets make of noise: the promises of docs/geofence.md, and the figures of its tables, which
/// these tests print. The noise is Gauss-Markov on each of two axes, 1 Hz, with correlation times of 10, 30
/// and 60 s. A phone states its accuracy as the 68 % radius, which is 1.51 standard deviations of an axis.
namespace convoke::geo {
namespace {

const double kRadiusSd = std::sqrt(-2 * std::log(1 - 0.68));  // Rayleigh distribution
constexpr double kAccuracyM = 10;
const double kSdM = kAccuracyM / kRadiusSd;
constexpr double kWide = 1e6;  // the depth of a half plane
constexpr std::size_t kHours = 1000, kHour = 3600;
constexpr std::array kCorrelations = {10.0, 30.0, 60.0};

struct Vector {
  double x = 0, y = 0;
};

/// Pairs of independent standard normal numbers (Box and Muller, 1958): the same from every standard library.
class Normal {
 public:
  explicit Normal(std::uint64_t seed) : random_(seed) {}
  Vector operator()() {
    const double radius = std::sqrt(-2 * std::log(uniform())), angle = 2 * std::numbers::pi * uniform();
    return {radius * std::cos(angle), radius * std::sin(angle)};
  }

 private:
  double uniform() { return (static_cast<double>(random_() >> 11) + 0.5) * 0x1p-53; }
  std::mt19937_64 random_;
};

/// Errors of fixes a second apart, in metres: x' = rho x + sqrt(1 - rho²) n with rho = exp(-1 s /
/// correlation), begun in the stationary state. Correlation 0: white noise.
std::vector<Vector> noise(std::uint64_t seed, double correlation_s, double sd_m, std::size_t seconds) {
  Normal normal(seed * 100 + static_cast<std::uint64_t>(correlation_s));
  const double rho = correlation_s > 0 ? std::exp(-1 / correlation_s) : 0, fresh = std::sqrt(1 - rho * rho);
  std::vector<Vector> errors(seconds);
  Vector unit = normal();
  for (Vector& error : errors) {
    error = {sd_m * unit.x, sd_m * unit.y};
    const Vector n = normal();
    unit = {rho * unit.x + fresh * n.x, rho * unit.y + fresh * n.y};
  }
  return errors;
}

/// The part of the plane where x < 0, or a circle or strip that touches x = 0 from there. Depth: the radius,
/// or half the width.
struct Shape {
  enum Kind { edge, circle, strip } kind = edge;
  double depth_m = kWide;

  double signed_distance_m(double x, double y) const {
    if (kind == edge) return x;
    if (kind == strip) return std::abs(x + depth_m) - depth_m;
    return std::sqrt((x + depth_m) * (x + depth_m) + y * y) - depth_m;
  }
};

struct Changes {
  int enters = 0, exits = 0;
  friend bool operator==(const Changes&, const Changes&) = default;
};

/// What one area says of a phone that stands at (x_m, 0). Ends at the second change of a kind.
Changes changes(const AreaRule& rule, const Shape& shape, double x_m, bool known_inside,
                const std::vector<Vector>& errors, double accuracy_m = kAccuracyM) {
  PairState state = {.inside = known_inside};
  Changes result;
  std::int64_t time_ms = 0;
  const auto count = [&](const Verdict& verdict) {
    result.enters += verdict.decision == Decision::enter;
    result.exits += verdict.decision == Decision::exit;
  };
  for (const Vector& error : errors) {
    time_ms += 1000;
    const double distance = shape.signed_distance_m(x_m + error.x, error.y);
    if (state.settled() && (distance <= 0) == state.inside) continue;
    count(elapse(state, rule, time_ms));
    count(step(state, rule, shape.depth_m, {distance, accuracy_m, time_ms}));
    if (std::max(result.enters, result.exits) > 1) break;
  }
  return result;
}

/// How a phone stands, and what is known of it at first.
struct Stand {
  const char* words;
  bool inside, known_inside;
  /// The one change that is right: the first enter of a phone of which it was not yet known that it is
  /// inside.
  bool flaps(const Changes& c) const { return inside && !known_inside ? c.exits > 0 : c != Changes{}; }
};
constexpr std::array kStands = {Stand{"outside", false, false}, Stand{"inside", true, true},
                                Stand{"inside, unknown at first", true, false}};

std::string percent(std::size_t count, std::size_t all) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100.0 * static_cast<double>(count) / static_cast<double>(all));
  return text;
}

/// As many series of noise, with the seeds from 0 on.
std::vector<std::vector<Vector>> noises(std::size_t count, double correlation_s, std::size_t seconds) {
  std::vector<std::vector<Vector>> result;
  for (std::size_t seed = 0; seed < count; ++seed) {
    result.push_back(noise(seed, correlation_s, kSdM, seconds));
  }
  return result;
}

template <typename Container, typename Predicate>
std::size_t count_if(const Container& all, Predicate predicate) {
  return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), predicate));
}

constexpr std::string_view kStrict = "strict", kBalanced = "balanced", kCalm = "calm";

struct Preset {
  std::string_view name;
  AreaRule rule = *AreaRule::preset(name);
};
const std::array kPresets = {Preset{kStrict}, Preset{kBalanced}, Preset{kCalm}};

/// How far from the edge a phone stands.
struct Distance {
  const char* sigma_words;
  double sigmas, sigma_m;
};
const std::array kDistances = {Distance{"accuracy", 1, kAccuracyM}, Distance{"accuracy", 1.5, kAccuracyM},
                               Distance{"accuracy", 2, kAccuracyM}, Distance{"accuracy", 3, kAccuracyM},
                               Distance{"one axis", 1, kSdM},       Distance{"one axis", 1.5, kSdM},
                               Distance{"one axis", 2, kSdM},       Distance{"one axis", 3, kSdM}};

/// In how many of the hours a phone flaps that stands so: the worst of two shapes and of all ways to stand.
std::size_t flapping_hours(const AreaRule& rule, const Distance& distance,
                           const std::vector<std::vector<Vector>>& hours) {
  std::size_t worst = 0;
  for (const Shape& shape : {Shape{Shape::edge, kWide}, Shape{Shape::circle, 50}}) {
    for (const Stand& stand : kStands) {
      const double x = (stand.inside ? -1 : 1) * distance.sigmas * distance.sigma_m;
      worst = std::max(worst, count_if(hours, [&](const auto& errors) {
                         return stand.flaps(changes(rule, shape, x, stand.known_inside, errors));
                       }));
    }
  }
  return worst;
}

// With sigma as the stated accuracy, and as the standard deviation of one axis: that is nearer to the edge.
TEST(Noise, StandingPhoneMakesNoTransition) {
  for (const double correlation_s : kCorrelations) {
    const auto hours = noises(kHours, correlation_s, kHour);
    for (const Preset& preset : kPresets) {
      const double from_sigma = preset.name == kCalm ? 1 : 2;
      for (const Distance& distance : kDistances) {
        const std::size_t flapping = flapping_hours(preset.rule, distance, hours);
        std::printf("correlation %2.0f s, %-8s at %.1f sigma (%s): %s\n", correlation_s, preset.name.data(),
                    distance.sigmas, distance.sigma_words, percent(flapping, kHours).c_str());
        if (preset.name == kStrict || distance.sigmas < from_sigma) continue;
        EXPECT_LE(flapping, kHours / 100);
      }
    }
  }
}

// Where the area is so small that the share of its depth limits the margin of entering.
TEST(Noise, StandingBesideASmallAreaMakesNoTransitionEither) {
  for (const double correlation_s : kCorrelations) {
    const auto hours = noises(kHours, correlation_s, kHour);
    for (const Shape::Kind kind : {Shape::circle, Shape::strip}) {
      std::printf("balanced, small %s, 2 sigma outside, correlation %2.0f s:",
                  kind == Shape::circle ? "circle" : "strip ", correlation_s);
      for (const double depth : {0.5, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0}) {
        const Shape shape = {kind, depth * kAccuracyM};
        const std::size_t flapping = count_if(hours, [&](const auto& errors) {
          return changes(AreaRule::balanced(), shape, 2 * kAccuracyM, false, errors) != Changes{};
        });
        std::printf("  depth %.2f a %s", depth, percent(flapping, kHours).c_str());
        EXPECT_LE(flapping, kHours / 100) << depth;
      }
      std::printf("\n");
    }
  }
}

// In how many of 10,000 visits the phone is seen while it is inside. Nobody can promise all: noise that lasts
// a minute can move a whole visit out of the area.
TEST(Noise, MostVisitsAreSeen) {
  constexpr std::size_t kVisits = 10'000;
  for (const double correlation_s : kCorrelations) {
    for (const std::size_t seconds : {30u, 120u}) {
      const auto visits = noises(kVisits, correlation_s, seconds);
      for (const Preset& preset : kPresets) {
        const std::size_t seen = count_if(visits, [&](const auto& errors) {
          return changes(preset.rule, {}, -2 * kAccuracyM, false, errors).enters > 0;
        });
        std::printf("correlation %2.0f s, %-8s visits of %3zu s two sigma inside: %s seen\n", correlation_s,
                    preset.name.data(), seconds, percent(seen, kVisits).c_str());
        if (preset.name == kCalm) continue;
        EXPECT_GT(seen, kVisits * 85 / 100);
      }
    }
  }
}

/// After how many seconds half of those in the middle of the shape have entered; nothing if they have not
/// within an hour.
std::optional<std::size_t> median_wait_s(const AreaRule& rule, const Shape& shape, double accuracy_m,
                                         double correlation_s) {
  constexpr std::size_t kVisitors = 401;
  std::vector<std::size_t> waits;
  for (std::size_t visitor = 0; visitor < kVisitors; ++visitor) {
    const auto errors = noise(visitor, correlation_s, accuracy_m / kRadiusSd, kHour);
    PairState state;
    std::size_t s = 0;
    for (; s < errors.size() && !state.inside; ++s) {
      const double distance = shape.signed_distance_m(-shape.depth_m + errors[s].x, errors[s].y);
      step(state, rule, shape.depth_m, {distance, accuracy_m, static_cast<std::int64_t>(s) * 1000});
    }
    waits.push_back(state.inside ? s : kHour + 1);
  }
  std::nth_element(waits.begin(), waits.begin() + kVisitors / 2, waits.end());
  const std::size_t median = waits[kVisitors / 2];
  return median <= kHour ? std::optional(median) : std::nullopt;
}

TEST(Noise, SmallHallIsEnteredUnlessSmallerThanTheAccuracy) {
  for (const double accuracy_m : {10.0, 15.0, 20.0, 30.0}) {
    for (const Shape::Kind kind : {Shape::strip, Shape::circle}) {
      std::printf("balanced, middle of a %s 40 m wide, accuracy %.0f m: half have entered after",
                  kind == Shape::circle ? "circle" : "strip ", accuracy_m);
      for (const double correlation_s : kCorrelations) {
        const auto wait_s = median_wait_s(AreaRule::balanced(), {kind, 20}, accuracy_m, correlation_s);
        std::printf("  %s", wait_s ? (std::to_string(*wait_s) + " s").c_str() : "never");
        EXPECT_EQ(wait_s.has_value(), accuracy_m <= 20) << accuracy_m;
      }
      std::printf("\n");
    }
  }
}

/// A phone that stands still 5 m inside a circle of 50 m, for ten minutes, with white noise of 10 m on each
/// axis.
std::vector<Vector> noisy_ten_minutes(std::uint64_t seed) { return noise(seed, 0, 10, 600); }

// tile38 issue 816: "134 enter and 133 exit events in ten minutes".
TEST(Noise, NoFlappingFiveMetresInsideTheEdge) {
  const Shape circle = {Shape::circle, 50};
  std::size_t plain = 0;
  bool before = false;
  for (const Vector& error : noisy_ten_minutes(0)) {
    const bool inside = circle.signed_distance_m(-5 + error.x, error.y) <= 0;
    plain += inside != before;
    before = inside;
  }
  std::printf("5 m inside a circle of 50 m, ten minutes: %zu transitions by the plain rule\n", plain);
  EXPECT_GT(plain, 200u);

  const double honest_m = 10 * kRadiusSd, too_sure_m = 10;
  for (const Preset& preset : {kPresets[1], kPresets[2]}) {
    std::size_t flapping = 0;
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      const auto errors = noisy_ten_minutes(seed);
      const Changes c = changes(preset.rule, circle, -5, false, errors, honest_m);
      ASSERT_LE(c.enters, 1) << preset.name << seed;
      ASSERT_EQ(c.exits, 0) << preset.name << seed;
      flapping += changes(preset.rule, circle, -5, false, errors, too_sure_m).exits > 0;
    }
    std::printf("%-8s none; if the phone states 10 m instead of 15, an exit in %s of the runs\n",
                preset.name.data(), percent(flapping, 1000).c_str());
    EXPECT_LE(flapping, 50u);
  }
}

/// One phone with the whole way of its fixes: the speed rule of the site and the decision rule of one area,
/// the half plane west of the prime meridian.
class Phone {
 public:
  Phone(const AreaRule& rule, bool inside) : rule_(rule), state_{.inside = inside} {}

  void fix(double x_m, double accuracy_m, std::int64_t time_ms) {
    const Position position = {{0, x_m / test::kDegreeM}, time_ms, accuracy_m};
    switch (judge(track_, last_ ? &*last_ : nullptr, held_ ? &*held_ : nullptr, position)) {
      case Belief::held:
        held_ = position;
        return;
      case Belief::both_count:
        count(*held_);
        break;
      case Belief::counts:
        break;
    }
    held_.reset();
    count(position);
  }
  int changes() const { return changes_; }

 private:
  void count(const Position& position) {
    last_ = position;
    changes_ += elapse(state_, rule_, position.time_ms).decision != Decision::none;
    const Evidence evidence = {position.at.lon * test::kDegreeM, *position.acc_m, position.time_ms};
    changes_ += step(state_, rule_, kWide, evidence).decision != Decision::none;
  }

  TrackRule track_;
  AreaRule rule_;
  PairState state_;
  std::optional<Position> last_, held_;
  int changes_ = 0;
};

/// The transitions of a phone that stands two sigma from the edge, where two fixes, or one if both are the
/// same, lie 200 m away on the other side and claim 2 m.
int with_wild_fixes(const AreaRule& rule, bool inside, std::int64_t every_ms, int first, int second,
                    const std::vector<Vector>& errors) {
  Phone phone(rule, inside);
  const double side = inside ? -1 : 1;
  for (int i = 0; i < static_cast<int>(errors.size()); ++i) {
    const bool wild = i == first || i == second;
    const double x =
        side * (wild ? 2 * kAccuracyM - 200 : 2 * kAccuracyM) + errors[static_cast<std::size_t>(i)].x;
    phone.fix(x, wild ? 2 : kAccuracyM, (1 + i) * every_ms);
  }
  return phone.changes();
}

TEST(Noise, OneOrTwoWildFixesMakeNoTransition) {
  const std::vector<Vector> still(40);
  for (const std::string_view name : {kBalanced, kCalm}) {
    const AreaRule rule = *AreaRule::preset(name);
    for (const bool inside : {false, true}) {
      for (const std::int64_t every_ms : {1000, 30'000}) {
        for (int second = 0; second < 30; ++second) {
          ASSERT_EQ(with_wild_fixes(rule, inside, every_ms, 10, second, still), 0) << name << second;
        }
      }
    }
  }
  EXPECT_GT(with_wild_fixes(AreaRule::strict(), true, 30'000, 10, 10, still), 0) << "the test is one";
}

TEST(Noise, WildFixesInNoiseMakeNoTransition) {
  for (const std::string_view name : {kBalanced, kCalm}) {
    for (const double correlation_s : kCorrelations) {
      for (std::uint64_t seed = 0; seed < 1000; ++seed) {
        const auto errors = noise(seed, correlation_s, kSdM, 60);
        const AreaRule rule = *AreaRule::preset(name);
        ASSERT_EQ(with_wild_fixes(rule, seed % 2, 1000, 30, 31, errors), 0) << name << seed;
        ASSERT_EQ(with_wild_fixes(rule, seed % 2, 30'000, 30, 31, errors), 0) << name << seed;
      }
    }
  }
}

}  // namespace
}  // namespace convoke::geo
