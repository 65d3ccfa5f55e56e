// People who call or buy a ticket, end to end.

#include <thread>

#include "tests/integration/hook_story.h"
#include "tests/support/test_client.h"
#include "tests/support/traces.h"

namespace convoke::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(HookStory, R5_R21_WhoCallsTheNumberIsInTheChat) {
  plan("call", "call = [{ number = \"+4930123456\", attested = \"A\" }]");
  for (int i = 0; i < 3; ++i) proves("user" + std::to_string(i), "phone", "+49 30 11" + std::to_string(i));
  EXPECT_EQ(calls("+4930110", "CA1"), 200);
  EXPECT_EQ(calls("+4930111", "CA2"), 200);
  EXPECT_EQ(calls("+4930111", "CA2"), 200) << "repeated by the provider";
  EXPECT_EQ(calls("+4930112", "CA3", "forged"), 401);
  EXPECT_THAT(registrations(),
              HasSubstr(R"("user":"user0","by":[{"source":"call","proof":"twilio: attested A")"));
  EXPECT_EQ(total(), "2");
  EXPECT_THAT(server.call("GET", "/plans/p/why/user0").body, HasSubstr("registered by call"));
  EXPECT_THAT(server.call("GET", "/plans/p/why/user2").body, HasSubstr("\"qualifies\":false"));
  press_start();
  wait_for_list({0, 1}, {"user0", "user1"});
  for (const int i : {2, 3}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
  for (const std::string& text : {server.log(), broker.log(), way.carried()})
    for (const char* secret : {"+4930110", "+4930111", kSharedSecret})
      EXPECT_THAT(text, Not(HasSubstr(secret)));
}

TEST_F(HookStory, R5_R21_WhoCallsFirstAndSignsInWithTheNumberProvenIsInTheChat) {
  plan("call", "call = [{ number = \"+4930123456\" }]");
  EXPECT_EQ(calls("+4930110", "CA1"), 200);
  EXPECT_EQ(calls("+4930111", "CA2"), 200);
  ASSERT_EQ(total(), "0") << "nobody has proved these numbers";
  tokens.prove("late", {"+49 30 110", "late@home.example"});
  phones.add("late", broker.url());
  phones.add("other", broker.url());  // whose token proves nothing
  ASSERT_TRUE(phones.until([&] { return total() == "1"; })) << registrations() << server.log();
  EXPECT_THAT(registrations(), HasSubstr(R"("user":"late","by":[{"source":"call")"));
  const std::string known = server.call("GET", "/users/late/identities").body;
  EXPECT_THAT(known, HasSubstr(R"("kind":"phone","value":"+4930110","proven":true,"source":"token")"));
  EXPECT_THAT(known, HasSubstr(R"("value":"late@home.example")"));
  press_start();
  wait_for_list({4}, {"late"});
  for (const int i : {0, 1, 2, 3, 5}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
}

TEST_F(HookStory, R5_WhatASignInProvesIsNotLostWithAServerThatIsAwayAndIsWrittenNowhere) {
  plan("call", "call = [{ number = \"+4930123456\" }]");
  EXPECT_EQ(calls("+4930110", "CA1"), 200);
  server.kill9();
  tokens.prove("late", {"+4930110", "late@home.example"});
  phones.add("late", broker.url());
  ASSERT_TRUE(phones.until([&] { return phones[4].client->connected(); })) << phones.stories();
  server.start();
  EXPECT_TRUE(phones.until([&] { return total() == "1"; })) << registrations() << server.log();
  server.stop();
  broker.stop();  // writes what it holds
  for (const auto& folder : {server.folder(), broker.folder()})
    EXPECT_EQ(traces_in(folder, {"30110", "late@home"}), Traces{});
}

TEST_F(HookStory, R7_R23_WhoBuysATicketIsInTheChatUntilItIsRefunded) {
  plan("ticket", "ticket = [{ shop = \"main\", product = \"vip\" }]");
  for (int i = 0; i < 3; ++i)
    proves("user" + std::to_string(i), "mail", "u" + std::to_string(i) + "@home.example");
  EXPECT_EQ(buys("pi_0", "u0@home.example"), 200);
  EXPECT_EQ(buys("pi_1", "U1@home.example"), 200);
  EXPECT_EQ(refunds("pi_2"), 200);
  EXPECT_EQ(buys("pi_2", "u2@home.example", 60), 200) << "told late: it was refunded since";
  EXPECT_EQ(buys("pi_3", "u3@home.example"), 200) << "nobody has proved that address yet";
  EXPECT_EQ(total(), "2");
  press_start();
  wait_for_list({0, 1}, {"user0", "user1"});
  proves("user3", "mail", "u3@home.example");
  wait_for_list({0, 1, 3}, {"user0", "user1", "user3"});
  EXPECT_EQ(refunds("pi_1"), 200);
  EXPECT_TRUE(phones.until([&] { return phones[1].client->groups().empty(); })) << phones.stories();
  wait_for_list({0, 3}, {"user0", "user3"});
  EXPECT_TRUE(phones[2].started.empty());
  for (const std::string& text : {server.log(), broker.log(), way.carried()})
    EXPECT_THAT(text, Not(HasSubstr("home.example")));
}

TEST_F(HookStory, R5_R7_StaffsEventsOverMqttSayTheSameAsHooks) {
  plan("ticket",
       "ticket = [{ shop = \"events\", product = \"vip\" }]\ncall = [{ number = \"+4930123456\" }]");
  for (int i = 0; i < 2; ++i)
    proves("user" + std::to_string(i), "mail", "u" + std::to_string(i) + "@home.example");
  proves("user2", "phone", "+4930112");
  TestClient gate(broker.url(), tokens.client_id("gate", "west"));
  ASSERT_EQ(gate.connect(tokens.make(topics::Role::staff, "gate", "west")), kSuccess);
  const auto event = [&](const std::string& id, const std::string& type, const std::string& data) {
    return R"({"specversion":"1.0","id":")" + id + R"(","source":"/desk","type":"convoke.)" + type +
           R"(","data":)" + data + "}";
  };
  const auto says = [&](const std::string& text) { gate.publish("cv1/demo/staff/gate/west/event", text); };
  for (int i = 0; i < 2; ++i)
    says(event("1", "ticket", R"({"order":"O-1","products":["vip"],"mail":"u0@home.example"})"));
  says(event("2", "ticket", R"({"order":"O-2","products":["vip"],"mail":"u1@home.example"})"));
  says(event("3", "ticket", R"({"products":["vip"]})"));
  ASSERT_TRUE(phones.until([&] { return total() == "2"; })) << registrations() << server.log();
  EXPECT_THAT(registrations(), HasSubstr(R"("user":"user0","by":[{"source":"ticket","proof":"bought")"));
  EXPECT_THAT(server.log(), HasSubstr("body.data.order: expected"));
  press_start();
  wait_for_list({0, 1}, {"user0", "user1"});
  says(event("4", "ticket.withdrawn", R"({"order":"O-2"})"));
  EXPECT_TRUE(phones.until([&] { return phones[1].client->groups().empty(); })) << phones.stories();
  // The same over HTTP, with an answer.
  const auto call =
      server.call("POST", "/events", event("5", "call", R"({"number":"+4930123456","caller":"+4930112"})"));
  EXPECT_THAT(call.body, HasSubstr("\"registered\":1"));
  EXPECT_EQ(server.call("POST", "/events", event("6", "call", "{}")).status, 400);
  for (const char* secret : {"home.example", "30112"}) EXPECT_THAT(server.log(), Not(HasSubstr(secret)));
}

