// An ended group stays ended: the real broker with the plugin, the real server, phones on the real SDK.

#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_client.h"

namespace convoke {
namespace {

using test::Phone;

class Ended : public testing::Test {
 protected:
  void SetUp() override { server.start(); }

  void plan(const std::string& id, const std::string& users, const std::string& more = {}) {
    const auto answer = server.call("PUT", "/plans",
                                    "schema = 1\n[[plan]]\nid = \"" + id + "\"\n" + more +
                                        "audience = { presence = \"any\", any = [{ users = [" + users +
                                        "] }] }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
                                    "application/toml");
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  std::string start(const std::string& plan) {
    const auto answer = server.call("POST", "/groups", "{\"plan\":\"" + plan + "\"}");
    EXPECT_EQ(answer.status, 201) << answer.body << server.log();
    return std::string(boost::json::parse(answer.body).at("group").as_string());
  }
  void end(const std::string& group) {
    EXPECT_EQ(server.call("POST", "/groups/" + group + "/end").status, 200);
  }
  /// Whether the phone shows this chat, with a list of so many.
  static bool shows(Phone& p, const std::string& group, std::size_t buddies) {
    return p.client->buddies(group).size() == buddies;
  }
  void restart_broker() {
    broker.kill9();  // it keeps nothing: what it held for phones that are away is gone
    broker.start();
  }
  bool forgotten(const std::string& group) { return server.call("GET", "/groups/" + group).status == 404; }

  test::TestTokens tokens;
  test::TempDir dir;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port()};
  test::Phones phones{tokens, broker.url(), 3};  // user0 … user2
};

constexpr const char* kThree = "\"user0\", \"user1\", \"user2\"";

/// As long as its details are kept, and after that.
class EndedLongAgo : public Ended, public testing::WithParamInterface<const char*> {};

TEST_P(EndedLongAgo, R2_R3_APhoneThatWasOffForAWeekLearnsOfTheEndFirstAndNeverShowsTheChatOpen) {
  const std::string keep = GetParam();
  plan("p", kThree, "keep = \"" + keep + "\"\n");
  plan("q", kThree);
  phones.add("user1", broker.url(), "tablet", dir / "tablet");
  const std::string group = start("p");
  ASSERT_TRUE(phones.until_all([&](Phone& p) { return shows(p, group, 3); })) << phones.stories();
  Phone &off = phones[2], &anew = phones[3];  // one is switched off, one has its app restarted later
  for (Phone* p : {&off, &anew}) p->client->close();
  ASSERT_TRUE(phones.until([&] { return !off.client->connected() && !anew.client->connected(); }));

  end(group);
  ASSERT_TRUE(
      phones.until([&] { return phones[0].ended.contains(group) && phones[1].ended.contains(group); }));
  if (keep == "1s") {
    ASSERT_TRUE(phones.until([&] { return forgotten(group); }));
  }
  restart_broker();
  server.kill9();
  server.start();
  const std::string next = start("q");
  for (Phone* p : {&off, &anew}) p->story.clear();
  off.client->open();
  phones.restart(3);
  ASSERT_TRUE(phones.until_all([&](Phone& p) { return shows(p, next, 3); })) << phones.stories();
  for (Phone* p : {&off, &anew}) {
    const auto ended = p->story.find(keep == "1s" ? " ended(unknown-group)" : " ended(staff)");
    ASSERT_NE(ended, std::string::npos) << p->story;
    EXPECT_LT(ended, p->story.find(" started")) << p->story;
    EXPECT_EQ(p->story.substr(0, ended).find(" list("), std::string::npos) << p->story;
    EXPECT_FALSE(p->client->group(group));
    EXPECT_TRUE(p->client->buddies(group).empty());
    EXPECT_EQ(p->client->groups().size(), 1U);
    EXPECT_EQ(p->repeats, 0);
  }
}
INSTANTIATE_TEST_SUITE_P(Kept, EndedLongAgo, testing::Values("30d", "1s"),
                         [](const auto& of) { return std::string(of.param); });

TEST_F(Ended, R3_R37_ARetiredIdIsRefusedForEver) {
  plan("p", "\"anna\"", "keep = \"3s\"\n");
  auto anna = std::make_unique<test::TestClient>(broker.url(), tokens.client_id("anna", "phone"));
  const auto sign_in = [&] {
    anna = std::make_unique<test::TestClient>(broker.url(), tokens.client_id("anna", "phone"));
    return anna->connect(tokens.make(topics::Role::terminal, "anna", "phone")) == test::kSuccess;
  };
  ASSERT_TRUE(phones.until(sign_in));
  const std::string group = start("p"), topic = "cv1/demo/g/" + group;
  const std::string hello = R"({"id":"m1","type":"text","text":"hello"})";
  const char* const kParts[] = {"/head", "/buddies/0", "/changes", "/notice", "/ack", "/chat/+", "/signal/+"};
  ASSERT_TRUE(phones.until([&] { return anna->publish(topic + "/chat/anna", hello) == test::kSuccess; }));
  for (const char* part : kParts) ASSERT_LE(anna->subscribe(topic + part, 1), 2) << part;

  const auto refused = [&](const char* when) {
    EXPECT_EQ(anna->publish(topic + "/chat/anna", hello), test::kNotAuthorized) << when;
    for (const char* part : kParts)
      EXPECT_GE(anna->subscribe(topic + part, 1), test::kNotAuthorized) << when << " " << part;
    EXPECT_LE(anna->subscribe("cv1/demo/u/anna/phone/res", 1), 2);
    for (const char* op : {R"("page","page":0)", R"("available")"}) {
      EXPECT_FALSE(anna->has_payload(hello)) << when;
      anna->clear();
      anna->publish("cv1/demo/u/anna/phone/req",
                    R"({"id":"r","group":")" + group + R"(","op":)" + std::string(op) + "}");
      const auto answer = anna->wait_for([](const auto& r) { return r.topic.ends_with("/res"); });
      ASSERT_TRUE(answer) << when << " " << op;
      EXPECT_NE(answer->payload.find("not-member"), std::string::npos) << when << " " << answer->payload;
    }
    for (const auto& [path, body] :
         {std::pair("/members", R"({"user":"anna"})"), std::pair("/extend", R"({"by_ms":60000})"),
          std::pair("/announcements", R"({"text":"hello"})")})
      EXPECT_THAT(server.call("POST", "/groups/" + group + path, body).status, testing::AnyOf(404, 409))
          << when << " " << path;
    EXPECT_FALSE(anna->has_payload(hello));
  };
  end(group);
  ASSERT_TRUE(
      phones.until([&] { return anna->publish(topic + "/chat/anna", hello) == test::kNotAuthorized; }));
  anna->clear();
  refused("at once");
  server.kill9();
  server.start();
  refused("after a restart of the server");
  restart_broker();
  ASSERT_TRUE(phones.until(sign_in)) << server.log();
  refused("after a restart of the broker");
  ASSERT_TRUE(phones.until([&] { return forgotten(group); }));
  server.kill9();
  server.start();
  EXPECT_TRUE(forgotten(group));
  refused("when only its id is left");
  EXPECT_NE(start("p"), group);
}

TEST_F(Ended, R3_R20_TheDeleteOfOneGroupLeavesTheBuddiesOfAnotherAlone) {
  plan("p", kThree);
  plan("q", "\"user0\", \"user1\"");
  const std::string ends = start("p"), stays = start("q");
  for (const std::size_t i : {0U, 1U})
    ASSERT_TRUE(phones.until([&] { return shows(phones[i], ends, 3) && shows(phones[i], stays, 2); }))
        << phones.stories();
  const auto version = phones[0].client->group(stays)->version;
  ASSERT_TRUE(phones[0].client->send(stays, "Before"));
  ASSERT_TRUE(phones.until([&] { return phones[1].texts.contains("user0: Before"); }));

  end(ends);
  ASSERT_TRUE(phones.until_all([&](Phone& p) { return p.ended.contains(ends); })) << phones.stories();
  ASSERT_TRUE(phones[1].client->send(stays, "After"));
  ASSERT_TRUE(phones.until([&] { return phones[0].texts.contains("user1: After"); })) << phones.stories();
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_TRUE(shows(phones[i], ends, 0));
    EXPECT_TRUE(shows(phones[i], stays, 2)) << phones.stories();
    EXPECT_EQ(phones[i].client->group(stays)->version, version) << "nothing about this list has changed";
    EXPECT_EQ(phones[i].ended.count(stays), 0U);
  }
  // A phone that reads everything anew finds the one and not the other.
  phones.add("user0", broker.url(), "tablet");
  ASSERT_TRUE(phones.until([&] { return shows(phones[3], stays, 2); })) << phones.stories();
  EXPECT_EQ(phones[3].started, std::set<std::string>{stays});
}

TEST_F(Ended, R2_AWithdrawnPlanEndsItsGroupAndComesBackWithoutAPast) {
  plan("p", kThree);
  ASSERT_EQ(server.call("PUT", "/plans/p/registrations/user0").status, 200);
  const std::string group = start("p");
  ASSERT_TRUE(phones.until_all([&](Phone& p) { return shows(p, group, 3); })) << phones.stories();
  EXPECT_EQ(server.call("DELETE", "/plans/p").status, 200);
  ASSERT_TRUE(phones.until_all([&](Phone& p) {
    return p.story.find(" ended(plan-withdrawn)") != std::string::npos && p.client->groups().empty();
  })) << phones.stories();
  EXPECT_EQ(server.call("POST", "/groups", R"({"plan":"p"})").status, 404);
  server.kill9();
  server.start();
  EXPECT_EQ(server.call("GET", "/plans/p/registrations").status, 404);
  EXPECT_NE(server.call("GET", "/groups/" + group).body.find("\"end_reason\":\"plan-withdrawn\""),
            std::string::npos);
  plan("p", kThree);
  EXPECT_NE(server.call("GET", "/plans/p/registrations").body.find("\"total\":0"), std::string::npos);
  const std::string next = start("p");
  EXPECT_NE(next, group);
  EXPECT_TRUE(phones.until_all([&](Phone& p) { return shows(p, next, 3); })) << phones.stories();
}

}  // namespace
}  // namespace convoke
