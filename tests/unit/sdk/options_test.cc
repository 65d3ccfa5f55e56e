#include <gmock/gmock.h>

#include <fstream>
#include <stdexcept>

#include "convoke/client.h"
#include "tests/support/temp_dir.h"

namespace convoke::sdk {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Options usable() {
  Options options;
  options.brokers = {"tcp://127.0.0.1:1"};
  options.site = "demo";
  options.user = "mia";
  options.device = "phone";
  options.token = [] { return std::string(); };
  return options;
}

void expect_refused(const Options& options, const std::string& field) {
  EXPECT_THAT([&] { Client client(options); },
              ThrowsMessage<std::invalid_argument>(HasSubstr(field + ": expected")));
}

TEST(Options, NameTheFieldThatIsNotUsable) {
  Options options = usable();
  options.brokers = {};
  expect_refused(options, "brokers");
  options.brokers = {"127.0.0.1:1883"};
  expect_refused(options, "brokers");
  options.brokers = {"ssl://a:1", "tcp://b:1"};
  expect_refused(options, "brokers");
  options = usable();
  options.site = "two words";
  expect_refused(options, "site");
  options = usable();
  options.user = "";
  expect_refused(options, "user");
  options = usable();
  options.device = "a/b";
  expect_refused(options, "device");
  options = usable();
  options.token = nullptr;
  expect_refused(options, "token");
  options = usable();
  options.session_expiry = std::chrono::seconds(-1);
  expect_refused(options, "session_expiry");
  options = usable();
  options.keepalive = std::chrono::seconds(70'000);
  expect_refused(options, "keepalive");
}

TEST(Client, RefusesAFixThatIsNoPlace) {
  Client client(usable());
  EXPECT_TRUE(client.report_position({.lat = 52.5, .lon = 13.2}));
  EXPECT_FALSE(client.report_position({.lat = 91, .lon = 13.2}));
  EXPECT_FALSE(client.report_position({.lat = 52.5, .lon = 13.2, .acc_m = -1}));
  EXPECT_FALSE(client.report_position({.lat = std::numeric_limits<double>::quiet_NaN(), .lon = 13.2}));
}

TEST(FileStorage, ReplacesTheFileAsAWhole) {
  const test::TempDir dir;
  const Storage storage = file_storage(dir / "state");
  EXPECT_EQ(storage.load(), "");
  storage.save("one");
  storage.save("two");
  EXPECT_EQ(storage.load(), "two");
  EXPECT_FALSE(std::ifstream(dir / "state.new").good());
}

}  // namespace
}  // namespace convoke::sdk
