#include "backend/gateways/mail/mail_gateway.h"

#include <gmock/gmock.h>

#include <map>

#include "tests/support/temp_dir.h"
#include "tests/support/unix_peer.h"

namespace convoke::gateways {
namespace {

using testing::StartsWith;

constexpr core::TimeMs kNow = 1'795'877'476'000;  // 2026-11-28T14:51:16Z

/// A gateway that hands its mails to the test instead of the core, and the mail server in front of it.
class MailGatewayTest : public testing::Test {
 protected:
  MailGateway::Options options() {
    MailGateway::Options o;
    o.listen = "unix:" + path;
    o.domains = {"club.example"};
    o.trust = {"mx.club.example", 1};
    return o;
  }
  MailGateway::Hooks hooks() {
    return {[this](const core::Mail&) { return writable; },
            [this](const std::string& outcome) { ++counted[outcome]; }, [this] { return now; }};
  }
  void SetUp() override {
    peer = std::make_unique<test::UnixPeer>(path);
    peer->hear();
    peer->say("LHLO x\r\n");
    peer->hear("250 SIZE 1048576\r\n");
  }
  /// The answer to the mail's end.
  std::string delivers(const std::string& from, const std::string& results) {
    static int number = 0;
    peer->say("MAIL FROM:<x@y.example>\r\n");
    peer->hear();
    peer->say("RCPT TO:<evening@club.example>\r\n");
    peer->hear();
    peer->say("DATA\r\n");
    peer->hear();
    peer->say("Authentication-Results: mx.club.example; " + results +
              "\r\nDKIM-Signature: d=home.example; h=from:to:subject:date:message-id\r\nFrom: " + from +
              "\r\nTo: evening@club.example\r\nSubject: me\r\nDate: Sat, 28 Nov 2026 14:50:00 "
              "+0000\r\nMessage-ID: <" +
              std::to_string(++number) + "@x>\r\n\r\nhello\r\n.\r\n");
    return peer->hear();
  }
  std::string anna() { return delivers("anna@home.example", "dkim=pass header.d=home.example"); }

  test::TempDir dir;
  const std::string path = dir / "lmtp.sock";
  const IdentityVault vault{std::string(32, 'k')};
  bool writable = true;
  core::TimeMs now = kNow;
  std::map<std::string, int> counted;
  MailGateway gateway{options(), vault, hooks()};
  std::unique_ptr<test::UnixPeer> peer;
};

TEST_F(MailGatewayTest, OfOneSenderSoManyAMinuteAreTakenAndTheRestLater) {
  for (int i = 0; i < MailGateway::kPerSender; ++i) EXPECT_EQ(anna(), "250 2.0.0 OK\r\n");
  EXPECT_THAT(anna(), StartsWith("451 4.7.0 Too many mails of this sender"));
  EXPECT_EQ(counted["limited"], 1);
  EXPECT_EQ(delivers("ben@home.example", "dkim=pass header.d=home.example"), "250 2.0.0 OK\r\n");
  now += RatePerKey::kMinuteMs;
  EXPECT_EQ(anna(), "250 2.0.0 OK\r\n");
}

TEST_F(MailGatewayTest, WhoForgesASenderTakesNothingFromThem) {
  for (int i = 0; i < MailGateway::kOfStrangers; ++i)
    EXPECT_EQ(delivers("anna@home.example", "dkim=fail header.d=home.example"), "250 2.0.0 OK\r\n");
  EXPECT_THAT(delivers("anna@home.example", "dkim=fail"), StartsWith("451 4.7.0"));
  EXPECT_EQ(anna(), "250 2.0.0 OK\r\n");
}

TEST_F(MailGatewayTest, WhatCouldNotBeWrittenIsNotCounted) {
  writable = false;
  for (int i = 0; i < 2 * MailGateway::kPerSender; ++i) EXPECT_THAT(anna(), StartsWith("451 4.3.0"));
  writable = true;
  EXPECT_EQ(anna(), "250 2.0.0 OK\r\n");
}

}  // namespace
}  // namespace convoke::gateways
