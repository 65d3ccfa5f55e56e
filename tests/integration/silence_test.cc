// Phones that keep silent where nothing can follow from their position: the real broker, the real server, a
// phone on the real SDK.

#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"

namespace convoke {
namespace {

constexpr double kMeter = 1 / 111'195.0;

/// A place so many metres north of the bar, which has a radius of 50 m.
sdk::Fix north(double meters) { return {.lat = 50 + meters * kMeter, .lon = 10, .acc_m = 5}; }

class Silence : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    draw("bar", 0, 50);
    ASSERT_TRUE(phones.until_all([](test::Phone& p) { return p.client->connected(); })) << phones.stories();
  }

  void draw(const std::string& id, double north_m, double radius_m) {
    const auto answer = server.call("PUT", "/areas",
                                    R"({"type":"FeatureCollection","features":[{"type":"Feature","id":")" +
                                        id + R"(","properties":{"radius_m":)" + std::to_string(radius_m) +
                                        R"(},"geometry":{"type":"Point","coordinates":[10,)" +
                                        std::to_string(50 + north_m * kMeter) + "]}}]}");
    ASSERT_EQ(answer.status, 200) << answer.body;
  }

  sdk::PositionCounts counts() { return phones[0].client->position_counts(); }
  /// A test is quicker than any receiver: each fix gets a millisecond of its own, or only the first counted.
  void report(double north_m) {
    using std::chrono::system_clock;
    const auto now =
        std::chrono::duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch());
    last_ms = std::max(now.count(), last_ms + 1);
    sdk::Fix fix = north(north_m);
    fix.time_ms = last_ms;
    ASSERT_TRUE(phones[0].client->report_position(fix));
  }
  /// Stands there until the phone has been told that it may keep silent.
  bool fall_silent_at(double north_m) {
    return phones.until([&] {
      const auto before = counts().suppressed;
      report(north_m);
      return counts().suppressed > before;
    });
  }
  bool in(const std::string& area) {
    return server.call("GET", "/users/user0").body.find("\"" + area + "\"") != std::string::npos;
  }

  std::int64_t last_ms = 0;
  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port()};
  test::Phones phones{tokens, broker.url(), 1};
};

TEST_F(Silence, APhoneThatStandsStillSendsNothingMoreAndOneThatLeavesDoes) {
  ASSERT_TRUE(fall_silent_at(90)) << server.log();
  const auto sent = counts().sent;
  for (int i = 0; i < 200; ++i) report(90 - i * 0.1);
  EXPECT_EQ(counts().sent, sent);
  report(30);
  EXPECT_EQ(counts().sent, sent + 2) << "the last fix outside, and the first inside";
  EXPECT_TRUE(phones.until([&] { return in("bar"); }));
  ASSERT_TRUE(fall_silent_at(30));
  report(90);
  EXPECT_TRUE(phones.until([&] { return !in("bar"); }));
}

TEST_F(Silence, AnAreaDrawnRoundASilentPhoneIsEnteredThoughItNeverMoves) {
  ASSERT_TRUE(fall_silent_at(200));
  const auto before = counts();
  draw("stage", 200, 60);
  EXPECT_TRUE(phones.until([&] { return in("stage"); }));
  EXPECT_LE(counts().sent, before.sent + 1);
  ASSERT_TRUE(fall_silent_at(200));
  report(290);
  EXPECT_TRUE(phones.until([&] { return !in("stage"); }));
}

TEST_F(Silence, AnAreaDrawnRoundWhereASilentPhoneHasGoneIsEntered) {
  ASSERT_TRUE(fall_silent_at(100));
  for (double m = 100; m <= 180; m += 10) report(m);
  draw("stage", 180, 60);  // not where the server last heard of it
  EXPECT_TRUE(phones.until([&] { return in("stage"); })) << "without another report of the app's";
}

TEST_F(Silence, AServerThatHasForgottenWhatItToldAsks) {
  ASSERT_TRUE(fall_silent_at(100));
  for (double m = 100; m <= 180; m += 10) report(m);
  server.kill9();
  server.start();
  draw("stage", 180, 60);
  EXPECT_TRUE(phones.until([&] { return in("stage"); }));
}

}  // namespace
}  // namespace convoke
