#include "topics/broker_plugin/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string_view>

namespace convoke::broker_plugin {
namespace {

/// Takes the text up to the next comma off `rest` and reads all of it as a number.
template <class Number>
bool take_number(std::string_view& rest, Number& number) {
  const std::string_view field = rest.substr(0, rest.find(','));
  rest.remove_prefix(std::min(rest.size(), field.size() + 1));
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  return error == std::errc{} && end == field.data() + field.size();
}

std::optional<DevClock> parse_dev_clock(std::string_view text) {
  DevClock clock;
  std::string_view rest = text;
  const bool numbers =
      take_number(rest, clock.sim_ms) && take_number(rest, clock.real_ms) && take_number(rest, clock.speed);
  const bool in_range =
      clock.sim_ms >= 0 && clock.real_ms >= 0 && clock.speed >= 0.001 && clock.speed <= 100'000;
  if (!numbers || std::count(text.begin(), text.end(), ',') != 2 || !in_range) return std::nullopt;
  return clock;
}

void take(Options& options, const std::string& name, const std::string& value) {
  if (name == "site") {
    options.site = topics::SiteId::parse(value);
    if (!options.site)
      throw std::runtime_error("plugin_opt_site: expected 1 to 64 characters out of A-Z a-z 0-9 . _ -");
  } else if (name == "keys") {
    options.keys_path = value;
  } else if (name == "dev_clock") {
    options.dev_clock = parse_dev_clock(value);
    if (!options.dev_clock) {
      throw std::runtime_error(
          "plugin_opt_dev_clock: expected SIM_MS,REAL_MS,SPEED: two times in Unix ms and a factor from 0.001 "
          "to 100000");
    }
  } else {
    throw std::runtime_error("plugin_opt_" + name +
                             ": expected one of plugin_opt_site, plugin_opt_keys, plugin_opt_dev_clock");
  }
}

}  // namespace

std::int64_t DevClock::at(std::int64_t now_ms) const {
  return sim_ms + std::llround(static_cast<double>(now_ms - real_ms) * speed);
}

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
