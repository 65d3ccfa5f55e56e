#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "topics/dev_clock.h"
#include "topics/ids.h"

namespace convoke::broker_plugin {

/// What `plugin_opt_…` lines of the broker's configuration say.
struct Options {
  topics::SiteId site;    // plugin_opt_site: the one site that this broker serves
  std::string keys_path;  // plugin_opt_keys: JWK Set file with the keys that tokens are checked with
  std::uint32_t messages_per_second = 10;  // plugin_opt_messages_per_second: of one user; 0: no limit
  // Only stamps on chat messages use it; tokens stay on real time.
  std::optional<topics::DevClock> dev_clock;  // plugin_opt_dev_clock: "SIM_MS,REAL_MS,SPEED"
};

/// Reads the options; names come without `plugin_opt_`. Throws std::runtime_error naming the option and what
/// is allowed, also for an option that does not exist or is missing.
Options parse_options(const std::vector<std::pair<std::string, std::string>>& given);

}  // namespace convoke::broker_plugin
