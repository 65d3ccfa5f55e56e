#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <openssl/evp.h>

#include <boost/json.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "backend/gateways/hooks/signature.h"
#include "tests/support/child_process.h"
#include "tests/support/free_port.h"
#include "tests/support/hex.h"
#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_proxy.h"
#include "topics/rfc3339.h"

/// What the stories of calls and tickets share: a provider sends, the real server and the real broker hear of
/// it, and so do phones on the real SDK.
namespace convoke::test {

inline std::int64_t in_ms(std::int64_t ms) {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count() + ms;
}

inline std::string base64(const std::string& raw) {
  std::string out(4 * ((raw.size() + 2) / 3) + 1, '\0');
  out.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                      reinterpret_cast<const unsigned char*>(raw.data()),
                                                      static_cast<int>(raw.size()))));
  return out;
}

inline constexpr const char* kStandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
inline constexpr const char* kSharedSecret = "s3cret-of-most-hooks";

/// A server with a hook of each kind, a broker, and four phones.
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
    const auto secret = [&](const std::string& name, const std::string& value) {
      return "[\"" + files.write(name, value + "\n").string() + "\"]";
    };
    const auto hook = [](const std::string& name, const std::string& kind, const std::string& more) {
      return "[[hook]]\nname = \"" + name + "\"\nkind = \"" + kind + "\"\n" + more + "\n";
    };
    const std::string old = files.write("old", "x\n").string(),
                      stripe = files.write("stripe", "whsec_test\n").string();
    const std::string key = files.write("identities.key", std::string(43, 'A') + "\n").string();
    const std::string asked = "api = \"http://127.0.0.1:" + std::to_string(shop_port) +
                              "\"\ntoken_file = \"" + files.write("token", "s3cret\n").string() + "\"";
    const std::string shared = "secret_files = " + secret("shared", kSharedSecret);
    return "[identities]\nkey_file = \"" + key + "\"\n[hooks]\nport = " + std::to_string(port) +
           "\npublic_url = \"https://hooks.club.example\"\n" +
           hook("main", "stripe", "secret_files = [\"" + old + "\", \"" + stripe + "\"]") +
           hook("line", "twilio", shared) + hook("shopify", "shopify", shared) +
           hook("tailor", "ticket_tailor", shared) + hook("cloud", "cloudevents", shared) +
           hook("standard", "standard", "secret_files = " + secret("standard", kStandardSecret)) +
           hook("pretix", "pretix", asked) + hook("eventbrite", "eventbrite", asked);
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

  int calls(const std::string& from, const std::string& sid, const std::string& token = kSharedSecret) {
    const httplib::Params form = {{"CallSid", sid},
                                  {"Direction", "inbound"},
                                  {"From", from},
                                  {"StirVerstat", "TN-Validation-Passed-A"},
                                  {"To", "+4930123456"}};
    std::string text = "https://hooks.club.example/hooks/line";
    for (const auto& [name, value] : form) text += name + value;
    const std::string mac = gateways::hooks::hmac(gateways::hooks::Digest::sha1, token, text);
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
    const std::string mac =
        hex(gateways::hooks::hmac(gateways::hooks::Digest::sha256, secret, time + "." + body));
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
  /// What the provider sends to this hook; gives the status.
  int sends(const std::string& hook, const httplib::Headers& headers, const std::string& body,
            const std::string& type = "application/json") {
    httplib::Client client("127.0.0.1", port);
    const auto result = client.Post("/hooks/" + hook, headers, body, type);
    return result ? result->status : 0;
  }
  int refunds(const std::string& payment) {
    return tells("evt_refund_" + payment, "charge.refunded",
                 R"({"payment_intent":")" + payment + R"(","refunded":true})");
  }

  TempDir files;
  std::uint16_t port = free_port(), shop_port = free_port();
  TestTokens tokens;
  MosquittoProcess broker{"demo", tokens.public_jwks()};
  bool broker_runs = (broker.start(), true);
  TcpProxy way{broker.port(), true};  // from the server to the broker
  ServerProcess server{tokens, way.port(), config()};
  Phones phones{tokens, broker.url(), 4};  // user0 … user3
};

}  // namespace convoke::test
