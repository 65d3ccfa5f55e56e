// The providers' own libraries sign, and our hooks check: nothing of ours is on the signing side.
// `ops/install test` fetches the libraries; where there are none, these tests skip.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "backend/gateways/hooks/kinds.h"

namespace convoke::gateways::hooks {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBody = R"({"id":"evt_1","text":"Grüße & more"})";
constexpr const char* kStandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class Signers : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kFolder / "node_modules/stripe") || std::system("node --version >/dev/null 2>&1") != 0)
      GTEST_SKIP() << "node or the providers' libraries are missing: ops/install test";
  }
  static std::string quoted(const std::string& text) { return " '" + text + "'"; }  // ours have no quote

  std::string sign(const std::string& kind, const std::string& secret, const std::string& text,
                   const std::vector<std::string>& parameters = {}) const {
    std::string line = "node" + quoted(CONVOKE_SIGN_JS) + quoted(kFolder.string()) + quoted(kind) +
                       quoted(secret) + quoted(std::to_string(now_ms / 1000)) + quoted(text);
    for (const std::string& parameter : parameters) line += quoted(parameter);
    const std::unique_ptr<FILE, int (*)(FILE*)> out(::popen(line.c_str(), "r"), ::pclose);
    std::string signature;
    for (int c; (c = std::fgetc(out.get())) != EOF;) signature += static_cast<char>(c);
    return signature;
  }
  Signed check(const HookOptions& options, const std::map<std::string, std::string>& headers,
               const std::string& body, const std::string& target = "/hooks/h") const {
    return make_hook(options, vault)->verify({"POST", target, headers, body, now_ms});
  }

  const fs::path kFolder = CONVOKE_SIGNERS;
  const IdentityVault vault{std::string(32, 'k')};
  const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                                  std::chrono::system_clock::now().time_since_epoch())
                                  .count();
};

TEST_F(Signers, R7_Stripe) {
  const std::string signature = sign("stripe", "whsec_test", kBody);
  const HookOptions hook{.name = "h", .kind = "stripe", .secrets = {"whsec_old", "whsec_test"}};
  EXPECT_EQ(check(hook, {{"stripe-signature", signature}}, kBody), Signed::good) << signature;
  EXPECT_EQ(check(hook, {{"stripe-signature", signature}}, std::string(kBody) + "\n"), Signed::wrong);
}

TEST_F(Signers, R7_StandardWebhooks) {
  const std::string signature = sign("standard", kStandardSecret, kBody);
  const HookOptions hook{.name = "h", .kind = "standard", .secrets = {kStandardSecret}};
  const auto headers = [&](const std::string& id) {
    return std::map<std::string, std::string>{{"webhook-id", id},
                                              {"webhook-timestamp", std::to_string(now_ms / 1000)},
                                              {"webhook-signature", signature}};
  };
  EXPECT_EQ(check(hook, headers("msg_1"), kBody), Signed::good) << signature;
  EXPECT_EQ(check(hook, headers("msg_2"), kBody), Signed::wrong);
}

TEST_F(Signers, R5_Twilio) {
  const std::string url = "https://hooks.club.example/hooks/line?a=1%202&b=";
  const std::string signature =
      sign("twilio", "12345", url, {"From=+4930111", "To=+4930123456", "CallerName=A + B", "Empty="});
  const HookOptions hook{
      .name = "h", .kind = "twilio", .secrets = {"12345"}, .public_url = "https://hooks.club.example"};
  const std::string form = "To=%2B4930123456&From=%2B4930111&CallerName=A+%2B+B&Empty=";
  const auto checked = [&](const std::string& body) {
    return check(hook, {{"x-twilio-signature", signature}}, body, "/hooks/line?a=1%202&b=");
  };
  EXPECT_EQ(checked(form), Signed::good) << signature;
  EXPECT_EQ(checked(form + "&More=1"), Signed::wrong);
}

}  // namespace
}  // namespace convoke::gateways::hooks
