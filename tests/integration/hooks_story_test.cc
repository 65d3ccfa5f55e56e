// People who call or buy a ticket, end to end: what a provider sends, the real server, the real broker,
// phones on the real SDK.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/evp.h>

#include <signal.h>

#include <boost/json.hpp>
#include <filesystem>
#include <thread>

#include "backend/gateways/hooks/signature.h"
#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"
#include "tests/support/test_client.h"
#include "topics/rfc3339.h"

namespace convoke {
namespace {

namespace fs = std::filesystem;
using gateways::hooks::Digest;
using test::Phone;
using testing::HasSubstr;
using testing::Not;

std::int64_t in_ms(std::int64_t ms) {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count() + ms;
}

std::string hex(std::string_view raw) {
  std::string out;
  for (const char c : raw) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

std::string base64(const std::string& raw) {
  std::string out(4 * ((raw.size() + 2) / 3) + 1, '\0');
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                      reinterpret_cast<const unsigned char*>(raw.data()),
                                                      static_cast<int>(raw.size()))));
  return out;
}

class HookStory : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    ASSERT_TRUE(phones.until_all([](Phone& p) { return p.client->connected(); })) << phones.stories();
    for (int i = 0; i < 4; ++i)
      ASSERT_TRUE(phones.until([&] {
        return server.call("GET", "/users/user" + std::to_string(i))
                   .body.find("\"presence\":\"available\"") != std::string::npos;
      }));
  }

  std::string config() {
    const std::string key = files.write("identities.key", std::string(43, 'A') + "\n").string();
    const std::string stripe = files.write("stripe", "whsec_test\n").string(),
                      old = files.write("old", "x\n").string();
    const std::string twilio = files.write("twilio", "12345\n").string();
    const std::string token = files.write("token", "s3cret\n").string();
    const auto hook = [](const std::string& name, const std::string& kind, const std::string& more) {
      return "[[hook]]\nname = \"" + name + "\"\nkind = \"" + kind + "\"\n" + more + "\n";
    };
    const std::string shared = "secret_files = [\"" + twilio + "\"]";
    return "[identities]\nkey_file = \"" + key + "\"\n[hooks]\nport = " + std::to_string(port) +
           "\npublic_url = \"https://hooks.club.example\"\n" +
           hook("main", "stripe", "secret_files = [\"" + old + "\", \"" + stripe + "\"]") +
           hook("line", "twilio", shared) +
           hook("pretix", "pretix",
                "api = \"http://127.0.0.1:" + std::to_string(shop_port) + "\"\ntoken_file = \"" + token +
                    "\"");
  }

  void plan(const std::string& registered, const std::string& registrar) {
    const auto answer = server.call(
        "PUT", "/plans",
        "schema = 1\n[[plan]]\nid = \"p\"\naudience = { follow = \"1s\", all = [{ registered = \"" +
            registered + "\" }] }\n[plan.registration]\nfrom = " + topics::format_rfc3339(in_ms(-3'600'000)) +
            "\nuntil = " + topics::format_rfc3339(in_ms(3'600'000)) + "\n" + registrar +
            "\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
        "application/toml");
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  void proves(const std::string& user, const std::string& kind, const std::string& value) {
    const auto answer =
        server.call("PUT", "/users/" + user + "/identities",
                    R"({"kind":")" + kind + R"(","value":")" + value + R"(","source":"test"})");
    ASSERT_EQ(answer.status / 100, 2) << answer.body;
  }
  std::string registrations() { return server.call("GET", "/plans/p/registrations").body; }
  std::string total() {
    return std::to_string(boost::json::parse(registrations()).as_object().at("total").as_int64());
  }
  void press_start() {
    ASSERT_TRUE(phones.until([&] { return server.call("POST", "/groups", R"({"plan":"p"})").status == 201; }))
        << server.log();
  }
  static std::vector<std::string> list(Phone& p) {
    std::vector<std::string> users;
    const auto groups = p.client->groups();
    if (!groups.empty())
      for (const sdk::Buddy& b : p.client->buddies(groups[0].id)) users.push_back(b.user);
    return users;
  }
  void wait_for_list(std::initializer_list<int> who, const std::vector<std::string>& expected) {
    for (const int i : who)
      EXPECT_TRUE(phones.until([&] { return list(phones[i]) == expected; })) << i << phones.stories();
  }

  int calls(const std::string& from, const std::string& sid, const std::string& token = "12345") {
    const httplib::Params form = {{"CallSid", sid},
                                  {"Direction", "inbound"},
                                  {"From", from},
                                  {"StirVerstat", "TN-Validation-Passed-A"},
                                  {"To", "+4930123456"}};
    std::string text = "https://hooks.club.example/hooks/line";
    for (const auto& [name, value] : form) text += name + value;
    const std::string mac = gateways::hooks::hmac(Digest::sha1, token, text);
    httplib::Client client("127.0.0.1", port);
    const httplib::Headers headers = {{"X-Twilio-Signature", base64(mac)}};
    const auto result = client.Post("/hooks/line", headers, form);
    return result ? result->status : 0;
  }

  /// From Stripe, which says that it happened `ago_s` ago.
  int tells(const std::string& id, const std::string& type, const std::string& object, std::int64_t ago_s = 0,
            const std::string& secret = "whsec_test") {
    const std::int64_t now_s = in_ms(0) / 1000;
    const std::string body = R"({"id":")" + id + R"(","type":")" + type + R"(","created":)" +
                             std::to_string(now_s - ago_s) + R"(,"data":{"object":)" + object + "}}";
    const std::string time = std::to_string(now_s);
    const std::string mac = hex(gateways::hooks::hmac(Digest::sha256, secret, time + "." + body));
    httplib::Client client("127.0.0.1", port);
    const httplib::Headers headers = {{"Stripe-Signature", "t=" + time + ",v1=" + mac}};
    const auto result = client.Post("/hooks/main", headers, body, "application/json");
    return result ? result->status : 0;
  }
  int buys(const std::string& payment, const std::string& mail, std::int64_t ago_s = 0,
           const std::string& secret = "whsec_test") {
    return tells(
        "evt_" + payment, "checkout.session.completed",
        R"({"id":"cs","payment_intent":")" + payment +
            R"(","payment_status":"paid","metadata":{"product":"vip"},"customer_details":{"email":")" + mail +
            R"("}})",
        ago_s, secret);
  }
  int refunds(const std::string& payment) {
    return tells("evt_refund_" + payment, "charge.refunded",
                 R"({"payment_intent":")" + payment + R"(","refunded":true})");
  }

  test::TempDir files;
  std::uint16_t port = test::free_port(), shop_port = test::free_port();
  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  test::ServerProcess server{tokens, broker.port(), config()};
  test::Phones phones{tokens, broker.url(), 4};  // user0 … user3
};

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
  press_start();
  wait_for_list({0, 1}, {"user0", "user1"});
  for (const int i : {2, 3}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
  for (const char* secret : {"30110", "30111", "12345"}) EXPECT_THAT(server.log(), Not(HasSubstr(secret)));
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
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
      const std::string bytes = file.is_regular_file() ? test::read_file(file.path().string()) : "";
      for (const char* secret : {"30110", "late@home"})
        EXPECT_EQ(bytes.find(secret), std::string::npos) << file.path();
    }
}

