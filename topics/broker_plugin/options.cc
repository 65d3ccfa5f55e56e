#include "topics/broker_plugin/options.h"

#include <charconv>
#include <stdexcept>

namespace convoke::broker_plugin {
namespace {

void take(Options& options, const std::string& name, const std::string& value) {
  if (name == "site") {
    options.site = topics::SiteId::parse(value);
    if (!options.site)
      throw std::runtime_error("plugin_opt_site: expected 1 to 64 characters out of A-Z a-z 0-9 . _ -");
  } else if (name == "keys") {
    options.keys_path = value;
  } else if (name == "messages_per_second") {
    const auto [end, error] =
        std::from_chars(value.data(), value.data() + value.size(), options.messages_per_second);
    if (error != std::errc{} || end != value.data() + value.size() || options.messages_per_second > 1000)
      throw std::runtime_error("plugin_opt_messages_per_second: expected a whole number from 0 to 1000");
  } else if (name == "dev_clock") {
    options.dev_clock = topics::DevClock::parse(value);
    if (!options.dev_clock) {
      throw std::runtime_error(
          "plugin_opt_dev_clock: expected SIM_MS,REAL_MS,SPEED: two times in Unix ms and a factor over 0 "
          "up to 1000000");
    }
  } else {
    throw std::runtime_error(
        "plugin_opt_" + name +
        ": expected one of plugin_opt_site, plugin_opt_keys, plugin_opt_messages_per_second, "
        "plugin_opt_dev_clock");
  }
}

}  // namespace

Options parse_options(const std::vector<std::pair<std::string, std::string>>& given) {
  Options options;
  for (const auto& [name, value] : given) take(options, name, value);
  if (!options.site)
    throw std::runtime_error("plugin_opt_site: expected the id of the site that this broker serves");
  if (options.keys_path.empty())
    throw std::runtime_error("plugin_opt_keys: expected the path of a JWK Set file");
  return options;
}

}  // namespace convoke::broker_plugin
