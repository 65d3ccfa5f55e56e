// What members and staff can do in a chat: the real broker with the plugin, the real server, phones on the
// real SDK.

#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"

namespace convoke {
namespace {

using test::Phone;

class ChatStory : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    ASSERT_TRUE(phones.until_all([](Phone& p) { return p.client->connected(); })) << phones.stories();
  }

  /// A chat of user0 and user1 whose plan has these lines too.
  void start(const std::string& lines) {
    const auto plans =
        server.call("PUT", "/plans",
                    "schema = 1\n[[plan]]\nid = \"p\"\n"
                    "audience = { presence = \"any\", any = [{ users = [\"user0\", \"user1\"] }] }\n" +
                        lines + "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
                    "application/toml");
    ASSERT_EQ(plans.status, 200) << plans.body;
    ASSERT_TRUE(phones.until([&] { return server.call("POST", "/groups", R"({"plan":"p"})").status == 201; }))
        << server.log();
    ASSERT_TRUE(phones.until([&] { return is_in(0) && is_in(1); })) << phones.stories();
    group = phones[0].client->groups()[0].id;
  }
  bool is_in(std::size_t i) {
    const auto groups = phones[i].client->groups();
    return groups.size() == 1 && groups[0].settled;
  }
  /// Says it, and waits until it is archived; the message's id.
  std::string says(std::size_t i, const std::string& text, std::optional<std::string> reply_to = {}) {
    const std::string id = phones[i].client->send(group, text, std::move(reply_to)).value_or("");
    EXPECT_TRUE(archived(i, id)) << phones.stories();
    return id;
  }
  bool archived(std::size_t i, const std::string& id) {
    return phones.until([&] { return phones[i].archived.contains(phones[i].user + "/" + id); });
  }
  bool hears(std::size_t i, const std::string& what) {
    return phones.until([&] { return phones[i].texts.contains(what); });
  }
  bool sees(std::size_t i, const std::string& what) {
    return phones.until([&] { return phones[i].story.find(what) != std::string::npos; });
  }
  int staff(const char* method, const std::string& path, const std::string& body = "") {
    return server.call(method, "/groups/" + group + path, body).status;
  }

  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port()};
  test::Phones phones{tokens, broker.url(), 3};  // user0 … user2
  std::string group;
};

TEST_F(ChatStory, WhatMembersSayChangeAndSignal) {
  start("");
  const std::string first = says(0, "Where are you?");
  says(1, "At the bar", first);
  ASSERT_TRUE(hears(0, "user1: At the bar"));
  EXPECT_EQ(phones[0].said.at("user1: At the bar").reply_to, first);
  EXPECT_EQ(phones[0].said.at("user1: At the bar").type, "text");
  ASSERT_TRUE(archived(0, phones[0].client->edit(group, first, "Where is everybody?").value_or("")));
  EXPECT_TRUE(sees(1, " edited(user0 Where is everybody?)")) << phones.stories();
  ASSERT_TRUE(archived(0, phones[0].client->delete_message(group, first).value_or("")));
  EXPECT_TRUE(sees(1, " deleted(user0 by user0)")) << phones.stories();

  const sdk::Stamp place = phones[0].said.at("user1: At the bar").stamp;
  const std::string n = std::to_string(place.n);
  phones[0].client->signal(group, sdk::SignalReceived::Kind::typing);
  EXPECT_TRUE(sees(1, " typing(user0 ")) << phones.stories();
  phones[0].client->signal(group, sdk::SignalReceived::Kind::delivered, place);
  EXPECT_TRUE(sees(1, " delivered(user0 " + n + ")")) << phones.stories();
  phones[0].client->signal(group, sdk::SignalReceived::Kind::read, place);
  EXPECT_TRUE(sees(1, " read(user0 " + n + ")")) << phones.stories();
}

