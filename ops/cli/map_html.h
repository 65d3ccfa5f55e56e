#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "geo/area.h"
#include "geo/transition.h"
#include "ops/tracks/fixes.h"

namespace convoke::cli {

/// What one replay found.
struct ReplayMap {
  std::string title, rule;
  std::vector<const geo::Area*> areas;
  const std::vector<tracks::TrackFix>& fixes;  // in order of time
  std::vector<geo::Transition> transitions;    // the first ones, in order
  std::size_t all_transitions = 0;
};

/// How much of it is shown. Lines are thinned to their points, those with the least to show go first.
struct MapLimits {
  std::size_t transitions = 5'000;
  std::size_t areas = 2'000;
  std::size_t area_points = 40'000;
  std::size_t track_points = 80'000;
  std::size_t bytes = 5'000'000;  // of the page; if it is larger all of the above are halved
};

/// A page that shows it: a map of the areas, the users' tracks and the transitions, with a table of these. It
/// needs nothing but itself, and says what it leaves out. Text from elsewhere cannot become part of the page.
std::string map_html(const ReplayMap& map, MapLimits limits = {});

}  // namespace convoke::cli
