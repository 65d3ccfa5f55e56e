// What staff ask over MQTT is carried out once, however often it is asked and whenever the server dies.

#include <gtest/gtest.h>

#include <regex>

#include "tests/support/mosquitto_process.h"
#include "tests/support/server_process.h"
#include "tests/support/test_client.h"
#include "tests/support/until.h"

namespace convoke {
namespace {

using test::Received;

class StaffRepeats : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    const auto plan = server.call(
        "PUT", "/plans",
        R"({"schema":1,"plan":[{"id":"p","audience":{"presence":"any","any":[{"users":["anna"]}]},"end":[{"on":"duration","after":"1h"}]}]})");
    ASSERT_EQ(plan.status, 200) << plan.body;
    const auto started = server.call("POST", "/groups", R"({"plan":"p"})");
    std::smatch id;
    ASSERT_TRUE(std::regex_search(started.body, id, std::regex("[0-9a-f]{32}"))) << started.body;
    group = id.str();
    staff.connect(tokens.make(topics::Role::staff, "eve", "desk"));
    ASSERT_LE(staff.subscribe("cv1/demo/staff/eve/desk/res", 1), 2);
  }

  std::string announcement(int i) const {
    return R"({"id":"a)" + std::to_string(i) + R"(","method":"POST","path":"/v1/groups/)" + group +
           R"(/announcements","body":{"text":"Announcement )" + std::to_string(i) + R"("}})";
  }
  void send(const std::string& request) { staff.publish("cv1/demo/staff/eve/desk/req", request); }
  std::string answer_to(const std::string& request) {
    const std::string id = request.substr(0, request.find(','));
    const auto answer = staff.wait_for([&](const Received& r) { return r.payload.starts_with(id); });
    return answer ? answer->payload : "";
  }
  void kill_and_restart() {
    server.kill9();
    staff.clear();
    server.start();
  }
  /// How often the archive has it.
  std::size_t archived(int i) const {
    const std::string chat = server.call("GET", "/groups/" + group + "/export").body;
    const std::string text = "Announcement " + std::to_string(i) + "\"";
    std::size_t count = 0;
    for (auto at = chat.find(text); at != std::string::npos; at = chat.find(text, at + 1)) ++count;
    return count;
  }

  /// So many have been said, each once: the next one has the next number, and the archive has them all.
  void check_once_each(int said) {
    send(announcement(said));
    const std::string next = "\"message\":\"cv-" + std::to_string(said + 1) + "\"";
    EXPECT_NE(answer_to(announcement(said)).find(next), std::string::npos) << next << server.log();
    for (int i = 0; i <= said; ++i) {
      EXPECT_TRUE(test::until([&] { return archived(i) > 0; })) << server.log();
      EXPECT_EQ(archived(i), 1U);
    }
  }

  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port()};
  test::TestClient staff{broker.url(), tokens.client_id("eve", "desk")};
  std::string group;
};

TEST_F(StaffRepeats, AnAnnouncementSaidAgainAfterAKillIsOneAndHasItsFirstAnswer) {
  constexpr int kTimes = 4;
  for (int i = 0; i < kTimes; ++i) {
    send(announcement(i));
    const std::string first = answer_to(announcement(i));
    ASSERT_NE(first.find("\"status\":201"), std::string::npos) << first << server.log();
    kill_and_restart();  // the answer may as well have been lost
    send(announcement(i));
    EXPECT_EQ(answer_to(announcement(i)), first);
  }
  check_once_each(kTimes);
}

TEST_F(StaffRepeats, KilledAtAnyMomentItCarriesOutOnceWhatIsSaidUntilItIsAnswered) {
  constexpr int kTimes = 4;
  for (int i = 0; i < kTimes; ++i) {
    send(announcement(i));  // the broker has it; the server may be anywhere
    kill_and_restart();
    send(announcement(i));
    EXPECT_NE(answer_to(announcement(i)).find("\"status\":201"), std::string::npos) << server.log();
  }
  check_once_each(kTimes);
}

}  // namespace
}  // namespace convoke