/// Real calls, through the SIP server as ops/telephony configures it.
class SipStory : public HookStory {
 protected:
  void SetUp() override {
    if (!fs::exists("/usr/sbin/kamailio") || !fs::exists("/usr/bin/sipp"))
      GTEST_SKIP() << "kamailio or sipp is missing: ops/install test";
    HookStory::SetUp();
    fs::copy(fs::path(CONVOKE_TELEPHONY) / "kamailio.cfg", files.path());
    std::string settings;
    const auto set = [&](const std::string& name, const std::string& value) {
      settings += "#!substdef \"!CONVOKE_" + name + "!" + value + "!g\"\n";
    };
    set("LISTEN", "udp:127.0.0.1:" + sip_port);
    set("PEER", "127.0.0.1");
    set("BROKER_HOST", "127.0.0.1");
    set("BROKER_PORT", std::to_string(broker.port()));
    set("SITE", "demo");
    set("NAME", "sip1");
    set("TOKEN", tokens.make(topics::Role::gateway, "sip1", "sip"));
    set("COUNTRY", "49");
    set("PATIENCE_MS", "3000");
    files.write("settings.cfg", settings);
    kamailio.start({"/usr/sbin/kamailio", "-DD", "-E", "-m", "16", "-M", "4", "-Y", files.path().string(),
                    "-f", files / "kamailio.cfg"},
                   files / "kamailio.log");
    plan("call", "call = [{ number = \"+4930123456\", attested = \"A\" }]");
    proves("user0", "phone", "+4930110");
    proves("user1", "phone", "+4930999");  // what From says, which does not count
  }

