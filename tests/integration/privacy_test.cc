// What is held about people, and that it can be taken out and erased: the real broker, server and SDK, and
// every byte of every file that they keep.

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <set>

#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"
#include "tests/support/traces.h"

namespace convoke {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using test::Phone;
using test::Traces;
using test::traces_in;

constexpr const char* kBar =
    R"({"type":"FeatureCollection","features":[{"type":"Feature","id":"bar","properties":{"radius_m":50},)"
    R"("geometry":{"type":"Point","coordinates":[10,50]}}]})";
constexpr sdk::Fix kInside{.lat = 50, .lon = 10, .acc_m = 5};
const std::string kUser = "zaphod-7q";

/// What only this user can have brought into a file.
const std::vector<std::string> kTraces = {kUser,           "Xanthippe Quux",  "rarely-used-trait",
                                          "Mermaid ahoy",  "Mermaid edited",  "Mermaid reported",
                                          "Mermaid later", "because mermaid", "Mermaid before"};

class Privacy : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    ASSERT_EQ(server.call("PUT", "/areas", kBar).status, 200);
    phones.add(kUser, broker.url());
    ASSERT_TRUE(phones.until_all([](Phone& p) { return p.client->connected(); })) << phones.stories();
    const auto profile = server.call("PUT", "/users/" + kUser,
                                     R"({"name":"Xanthippe Quux","attributes":{"rarely-used-trait":"x"}})");
    ASSERT_EQ(profile.status, 200) << profile.body;
    const auto plans = server.call("PUT", "/plans",
                                   "schema = 1\n[[plan]]\nid = \"p\"\n"
                                   "audience = { any = [{ area = \"bar\" }] }\n"
                                   "registration = { self = true }\n"
                                   "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
                                   "application/toml");
    ASSERT_EQ(plans.status, 200) << plans.body;
    for (auto& phone : phones.all()) phone->client->report_position(kInside);
    ASSERT_TRUE(phones.until(
        [&] { return server.call("GET", "/areas").body.find("\"occupancy\":3") != std::string::npos; }));
  }

  Phone& other() { return phones[0]; }
  Phone& third() { return phones[1]; }
  Phone& theirs() { return phones[2]; }

  std::string start() {
    EXPECT_TRUE(phones.until([&] { return server.call("POST", "/groups", R"({"plan":"p"})").status == 201; }))
        << server.log();
    EXPECT_TRUE(phones.until_all([](Phone& p) {
      return p.client->groups().size() == 1 && p.client->groups()[0].version > 0;
    })) << phones.stories();
    return theirs().client->groups().empty() ? "" : theirs().client->groups()[0].id;
  }
  /// Says it, and waits until all have it and it is archived.
  std::string says(const std::string& group, const std::string& text) {
    const std::string id = theirs().client->send(group, text).value_or("");
    EXPECT_TRUE(phones.until([&] {
      return theirs().archived.contains(kUser + "/" + id) && other().texts.contains(kUser + ": " + text);
    })) << phones.stories();
    return id;
  }
  void end(const std::string& group) {
    EXPECT_EQ(server.call("POST", "/groups/" + group + "/end").status, 200);
    EXPECT_TRUE(phones.until_all([](Phone& p) { return p.client->groups().empty(); }));
    EXPECT_TRUE(phones.until([&] {
      return server.call("GET", "/groups/" + group).body.find("\"state\":\"retired\"") != std::string::npos;
    }));
  }
  /// Everything of one chat life: messages, an edited one, a reported one, a report by the user.
  std::string ended_chat() {
    const std::string group = start();
    const std::string first = says(group, "Mermaid before");
    says(group, "Mermaid ahoy");
    const auto edit = theirs().client->edit(group, first, "Mermaid edited");
    EXPECT_TRUE(phones.until([&] { return theirs().archived.contains(kUser + "/" + *edit); }));
    const std::string bad = says(group, "Mermaid reported");
    const std::string said = *other().client->send(group, "Nothing special");
    EXPECT_TRUE(phones.until([&] { return theirs().received[group].contains("user0/" + said); }));
    EXPECT_TRUE(phones.until([&] { return other().archived.contains("user0/" + said); }));
    EXPECT_TRUE(other().client->report(group, kUser, bad, "rude"));
    EXPECT_TRUE(theirs().client->report(group, "user0", said, "because mermaid"));
    EXPECT_TRUE(phones.until([&] {
      return server.call("GET", "/groups/" + group + "/reports").body.find("because mermaid") !=
             std::string::npos;
    }));
    end(group);
    return group;
  }

  /// The traces that stand in some file. The broker's log names clients; it is no store.
  Traces found() const {
    Traces all = traces_in(server.folder(), kTraces);
    all.merge(traces_in(broker.folder(), kTraces));
    std::erase_if(all, [](const auto& trace) { return trace.second.ends_with("/broker.log"); });
    return all;
  }
  std::string lines_of(const std::string& path) {
    std::string all, after;
    do {
      const auto page = server.call("GET", path + (after.empty() ? "" : "?after=" + after));
      EXPECT_EQ(page.status, 200) << page.body;
      const json::object o = json::parse(page.body).as_object();
      for (const auto& line : o.at("lines").as_array()) all += json::serialize(line) + "\n";
      after = o.contains("after") ? std::string(o.at("after").as_string()) : "";
    } while (!after.empty());
    return all;
  }
  json::object erasures() { return json::parse(server.call("GET", "/erasures").body).as_object(); }
  void wait_for_erasures() {
    EXPECT_TRUE(phones.until([&] { return erasures().at("running").to_number<int>() == 0; })) << server.log();
  }

  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port()};
  test::Phones phones{tokens, broker.url(), 2};
};