TEST_F(ChatStory, WhatStaffAndTheServerSay) {
  start("warn = [\"5s\"]\n");
  EXPECT_EQ(staff("POST", "/announcements", R"({"text":"The bar closes at ten"})"), 201);
  ASSERT_TRUE(phones.until([&] { return phones[1].said.size() == 1; })) << phones.stories();
  EXPECT_EQ(phones[1].said.begin()->second.text, "The bar closes at ten");
  EXPECT_EQ(phones[1].said.begin()->second.type, "announcement");
  using namespace std::chrono;
  const auto now_ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  EXPECT_EQ(staff("POST", "/extend", "{\"ends_ms\":" + std::to_string(now_ms + 8'000) + "}"), 200);
  EXPECT_TRUE(phones.until([&] {
    for (const auto& [text, message] : phones[0].said)
      if (message.type == "system") return true;
    return false;
  })) << phones.stories();
}

TEST_F(ChatStory, StaffModerateAndAMuteNeedsNoServer) {
  start("");
  const std::string bad = says(1, "Rude");
  ASSERT_TRUE(hears(0, "user1: Rude"));
  ASSERT_TRUE(phones[0].client->report(group, "user1", bad, "insult"));
  const auto reports = [&] { return server.call("GET", "/groups/" + group + "/reports").body; };
  EXPECT_TRUE(phones.until([&] { return reports().find("insult") != std::string::npos; }));
  EXPECT_EQ(staff("DELETE", "/messages/user1/" + bad), 201);
  EXPECT_TRUE(sees(0, " deleted(user1 by ")) << phones.stories();
  EXPECT_NE(reports().find("Rude"), std::string::npos) << "the evidence is kept";

  EXPECT_EQ(staff("PUT", "/members/user1/standing", R"({"standing":"muted"})"), 200);
  EXPECT_TRUE(phones.until([&] {
    const auto buddies = phones[1].client->buddies(group);
    return buddies.size() == 2 && buddies[1].standing == sdk::Standing::muted;
  })) << phones.stories();
  ASSERT_EQ(server.stop(), 0);
  phones[1].client->send(group, "May I?");
  EXPECT_TRUE(sees(1, " refused(publish ")) << phones.stories();
  ASSERT_TRUE(phones[0].client->send(group, "Quiet here"));
  EXPECT_TRUE(hears(1, "user0: Quiet here")) << "and who is muted listens";
  EXPECT_FALSE(phones[0].texts.contains("user1: May I?"));
  server.start();

  EXPECT_TRUE(phones.until([&] { return staff("POST", "/bans", R"({"user":"user1"})") == 200; }));
  EXPECT_TRUE(sees(1, " ended(banned)")) << phones.stories();
  EXPECT_EQ(staff("POST", "/members", R"({"user":"user1"})"), 409);
  EXPECT_EQ(staff("POST", "/members", R"({"user":"user2"})"), 200);
  EXPECT_TRUE(phones.until([&] { return is_in(2); })) << phones.stories();
  EXPECT_EQ(staff("DELETE", "/members/user2"), 200);
  EXPECT_TRUE(sees(2, " ended(removed)")) << phones.stories();
}

TEST_F(ChatStory, HoldsEachMemberToThePlansRateAndWhatCameTooSoonGoesOutWhenTheBrokerSays) {
  start("chat = { per_minute = 60 }\n");  // 60 at once, and then one a second
  EXPECT_EQ(phones[0].client->groups()[0].per_minute, 60U);
  for (int i = 1; i <= 63; ++i) ASSERT_TRUE(phones[0].client->send(group, std::to_string(i)));
  for (int i = 1; i <= 63; ++i) ASSERT_TRUE(hears(1, "user0: " + std::to_string(i))) << i << phones.stories();
  const auto stamp = [&](int i) { return phones[1].said.at("user0: " + std::to_string(i)).stamp; };
  for (int i = 2; i <= 63; ++i) EXPECT_GT(stamp(i).n, stamp(i - 1).n) << "in order";
  EXPECT_EQ(phones[1].repeats, 0);
  EXPECT_TRUE(phones.until([&] {
    return server.call("GET", "/status").body.find("\"put_off\":") != std::string::npos;
  })) << "the broker held it back, not the phone alone";
}

TEST_F(ChatStory, TellsWhoComesLaterWhatIsSaidFromThenOn) {
  start("");
  says(0, "Before");
  ASSERT_EQ(staff("POST", "/members", R"({"user":"user2"})"), 200);
  ASSERT_TRUE(phones.until([&] { return is_in(2); })) << phones.stories();
  says(0, "After");
  ASSERT_TRUE(hears(2, "user0: After"));
  // A second device has all that it is told from the archive.
  phones.add("user2", broker.url(), "tablet");
  ASSERT_TRUE(hears(3, "user0: After")) << phones.stories();
  for (const std::size_t i : {2, 3}) EXPECT_FALSE(phones[i].texts.contains("user0: Before")) << i;
  phones.add("user1", broker.url(), "tablet");
  EXPECT_TRUE(hears(4, "user0: Before")) << "who was a member then is told";
}

}  // namespace
}  // namespace convoke