  /// Rings, and gives sipp's exit code: 0 if the call was answered like this. It repeats its INVITE until the
  /// SIP server is up.
  int rings(const std::string& caller, const std::string& number, const std::string& answer) {
    std::string call = test::read_file(CONVOKE_SIPP_CALL);
    call.replace(call.find("486"), 3, answer);
    files.write("call.xml", call);
    test::ChildProcess sipp;
    sipp.start({"/usr/bin/sipp", "127.0.0.1:" + sip_port, "-sf", files / "call.xml", "-s", number, "-key",
                "caller", caller, "-i", "127.0.0.1", "-m", "1", "-timeout", "30s", "-nostdin"},
               files / "sipp.log");
    return sipp.wait();
  }
  /// Until the answer is this: the SIP server looks for the broker every few seconds.
  bool rings_until(const std::string& caller, const std::string& number, const std::string& answer) {
    return phones.until([&] { return rings(caller, number, answer) == 0; });
  }
  std::string logs() { return test::read_file(files / "sipp.log") + test::read_file(files / "kamailio.log"); }

  const std::string sip_port = std::to_string(test::free_port());
  test::ChildProcess kamailio;
};

TEST_F(SipStory, R5_R21_WhoCallsOverSipIsInTheChat) {
  ASSERT_TRUE(rings_until("+4930110", "+4930123456", "486")) << logs();
  EXPECT_THAT(registrations(), HasSubstr(R"("user":"user0","by":[{"source":"call","proof":"attested A")"));
  EXPECT_EQ(total(), "1");
  proves("user2", "phone", "+4930112");
  EXPECT_EQ(rings("030112", "030123456", "486"), 0) << "as the carrier's country writes it" << logs();
  EXPECT_EQ(total(), "2");
  EXPECT_EQ(rings("+4930112", "1", "404"), 0) << "no number: for good" << logs();
  press_start();
  wait_for_list({0, 2}, {"user0", "user2"});
  for (const int i : {1, 3}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
  for (const char* secret : {"30110", "30112"}) {
    EXPECT_THAT(server.log(), Not(HasSubstr(secret)));
    EXPECT_THAT(broker.log(), Not(HasSubstr(secret)));
  }
}

TEST_F(SipStory, R5_WhoCallsAgainAndAgainIsNotLookedAtEachTime) {
  ASSERT_TRUE(rings_until("+4930110", "+4930123456", "486")) << logs();
  for (int i = 0; i < 6; ++i) ASSERT_EQ(rings("+4930110", "+4930123456", "486"), 0) << logs();
  server.kill9();
  EXPECT_EQ(rings("+4930110", "+4930123456", "486"), 0) << "they are registered" << logs();
  EXPECT_EQ(rings("+4930112", "+4930123456", "503"), 0) << "somebody else" << logs();
}

TEST_F(SipStory, R5_R21_ACallIsAnsweredOnlyOnceItIsOnDisk) {
  ASSERT_TRUE(rings_until("+4930998", "+4930123456", "486")) << logs();
  server.kill9();
  EXPECT_EQ(rings("+4930110", "+4930123456", "503"), 0) << "nobody has it on disk" << logs();
  server.start();
  EXPECT_TRUE(phones.until([&] { return total() == "1"; })) << "the broker held it: " << registrations();
  broker.stop();
  EXPECT_EQ(rings("+4930110", "+4930123456", "503"), 0) << "at once: there is no broker" << logs();
  broker.start();
  EXPECT_TRUE(rings_until("+4930110", "+4930123456", "486")) << logs();
  EXPECT_EQ(total(), "1");
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
  EXPECT_THAT(server.log(), Not(HasSubstr("home.example")));
}

TEST_F(HookStory, R5_R7_StaffsEventsOverMqttSayTheSameAsHooks) {
  plan("ticket",
       "ticket = [{ shop = \"events\", product = \"vip\" }]\ncall = [{ number = \"+4930123456\" }]");
  for (int i = 0; i < 2; ++i)
    proves("user" + std::to_string(i), "mail", "u" + std::to_string(i) + "@home.example");
  proves("user2", "phone", "+4930112");
  test::TestClient gate(broker.url(), tokens.client_id("gate", "west"));
  ASSERT_EQ(gate.connect(tokens.make(topics::Role::staff, "gate", "west")), test::kSuccess);
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

/// A shop that does not sign is asked: what it answers is what counts.
TEST_F(HookStory, R7_R23_WhoBuysATicketAtAShopThatIsAskedIsInTheChat) {
  std::string status = "p";
  httplib::Server shop;
  shop.Get("/api/v1/organizers/club/events/summer/orders/ABC12/", [&](const httplib::Request& in,
                                                                      httplib::Response& out) {
    if (in.get_header_value("Authorization") != "Token s3cret") return void(out.status = 401);
    out.set_content(R"({"code":"ABC12","status":")" + status + R"(","email":"u0@home.example","datetime":")" +
                        topics::format_rfc3339(in_ms(0)) + R"(","last_modified":")" +
                        topics::format_rfc3339(in_ms(0)) + R"(","positions":[]})",
                    "application/json");
  });
  ASSERT_TRUE(shop.bind_to_port("127.0.0.1", shop_port));
  std::thread serving([&] { shop.listen_after_bind(); });
  const auto hints = [&](const std::string& action) {
    httplib::Client client("127.0.0.1", port);
    const auto result =
        client.Post("/hooks/pretix",
                    R"({"notification_id":1,"organizer":"club","event":"summer","code":"ABC12",)"
                    R"("action":"pretix.event.order.)" +
                        action + R"("})",
                    "application/json");
    return result ? result->status : 0;
  };
  plan("ticket", "ticket = [{ shop = \"pretix\", product = \"summer\" }]");
  for (int i = 0; i < 2; ++i)
    proves("user" + std::to_string(i), "mail", "u" + std::to_string(i) + "@home.example");
  EXPECT_EQ(hints("paid"), 200);
  EXPECT_THAT(registrations(),
              HasSubstr(R"("user":"user0","by":[{"source":"ticket","proof":"pretix: paid")"));
  press_start();
  wait_for_list({0}, {"user0"});
  for (const int i : {1, 2, 3}) EXPECT_TRUE(phones[i].started.empty()) << phones.stories();
  status = "c";
  EXPECT_EQ(hints("canceled"), 200);
  EXPECT_TRUE(phones.until([&] { return phones[0].client->groups().empty(); })) << phones.stories();
  shop.stop();
  serving.join();
  EXPECT_EQ(hints("paid"), 503) << "told again later";
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
}  // namespace convoke
