#include "ops/cli/area_watch.h"

#include <boost/json.hpp>
#include <csignal>
#include <streambuf>

#include "ops/cli/failure.h"
#include "tests/unit/cli/cli_fixture.h"
#include "tests/unit/cli/fake_server.h"

namespace convoke::cli {
namespace {

constexpr const char* kEnter =
    R"({"t":1780342200500,"type":"transition","user":"anna","area":"bar","transition":"enter","reason":"position","distance_m":-18.88,"accuracy_m":8,"inside":12})";
constexpr const char* kPass =
    R"({"t":1780342201000,"type":"transition","user":"ben@north","area":"hall","transition":"pass_through","reason":"position","distance_m":4,"accuracy_m":null,"inside":3})";
constexpr const char* kRemoved =
    R"({"t":1780342202000,"type":"transition","user":"anna","area":"bar","transition":"exit","reason":"area_removed","distance_m":null,"accuracy_m":null,"inside":0})";
constexpr const char* kAreas = R"({"features":[{"id":"hall","properties":{"name":"Hall"}},
    {"id":"bar","properties":{"name":"Bar"}},{"id":"hall-b","properties":{}}]})";

class AreaWatchTest : public CliTest {
 protected:
  Outcome call(std::vector<std::string> arguments) const {
    return CliTest::call(server_.url(), std::move(arguments));
  }
  void will_stream() {
    server_.will_answer(200, std::string(R"({"t":1,"type":"hello","site":"demo"})") + "\n" + kEnter + "\n" +
                                 R"({"t":2,"type":"ping"})" + "\n" + R"({"t":2,"type":"retired"})" + "\n" +
                                 kPass + "\n" + R"({"t":3,"type":"lost"})" + "\n" + kRemoved + "\n");
  }
  FakeServer server_;
};

TEST_F(AreaWatchTest, TellsEveryTransitionAndNothingElse) {
  will_stream();
  const auto outcome = call({"area", "watch", "--count", "3"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(
      outcome.out,
      "2026-06-01T19:30:00Z  enter         bar               anna                12 inside  position, 18.9 m "
      "inside the edge, ±8 m\n"
      "2026-06-01T19:30:01Z  pass_through  hall              ben@north            3 inside  position, 4.0 m "
      "outside the edge\n"
      "2026-06-01T19:30:02Z  exit          bar               anna                 0 inside  area_removed\n");
  EXPECT_NE(outcome.err.find("some transitions are left out"), std::string::npos) << outcome.err;
  EXPECT_EQ(server_.seen().front().path, "/v1/events");
}

TEST_F(AreaWatchTest, JsonIsTheServersTransitionsOneALine) {
  will_stream();
  const auto outcome = call({"area", "watch", "--count", "3", "--json"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  std::istringstream lines(outcome.out);
  std::vector<boost::json::value> events;
  for (std::string line; std::getline(lines, line);) events.push_back(boost::json::parse(line));
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0], boost::json::parse(kEnter));
  EXPECT_EQ(events[1], boost::json::parse(kPass));
  EXPECT_EQ(events[2].at("type").as_string(), "lost");
  EXPECT_EQ(events[3], boost::json::parse(kRemoved));
}

TEST_F(AreaWatchTest, NarrowsToTheAreasNamed) {
  server_.will_answer(200, kAreas);
  will_stream();
  const auto outcome = call({"area", "watch", "hall", "hall-b", "--count", "1"});
  EXPECT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_EQ(outcome.out.find("anna"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("ben@north"), std::string::npos) << outcome.out;
}

TEST_F(AreaWatchTest, UnknownAreaNamesThoseThatAreNear) {
  server_.will_answer(200, kAreas);
  const auto outcome = call({"area", "watch", "bar", "hal"});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "convokectl: there is no area hal\nNear: hall, hall-b. All of them: convokectl area list\n");
  EXPECT_EQ(call({"area", "watch", "a b"}).code, kUsage);
}

TEST_F(AreaWatchTest, RefusedIsAFailureNotARetry) {
  server_.will_answer(403, R"({"error":{"code":"role","detail":"expected staff or operator"}})");
  EXPECT_EQ(call({"area", "watch"}).code, kFailed);
}

TEST_F(AreaWatchTest, NamesFromElsewhereCannotSteerATerminal) {
  const auto event =
      boost::json::parse("{\"user\":\"a\\u001b[2J\",\"area\":\"b\\n\",\"transition\":\"enter\"}");
  const std::string line = transition_line(event, false);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

/// Somebody presses Ctrl-C as soon as they read the first line.
class Interrupting : public std::streambuf {
 protected:
  int_type overflow(int_type c) override {
    if (c == '\n') std::raise(SIGINT);
    return c == traits_type::eof() ? 0 : c;
  }
};

TEST_F(AreaWatchTest, InterruptEndsItWell) {
  // In a process of its own from the start: one that is forked off the fake server's threads may hang.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  will_stream();
  const auto watch = [this] {
    Interrupting buffer;
    std::ostream out(&buffer);
    run({"area", "watch", "--server", server_.url(), "--token-file", path("token").string()},
        {out, std::cerr, path(".")});
    std::_Exit(9);
  };
  EXPECT_EXIT(watch(), testing::ExitedWithCode(kOk), "");
}

}  // namespace
}  // namespace convoke::cli
