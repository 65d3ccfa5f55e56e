#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "topics/ids.h"

namespace convoke::broker_plugin {

/// A clock for replays of recorded tracks: simulated time runs from `sim_ms` on since the real time
/// `real_ms`, `speed` times as fast. Only stamps on chat messages use it; tokens stay on real time. For
/// development only.
struct DevClock {
  std::int64_t sim_ms = 0;   // Unix ms
  std::int64_t real_ms = 0;  // Unix ms
  double speed = 1;          // 0.001 to 100000

  std::int64_t at(std::int64_t now_ms) const;
};

/// What `plugin_opt_…` lines of the broker's configuration say.
struct Options {
  topics::SiteId site;    // plugin_opt_site: the one site that this broker serves
  std::string keys_path;  // plugin_opt_keys: JWK Set file with the keys that tokens are checked with
  std::optional<DevClock> dev_clock;  // plugin_opt_dev_clock: "SIM_MS,REAL_MS,SPEED"
};

/// Reads the options; names come without `plugin_opt_`. Throws std::runtime_error naming the option and what
/// is allowed, also for an option that does not exist or is missing.
Options parse_options(const std::vector<std::pair<std::string, std::string>>& given);

}  // namespace convoke::broker_plugin
