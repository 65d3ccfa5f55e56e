// Simulated phones that follow a script, as somebody in the same chat sees them: real broker, server and SDK.

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "ops/crowd/crowd.h"
#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"

namespace convoke {
namespace {

constexpr const char* kAreas =
    R"({"type":"FeatureCollection","features":[)"
    R"({"type":"Feature","id":"hall","properties":{"radius_m":50},"geometry":{"type":"Point","coordinates":[10.002,50]}},)"
    R"({"type":"Feature","id":"bar","properties":{"radius_m":50},"geometry":{"type":"Point","coordinates":[10,50]}}]})";
constexpr sdk::Fix kInBar{.lat = 50, .lon = 10, .acc_m = 5};
constexpr const char* kStartsWithFourInTheBar = R"(schema = 1
[[plan]]
id = "bar"
audience = { any = [{ area = "bar" }] }
[[plan.start]]
on = "occupancy"
area = "bar"
reaches = 4
[[plan.end]]
on = "duration"
after = "1h"
)";

/// A step at `first_s` and again every `every_s`: the script's clock does not know when the chat starts.
std::string again_and_again(int first_s, int every_s, const std::string& step) {
  std::string lines;
  for (int at_s = first_s; at_s < 300; at_s += every_s)
    lines += "{\"at_s\":" + std::to_string(at_s) + "," + step + "}\n";
  return lines;
}

class CrowdScript : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    ASSERT_EQ(server.call("PUT", "/areas", kAreas).status, 200);
    ASSERT_EQ(server.call("PUT", "/plans", kStartsWithFourInTheBar, "application/toml").status, 200);
    std::ofstream(dir / "keys") << tokens.private_jwks();
    std::ofstream(dir / "areas") << kAreas;
    watcher.client->report_position(kInBar);
  }

  /// Runs p1, p2, p3 with this script while `look` looks.
  void with_crowd(const std::string& script, const std::function<void()>& look) {
    std::ofstream(dir / "script") << script;
    crowd::Options options;
    options.broker = "127.0.0.1:" + std::to_string(broker.port());
    options.site = topics::SiteId::parse(tokens.site());
    options.keys_file = dir / "keys";
    options.areas_file = dir / "areas";
    options.script_file = dir / "script";
    options.phones = 3;
    options.chat_rate = 0;
    options.walk_speed = 50;
    options.json = true;
    crowd::Crowd crowd(options);
    std::thread thread([&crowd] { crowd.run(); });
    look();
    crowd.stop();
    thread.join();
  }

  std::optional<sdk::Presence> presence_of(const std::string& user) {
    for (const sdk::Group& group : watcher.client->groups())
      for (const sdk::Buddy& buddy : watcher.client->buddies(group.id))
        if (buddy.user == user) return buddy.presence;
    return std::nullopt;  // not in the list
  }
  void wait_for(const std::string& user, std::optional<sdk::Presence> presence) {
    EXPECT_TRUE(phones.until([&] { return presence_of(user) == presence; })) << user << phones.stories();
  }

  test::TempDir dir;
  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port()};
  test::Phones phones{tokens, broker.url(), 1};
  test::Phone& watcher = phones[0];
};

TEST_F(CrowdScript, IsSeenByTheOthersInTheChat) {
  const std::string all_meet = R"({"at_s":0,"phones":"*","do":"go","area":"bar"})"
                               "\n";
  with_crowd(all_meet + again_and_again(1, 1, R"("phones":"2","do":"say","text":"hello")") +
                 again_and_again(6, 6, R"("phones":"1","do":"away")") +
                 again_and_again(9, 6, R"("phones":"1","do":"available")") +
                 again_and_again(6, 6, R"("phones":"3","do":"offline")") +
                 again_and_again(9, 6, R"("phones":"3","do":"online")"),
             [this] {
               for (const char* user : {"p1", "p2", "p3"}) wait_for(user, sdk::Presence::available);
               EXPECT_TRUE(phones.until([&] { return !watcher.texts.empty(); })) << phones.stories();
               wait_for("p1", sdk::Presence::away);
               wait_for("p1", sdk::Presence::available);
               wait_for("p3", sdk::Presence::offline);
               wait_for("p3", sdk::Presence::available);
               EXPECT_EQ(presence_of("p2"), sdk::Presence::available) << "nobody told it anything";
             });
  EXPECT_THAT(watcher.texts, testing::ElementsAre("p2: hello"));

  // In the chat again, with another script.
  with_crowd(again_and_again(1, 1, R"("phones":"1","do":"leave")") +
                 again_and_again(0, 1, R"("phones":"3","do":"offline")"),
             [this] {
               wait_for("p1", std::nullopt);
               wait_for("p2", sdk::Presence::available);
               EXPECT_EQ(presence_of("p3"), sdk::Presence::offline) << "it has not connected at all";
             });
}

}  // namespace
}  // namespace convoke