/// pretix, which has sold one order.
struct AskedShop {
  explicit AskedShop(std::uint16_t at) : port(at) {
    server.Get("/api/v1/organizers/club/events/summer/orders/ABC12/",
               [this](const httplib::Request& in, httplib::Response& out) { answer(in, out); });
  }
  ~AskedShop() { close(); }

  void open() {
    ASSERT_TRUE(server.bind_to_port("127.0.0.1", port));
    serving = std::thread([this] { server.listen_after_bind(); });
  }
  void close() {
    if (!serving.joinable()) return;
    server.stop();
    serving.join();
  }
  void answer(const httplib::Request& in, httplib::Response& out) const {
    if (in.get_header_value("Authorization") != "Token s3cret") return void(out.status = 401);
    const std::string now = topics::format_rfc3339(in_ms(0));
    out.set_content(R"({"code":"ABC12","status":")" + status + R"(","email":"u0@home.example","datetime":")" +
                        now + R"(","last_modified":")" + now + R"(","positions":[]})",
                    "application/json");
  }

  const std::uint16_t port;
  std::string status = "p";
  httplib::Server server;
  std::thread serving;
};

std::string hint(const std::string& action, const std::string& code = "ABC12") {
  return R"({"notification_id":1,"organizer":"club","event":"summer","code":")" + code +
         R"(","action":"pretix.event.order.)" + action + R"("})";
}

