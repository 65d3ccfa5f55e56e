#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"

namespace convoke {

inline constexpr const char* kBar =
    R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"bar","properties":{"radius_m":50},)"
    R"("geometry":{"type":"Point","coordinates":[10,50]}}]})";
inline constexpr sdk::Fix kInside{.lat = 50, .lon = 10, .acc_m = 5};
inline constexpr sdk::Fix kOutside{.lat = 50.01, .lon = 10, .acc_m = 5};

/// Four phones, a bar, and one plan at a time.
class Story : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    ASSERT_EQ(server.call("PUT", "/areas", kBar).status, 200);
    ASSERT_TRUE(phones.until_all([](test::Phone& p) { return p.client->connected(); })) << phones.stories();
  }

  /// Applies a plan `p`: `lines` of TOML after its id.
  void plan(const std::string& lines) {
    const auto answer =
        server.call("PUT", "/plans", "schema = 1\n[[plan]]\nid = \"p\"\n" + lines, "application/toml");
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  /// The only group that the phone is in; empty: none.
  static std::string group_of(test::Phone& p) {
    const auto groups = p.client->groups();
    return groups.empty() ? std::string() : groups[0].id;
  }
  static std::vector<std::string> users_of(const std::vector<sdk::Buddy>& buddies) {
    std::vector<std::string> users;
    for (const sdk::Buddy& b : buddies) users.push_back(b.user);
    return users;
  }
  static std::vector<std::string> list(test::Phone& p) { return users_of(p.client->buddies(group_of(p))); }

  /// As the server knows it; empty: not at all.
  std::string presence_of(const std::string& id) {
    const auto shown = boost::json::parse(server.call("GET", "/users/" + id).body).as_object();
    return shown.contains("presence") ? std::string(shown.at("presence").as_string()) : std::string();
  }

  /// All four, as the server knows them.
  void wait_for_presence(const std::string& state) {
    for (int i = 0; i < 4; ++i)
      ASSERT_TRUE(phones.until([&] { return presence_of("user" + std::to_string(i)) == state; })) << i;
  }
  void wait_for_list(std::initializer_list<int> who, const std::vector<std::string>& expected) {
    for (const int i : who)
      EXPECT_TRUE(phones.until([&] { return list(phones[i]) == expected; })) << i << phones.stories();
  }
  void wait_for_end(std::initializer_list<int> who) {
    for (const int i : who)
      EXPECT_TRUE(phones.until([&] {
        return !phones[i].ended.empty() && phones[i].client->groups().empty();
      })) << i
          << phones.stories();
  }
  void press_start() {
    ASSERT_TRUE(phones.until([&] { return server.call("POST", "/groups", R"({"plan":"p"})").status == 201; }))
        << server.log();
  }
  boost::json::value get(const std::string& path) {
    return boost::json::parse(server.call("GET", path).body);
  }
  /// Presses start where somebody qualifies for sure; the answer.
  boost::json::object start() {
    const auto answer = server.call("POST", "/groups", R"({"plan":"p"})");
    EXPECT_EQ(answer.status, 201) << answer.body;
    return boost::json::parse(answer.body).as_object();
  }
  /// So many people are in the bar, as the server knows.
  void wait_for_occupancy(int people) {
    ASSERT_TRUE(phones.until([&] {
      return get("/areas").at("features").at(0).at("properties").at("occupancy").as_int64() == people;
    })) << people;
  }
  /// A minute ago, so that they can have walked out since.
  void comes_in(int i) {
    sdk::Fix fix = kInside;
    fix.time_ms = in_ms(-60'000);
    ASSERT_TRUE(phones[i].client->report_position(fix));
  }
  void goes_out(int i) { ASSERT_TRUE(phones[i].client->report_position(kOutside)); }
  static std::int64_t in_ms(std::int64_t ms) {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count() + ms;
  }

  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port()};
  test::Phones phones{tokens, broker.url(), 4};  // user0 … user3
};

inline const std::vector<std::string> kFirstThree = {"user0", "user1", "user2"};
inline constexpr const char* kFourUsers =
    "audience = { any = [{ users = [\"user0\", \"user1\", \"user2\", \"user3\"] }] }\n";
inline const std::vector<std::string> kAllFour = {"user0", "user1", "user2", "user3"};
inline const std::string kForAnHour = "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n";

}  // namespace convoke
