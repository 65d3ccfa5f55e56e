#include "topics/broker_plugin/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace convoke::broker_plugin {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

std::string why_not(const Given& given) {
  try {
    parse_options(given);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Options, ReadsWhatTheConfigurationSays) {
  const Options options = parse_options({{"site", "demo"}, {"keys", "/k.jwks"}});
  EXPECT_EQ(options.site.str(), "demo");
  EXPECT_EQ(options.keys_path, "/k.jwks");
  EXPECT_FALSE(options.dev_clock);
}

TEST(Options, NamesTheBadOptionAndWhatIsAllowed) {
  using testing::StartsWith;
  EXPECT_THAT(why_not({{"keys", "k"}}), StartsWith("plugin_opt_site: expected the id"));
  EXPECT_THAT(why_not({{"site", "demo"}}), StartsWith("plugin_opt_keys: expected the path"));
  EXPECT_THAT(why_not({{"site", "de mo"}}), StartsWith("plugin_opt_site: expected 1 to 64 characters"));
  EXPECT_EQ(
      why_not({{"sites", "demo"}}),
      "plugin_opt_sites: expected one of plugin_opt_site, plugin_opt_keys, plugin_opt_messages_per_second, "
      "plugin_opt_dev_clock");
  EXPECT_EQ(why_not({{"site", "demo"}, {"keys", "k"}, {"dev_clock", "1,2,1000000"}}), "accepted")
      << "as the server";
  for (const char* bad : {"", "1", "1,2", "1,2,3,4", "1,2,x", "1,2,0", "1,2,-1", "-1,2,1", "1,2,nan",
                          "1,2,inf", "1,2,3,", "1,2,1e7", "1;2;3", " 1,2,3"}) {
    EXPECT_THAT(why_not({{"dev_clock", bad}}),
                StartsWith("plugin_opt_dev_clock: expected SIM_MS,REAL_MS,SPEED"))
        << bad;
  }
}

TEST(Options, DevClockRunsFromSimulatedTimeAtItsSpeed) {
  const Options options = parse_options({{"site", "demo"}, {"keys", "k"}, {"dev_clock", "5000,1000000,2.5"}});
  ASSERT_TRUE(options.dev_clock);
  EXPECT_EQ(options.dev_clock->now(1'000'000), 5000);
  EXPECT_EQ(options.dev_clock->now(1'000'010), 5025);
  EXPECT_EQ(options.dev_clock->now(999'996), 4990);
}

}  // namespace
}  // namespace convoke::broker_plugin