/// A shop that does not sign is asked: what it answers is what counts.
TEST_F(HookStory, R7_R23_WhoBuysATicketAtAShopThatIsAskedIsInTheChat) {
  AskedShop shop(shop_port);
  shop.open();
  const auto hints = [&](const std::string& action) { return sends("pretix", {}, hint(action)); };
  plan("ticket", "ticket = [{ shop = \"pretix\", product = \"summer\" }]");
  for (int i = 0; i < 2; ++i)
    proves("user" + std::to_string(i), "mail", "u" + std::to_string(i) + "@home.example");
  EXPECT_EQ(hints("paid"), 200);
  EXPECT_THAT(registrations(),
              HasSubstr(R"("user":"user0","by":[{"source":"ticket","proof":"pretix: paid")"));
  press_start();
  wait_for_list({0}, {"user0"});
  for (const int i : {1, 2, 3}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
  shop.status = "c";
  EXPECT_EQ(hints("canceled"), 200);
  EXPECT_TRUE(phones.until([&] { return phones[0].client->groups().empty(); })) << phones.stories();
}

/// Not every provider tells it again: self-hosted pretix may not, and Eventbrite promises nothing.
TEST_F(HookStory, R7_R23_AHintWhoseShopIsAwayIsKeptThroughAKillAndAskedAboutUntilItAnswers) {
  plan("ticket", "ticket = [{ shop = \"pretix\", product = \"summer\" }]");
  for (int i = 0; i < 2; ++i)
    proves("user" + std::to_string(i), "mail", "u" + std::to_string(i) + "@home.example");
  EXPECT_EQ(sends("pretix", {}, hint("paid")), 202);
  EXPECT_EQ(sends("pretix", {}, hint("paid", "FORGED")), 202);
  server.kill9();
  server.start();
  ASSERT_EQ(total(), "0") << "the shop is still away";
  AskedShop shop(shop_port);
  shop.open();
  ASSERT_TRUE(phones.until([&] { return total() == "1"; })) << server.log();
  EXPECT_THAT(registrations(),
              HasSubstr(R"("user":"user0","by":[{"source":"ticket","proof":"pretix: paid")"));
  press_start();
  wait_for_list({0}, {"user0"});
  for (const int i : {1, 2, 3}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
  EXPECT_TRUE(phones.until([&] { return server.log().find("knows no such order") != std::string::npos; }))
      << server.log();
  for (const std::string& text : {server.log(), broker.log(), way.carried()})
    for (const char* secret : {"home.example", "ABC12", "FORGED", "Token", "s3cret"})
      EXPECT_THAT(text, Not(HasSubstr(secret)));
  // A withdrawal is kept the same.
  shop.close();
  EXPECT_EQ(sends("pretix", {}, hint("canceled")), 202);
  EXPECT_THAT(server.log(), HasSubstr("hook pretix: kept: the shop's API does not answer"));
  AskedShop again(shop_port);
  again.status = "c";
  again.open();
  EXPECT_TRUE(phones.until([&] { return total() == "0"; })) << server.log();
  EXPECT_TRUE(phones.until([&] { return phones[0].client->groups().empty(); })) << phones.stories();
}

TEST_F(HookStory, R7_ASecretIsChangedWhileBothHoldAndWithoutARestart) {
  const auto secrets_are = [&](const std::string& lines) {
    files.write("stripe", lines);
    ASSERT_THAT(server.reload_keys(tokens.public_jwks()), HasSubstr("loaded again"));
  };
  EXPECT_EQ(buys("pi_0", "u0@home.example"), 200);
  EXPECT_EQ(buys("pi_1", "u0@home.example", 0, "whsec_new"), 401);
  secrets_are("whsec_new\nwhsec_test\n");
  EXPECT_EQ(buys("pi_1", "u0@home.example", 0, "whsec_new"), 200);
  EXPECT_EQ(buys("pi_2", "u0@home.example"), 200);
  secrets_are("");
  EXPECT_EQ(buys("pi_3", "u0@home.example"), 200) << "a file without a secret changes nothing";
  EXPECT_THAT(server.log(), HasSubstr("hook main: secret_files: expected"));
  secrets_are("whsec_new\n");
  EXPECT_EQ(buys("pi_4", "u0@home.example"), 401);
  EXPECT_EQ(buys("pi_4", "u0@home.example", 0, "whsec_new"), 200);
  EXPECT_THAT(server.log(), Not(HasSubstr("whsec")));
}

TEST_F(HookStory, R7_WhatWasThankedForSurvivesAKill) {
  plan("ticket", "ticket = [{ shop = \"main\" }]");
  proves("user0", "mail", "u0@home.example");
  EXPECT_EQ(buys("pi_0", "u0@home.example"), 200);
  server.kill9();
  server.start();
  EXPECT_THAT(registrations(), HasSubstr(R"("source":"ticket","proof":"stripe: paid")"));
  EXPECT_EQ(buys("pi_0", "u0@home.example"), 200);
  EXPECT_EQ(total(), "1");
  EXPECT_EQ(refunds("pi_0"), 200);
  EXPECT_EQ(total(), "0");
}

}  // namespace
}  // namespace convoke::test