TEST_F(Privacy, AnErasedUserIsInNoByteOfAnyFileAnyMore) {
  theirs().client->set_registered("p");
  other().client->set_blocked(kUser);
  ASSERT_TRUE(phones.until([&] {
    return server.call("GET", "/plans/p/registrations").body.find("\"total\":1") != std::string::npos &&
           server.call("GET", "/users/" + kUser + "/blocks").body.find("user0") != std::string::npos;
  }));
  ASSERT_EQ(server.call("DELETE", "/users/user0/blocks/" + kUser).status, 200);
  const std::string ended = ended_chat();
  const std::string open = start();
  says(open, "Mermaid later");
  third().client->set_blocked(kUser);
  ASSERT_TRUE(phones.until([&] { return third().story.find(" blocked(") != std::string::npos; }));
  std::set<std::string> there;
  for (const auto& [trace, file] : found()) there.insert(trace);
  EXPECT_EQ(there.size(), kTraces.size()) << "or the search proves nothing";
  ASSERT_EQ(server.call("POST", "/backups").status, 201);

  const auto answer = server.call("DELETE", "/users/" + kUser);
  ASSERT_EQ(answer.status, 202) << answer.body;
  EXPECT_TRUE(phones.until([&] { return theirs().client->groups().empty(); })) << phones.stories();
  EXPECT_NE(theirs().story.find("ended(erased)"), std::string::npos) << theirs().story;
  EXPECT_TRUE(phones.until([&] { return other().client->buddies(open).size() == 2; })) << phones.stories();
  wait_for_erasures();
  ASSERT_EQ(erasures().at("backups").as_array().size(), 1U) << "of before: for the operator to delete";
  fs::remove_all(server.folder() / "backups");
  ASSERT_EQ(server.call("POST", "/backups").status, 201);
  EXPECT_EQ(found(), Traces{});

  EXPECT_EQ(server.call("GET", "/users/" + kUser).status, 404);
  const std::string chat = lines_of("/groups/" + ended + "/export");
  EXPECT_NE(chat.find("\"from\":\"-\""), std::string::npos)
      << "the places of the messages are kept: " << chat;
  EXPECT_NE(chat.find("Nothing special"), std::string::npos) << "what others said is theirs";
  EXPECT_NE(chat.find("\"reporter\":\"-\""), std::string::npos) << "evidence about others stays";

  // Their tokens are void, also for a broker and a server that have been started again.
  EXPECT_TRUE(phones.until([&] { return !theirs().client->connected(); }));
  broker.stop();
  ASSERT_EQ(server.stop(), 0);
  broker.start();
  server.start();
  theirs().client->retry_now();
  EXPECT_TRUE(phones.until([&] { return other().client->connected() && third().client->connected(); }));
  EXPECT_TRUE(phones.until([&] {
    return server.call("GET", "/status").body.find("\"refused_revoked\":0,") == std::string::npos &&
           server.call("GET", "/status").body.find("\"refused_revoked\":") != std::string::npos;
  })) << server.call("GET", "/status").body;
  EXPECT_FALSE(theirs().client->connected());
  EXPECT_EQ(found(), Traces{});
}

TEST_F(Privacy, AUserErasesThemselvesFromTheirPhone) {
  const std::string group = start();
  says(group, "Mermaid ahoy");
  ASSERT_TRUE(theirs().client->erase_user());
  EXPECT_TRUE(phones.until([&] { return theirs().story.find(" erased") != std::string::npos; }))
      << phones.stories();
  wait_for_erasures();
  EXPECT_EQ(found(), Traces{});
}

TEST_F(Privacy, AnErasureGoesOnAfterTheServerWasKilled) {
  ended_chat();
  ASSERT_EQ(server.call("DELETE", "/users/" + kUser).status, 202);
  server.kill9();
  server.start();
  wait_for_erasures();
  EXPECT_EQ(found(), Traces{});
}

TEST_F(Privacy, ExportsEverythingOfAUserAndOfAGroup) {
  theirs().client->set_registered("p");
  const std::string group = ended_chat();
  const std::string user = lines_of("/users/" + kUser + "/export");
  for (const char* expected :
       {"Xanthippe Quux", "rarely-used-trait", "\"lat\":50", "\"areas\":[\"bar\"]", "\"source\":\"self\"",
        "\"why\":\"in bar\"", "Mermaid edited", "Mermaid ahoy", "because mermaid", "\"reason\":\"rude\""})
    EXPECT_NE(user.find(expected), std::string::npos) << expected << " in " << user;
  EXPECT_EQ(user.find("user1"), std::string::npos) << "nothing of others that is not theirs too";
  const std::string chat = lines_of("/groups/" + group + "/export");
  for (const char* expected : {"\"type\":\"group\"", "\"why\":\"in bar\"", "user1", "Nothing special",
                               "Mermaid edited", "\"reason\":\"rude\"", "\"end_reason\":\"staff\""})
    EXPECT_NE(chat.find(expected), std::string::npos) << expected << " in " << chat;
  EXPECT_LT(chat.find("Mermaid ahoy"), chat.find("Mermaid reported")) << "in order";
  const std::string staff = tokens.make(topics::Role::staff, "eve", "desk");
  EXPECT_EQ(server.call_as(staff, "GET", "/users/" + kUser + "/export").status, 403);
}

TEST_F(Privacy, RevokedTokensAreRefusedAndNewOnesAreNot) {
  ASSERT_EQ(server.call("POST", "/users/" + kUser + "/revoke").status, 200);
  EXPECT_TRUE(phones.until([&] { return !theirs().client->connected(); }));
  EXPECT_NE(server.call("GET", "/users/" + kUser).status, 404) << "and nothing else is gone";
}

}  // namespace
}  // namespace convoke
