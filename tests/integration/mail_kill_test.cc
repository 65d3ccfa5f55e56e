// A server that is killed while mails come in: what the mail server was told 250 for is kept, and what it was
// not told so for comes again and counts once. The kill is aimed: the last dots of several mails are sent,
// and the server dies within the next few milliseconds, which is when it commits and answers.

#include <gtest/gtest.h>
#include <poll.h>

#include <boost/json.hpp>
#include <chrono>
#include <ctime>
#include <iostream>
#include <memory>
#include <random>
#include <set>

#include "tests/support/mosquitto_process.h"
#include "tests/support/server_process.h"
#include "tests/support/unix_peer.h"

namespace convoke {
namespace {

constexpr int kRounds = 24, kAtOnce = 6;

std::string now_as_date() {
  const std::time_t at = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&at, &utc);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc);
  return text;
}

std::string user_of(int number) { return "u" + std::to_string(number); }

class MailKill : public testing::Test {
 protected:
  void SetUp() override {
    server.start();
    for (int i = 0; i < kRounds * kAtOnce; ++i)
      call("PUT", "/users/" + user_of(i) + "/identities",
           R"({"kind":"mail","value":")" + user_of(i) + R"(@club.example"})");
    const auto plan = server.call(
        "PUT", "/plans",
        "schema = 1\n[[plan]]\nid = \"p\"\naudience = { presence = \"any\", all = [{ registered = "
        "\"mail\" }] }\nregistration = { mail = "
        "[{ address = \"evening@club.example\" }] }\n[[plan.start]]\non = "
        "\"mail\"\nuser = \"u0\"\n[[plan.end]]\non = "
        "\"duration\"\nafter = \"1h\"\n",
        "application/toml");
    ASSERT_EQ(plan.status, 200) << plan.body;
  }
  std::string call(const std::string& method, const std::string& path, const std::string& body = {}) {
    const auto answer = server.call(method, path, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }
  std::set<std::string> registered() {
    const auto answer = boost::json::parse(call("GET", "/plans/p/registrations"));
    std::set<std::string> users;
    for (const auto& one : answer.at("registrations").as_array()) {
      EXPECT_EQ(one.at("by").as_array().size(), 1u) << "each mail counts once";
      users.emplace(one.at("user").as_string());
    }
    return users;
  }

  /// Up to where the mail's last line is missing.
  std::unique_ptr<test::UnixPeer> hand_over(int number) {
    const std::string from = user_of(number) + "@club.example";
    auto peer = std::make_unique<test::UnixPeer>(files / "lmtp.sock");
    EXPECT_TRUE(peer->connected());
    peer->hear();
    peer->say("LHLO mx\r\nMAIL FROM:<" + from + ">\r\nRCPT TO:<evening@club.example>\r\nDATA\r\n");
    peer->hear("354 Go ahead\r\n");
    peer->say(
        "Authentication-Results: mx.club.example; dkim=pass header.d=club.example\r\nDKIM-Signature: "
        "d=club.example; "
        "h=from:to:subject:date:message-id\r\nFrom: " +
        from + "\r\nTo: evening@club.example\r\nSubject: me\r\nDate: " + date + "\r\nMessage-ID: <" +
        std::to_string(number) + "@club.example>\r\n\r\nhello\r\n");
    return peer;
  }

  /// Waits until this many answers are there, or the time is over.
  static void wait_for_answers(const std::vector<std::unique_ptr<test::UnixPeer>>& peers, std::size_t wanted,
                               std::chrono::microseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      std::vector<pollfd> fds;
      for (const auto& peer : peers) fds.push_back({peer->fd(), POLLIN, 0});
      if (::poll(fds.data(), fds.size(), 0) >= static_cast<int>(wanted)) return;
    }
  }

  test::TempDir files;
  const std::string date = now_as_date();
  test::TestTokens tokens;
  test::MosquittoProcess broker{"demo", tokens.public_jwks()};
  test::ServerProcess server{tokens, (broker.start(), broker.port()),
                             "[identities]\nkey_file = \"" +
                                 files.write("key", std::string(43, 'A')).string() +
                                 "\"\n[mail]\nlisten = \"unix:" + files / "lmtp.sock" +
                                 "\"\ndomains = [\"club.example\"]\nauthserv_id = \"mx.club.example\"\n"};
};

TEST_F(MailKill, R6_BetweenReceiptAndCommitNothingThatWasAnsweredIsLostAndAllCountsOnce) {
  std::mt19937 random(7);
  int answered = 0, unanswered = 0, kept_unanswered = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::unique_ptr<test::UnixPeer>> peers;
    for (int i = 0; i < kAtOnce; ++i) peers.push_back(hand_over(round * kAtOnce + i));
    for (const auto& peer : peers) peer->say(".\r\n");
    // Every third round waits for the first answer, so that there are some whatever the machine's speed.
    const bool first = round % 3 == 0;
    wait_for_answers(peers, first ? 1 : kAtOnce,
                     std::chrono::microseconds(first ? 10'000'000 : random() % 4000));
    server.kill9();
    std::vector<int> again;
    std::set<std::string> told;
    for (int i = 0; i < kAtOnce; ++i) {
      const int number = round * kAtOnce + i;
      if (peers[static_cast<std::size_t>(i)]->hear() == "250 2.0.0 OK\r\n")
        told.insert(user_of(number));
      else
        again.push_back(number);
    }
    server.start();
    const auto kept = registered();
    for (const std::string& user : told) EXPECT_TRUE(kept.contains(user)) << user << " in round " << round;
    for (const int number : again) {
      kept_unanswered += kept.contains(user_of(number));
      const auto peer = hand_over(number);
      peer->say(".\r\n");
      EXPECT_EQ(peer->hear(), "250 2.0.0 OK\r\n");
    }
    answered += static_cast<int>(told.size());
    unanswered += static_cast<int>(again.size());
  }
  EXPECT_EQ(registered().size(), static_cast<std::size_t>(kRounds * kAtOnce));
  EXPECT_EQ(boost::json::parse(call("GET", "/groups")).at("groups").as_array().size(), 1u)
      << "one start a mail";
  EXPECT_GT(answered, 0) << "some kills came after an answer";
  EXPECT_GT(unanswered, 0) << "and some before";
  RecordProperty("answered", answered);
  RecordProperty("kept_unanswered", kept_unanswered);
  std::cout << answered << " answered before the kill, " << unanswered << " not, of which " << kept_unanswered
            << " were on the disk\n";
}

}  // namespace
}  // namespace convoke
