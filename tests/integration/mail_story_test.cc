// Mails make people part of a plan, end to end: swaks, Postfix and OpenDKIM, the real broker with the plugin,
// the real server, phones on the real SDK. And forged mails do not.

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstring>
#include <ctime>

#include "tests/support/mail_chain.h"
#include "tests/support/mosquitto_process.h"
#include "tests/support/phones.h"
#include "tests/support/server_process.h"
#include "tests/support/tcp_proxy.h"
#include "tests/support/traces.h"

namespace convoke {
namespace {

constexpr const char* kAnna = "anna@club.example";
constexpr const char* kEvening = "evening@club.example";

std::string date(int days_ago = 0) {
  const std::time_t at = std::time(nullptr) - days_ago * 86'400;
  std::tm utc{};
  ::gmtime_r(&at, &utc);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &utc);
  return text;
}

/// A mail with a Message-ID of its own; `more`: further fields.
std::string letter(const std::string& from, const std::string& subject, const std::string& more = {},
                   int days_ago = 0) {
  static int number = 0;
  return "From: " + from + "\r\nTo: " + kEvening + "\r\nSubject: " + subject + "\r\nDate: " + date(days_ago) +
         "\r\nMessage-ID: <" + std::to_string(++number) + "@club.example>\r\n" + more + "\r\nHello!\r\n";
}
const std::string kMailing = "List-Id: <news.club.example>\r\nPrecedence: list\r\nX-Campaign: evening\r\n";

class MailStory : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: Postfix starts as root";
    world = std::make_unique<World>();
    ASSERT_TRUE(world->phones.until_all([](test::Phone& p) { return p.client->connected(); }));
    known_by("user0", "mail", kAnna);
    known_by("user1", "mail", "ben@club.example");
  }

  struct World {
    World() { server.start(); }
    test::TestTokens tokens;
    test::TempDir dir;
    test::MailChain mail;
    test::MosquittoProcess broker{"demo", tokens.public_jwks()};
    bool broker_runs = (broker.start(), true);
    test::TcpProxy way{broker.port(), true};  // from the server to the broker
    test::ServerProcess server{
        tokens, way.port(),
        "[identities]\nkey_file = \"" +
            dir.write("identities.key", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY").string() + "\"\n" +
            mail.server_config()};
    test::Phones phones{tokens, broker.url(), 3};  // user0 … user2
  };

  void known_by(const std::string& user, const std::string& kind, const std::string& value) {
    const auto put = call("PUT", "/users/" + user + "/identities",
                          "{\"kind\":\"" + kind + "\",\"value\":\"" + value + "\"}");
    ASSERT_EQ(put.status, 200) << put.body;
  }
  test::HttpAnswer call(const std::string& method, const std::string& path, const std::string& body = {}) {
    return world->server.call(method, path, body);
  }
  void plan(const std::string& lines) {
    const auto answer = world->server.call("PUT", "/plans", "schema = 1\n" + lines, "application/toml");
    ASSERT_EQ(answer.status, 200) << answer.body;
  }
  std::string registrations() { return call("GET", "/plans/p/registrations").body; }
  bool registered(int total) {
    return world->phones.until(
        [&] { return registrations().find("\"total\":" + std::to_string(total)) != std::string::npos; });
  }
  std::size_t groups() {
    return boost::json::parse(call("GET", "/groups").body).at("groups").as_array().size();
  }
  /// These phones have a chat of just them, and the others have none.
  void expect_chat_of(const std::vector<std::string>& users) {
    for (auto& phone : world->phones.all()) {
      if (std::find(users.begin(), users.end(), phone->user) == users.end()) continue;
      EXPECT_TRUE(world->phones.until([&] {
        std::vector<std::string> list;
        for (const sdk::Group& g : phone->client->groups())
          for (const sdk::Buddy& b : phone->client->buddies(g.id)) list.push_back(b.user);
        return list == users;
      })) << phone->user
          << world->phones.stories();
    }
    for (auto& phone : world->phones.all()) {
      const bool one_of_them = std::find(users.begin(), users.end(), phone->user) != users.end();
      EXPECT_EQ(phone->started.empty(), !one_of_them) << phone->user;
    }
  }
  /// How many mails the server has said something of.
  int judged() {
    int n = 0;
    const std::string log = world->server.log();
    for (auto at = log.find("\"mail: "); at != log.npos; at = log.find("\"mail: ", at + 1)) ++n;
    return n;
  }
  std::string all_logs() { return world->mail.log() + world->server.log(); }

  std::unique_ptr<World> world;
};

const std::string kRegisters =
    "[[plan]]\nid = \"p\"\naudience = { follow = \"1s\", presence = \"any\", any = [{ registered = \"mail\" "
    "}] }\n"
    "registration = { from = 2020-01-01T00:00:00Z, until = 2099-01-01T00:00:00Z, mail = [{ address = "
    "\"evening@club.example\" }] }\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n";
const std::string kStartsByMail =
    "[[plan]]\nid = \"q\"\naudience = { presence = \"any\", any = [{ users = [\"user0\", \"user1\"] }] }\n"
    "[[plan.start]]\non = \"mail\"\nuser = \"user0\"\nsubject = \"start\"\n[[plan.end]]\non = "
    "\"duration\"\nafter = \"1h\"\n";
const std::string kStartsByMailing =
    "[[plan]]\nid = \"r\"\naudience = { presence = \"any\", any = [{ users = [\"user1\", \"user2\"] }] }\n"
    "[[plan.start]]\non = \"mailing\"\ndomain = \"club.example\"\nlist = \"news.club.example\"\n"
    "header = { name = \"X-Campaign\", equals = \"evening\" }\n"
    "[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n";

TEST_F(MailStory, R6_R22_AMailRegistersItsSenderAndStopTakesItBack) {
  plan(kRegisters);
  ASSERT_TRUE(world->mail.send(letter("Anna <anna@club.example>", "let me in"), kAnna, kEvening))
      << all_logs();
  ASSERT_TRUE(registered(1)) << all_logs();
  EXPECT_NE(registrations().find("dkim=pass club.example"), std::string::npos) << registrations();
  ASSERT_EQ(call("POST", "/groups", R"({"plan":"p"})").status, 201);
  expect_chat_of({"user0"});
  for (const std::string& text : {world->server.log(), world->broker.log(), world->way.carried()})
    EXPECT_EQ(text.find(kAnna), std::string::npos) << "no address in a log or on a topic";
  EXPECT_NE(world->way.carried().find("user0"), std::string::npos);

  ASSERT_TRUE(world->mail.send(letter(kAnna, "Stop"), kAnna, kEvening));
  EXPECT_TRUE(registered(0)) << all_logs();
  EXPECT_TRUE(world->phones.until([&] { return world->phones[0].client->groups().empty(); }))
      << "and with the registration the member of a following group";

  // Whoever knows the personal address is that user, signed or not.
  const auto put = call("PUT", "/users/user2/identities", R"({"kind":"personal"})");
  const std::string tag(boost::json::parse(put.body).at("tag").as_string());
  ASSERT_TRUE(world->mail.forge(letter("c@else.example", "me too"), "c@else.example",
                                "evening+" + tag + "@club.example"));
  EXPECT_TRUE(registered(1)) << all_logs();
  EXPECT_NE(registrations().find("user2"), std::string::npos);
}

TEST_F(MailStory, R6_ASenderWhoseAddressIsNotAsciiIsRegistered) {
  const std::string address = "j\xC3\xBCrgen@club.example";
  known_by("user2", "mail", address);
  plan(kRegisters);
  ASSERT_TRUE(
      world->mail.send_utf8(letter("J\xC3\xBCrgen <" + address + ">", "let me in"), address, kEvening))
      << all_logs();
  ASSERT_TRUE(registered(1)) << all_logs();
  EXPECT_NE(registrations().find("dkim=pass club.example"), std::string::npos) << registrations();
  EXPECT_NE(registrations().find("user2"), std::string::npos) << registrations();
  EXPECT_EQ(world->server.log().find(address), std::string::npos) << "no address in the log";
}

TEST_F(MailStory, R9_R27_TheMailingStartsTheChatOnce) {
  plan(kStartsByMailing);
  const std::string mailing = letter("The club <news@club.example>", "Tonight", kMailing);
  const std::string other = letter("The club <news@club.example>", "Tonight",
                                   "List-Id: <news.club.example>\r\nX-Campaign: matinee\r\n");
  ASSERT_TRUE(world->mail.send(other, "bounce@club.example", kEvening)) << all_logs();
  ASSERT_TRUE(world->mail.wait_until_delivered()) << all_logs();
  EXPECT_EQ(groups(), 0u) << "another mailing of the same list";
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(world->mail.send(mailing, "bounce@club.example", kEvening)) << all_logs();
  ASSERT_TRUE(world->mail.wait_until_delivered()) << all_logs();
  expect_chat_of({"user1", "user2"});
  EXPECT_EQ(groups(), 1u);
}

TEST_F(MailStory, R10_R28_AMailOfTheUserStartsTheChat) {
  plan(kStartsByMail);
  ASSERT_TRUE(world->mail.send(letter("ben@club.example", "start"), "ben@club.example", kEvening));
  ASSERT_TRUE(world->mail.send(letter(kAnna, "please wait"), kAnna, kEvening));
  ASSERT_TRUE(world->mail.wait_until_delivered()) << all_logs();
  EXPECT_EQ(groups(), 0u) << "another user, another subject";
  ASSERT_TRUE(world->mail.send(letter(kAnna, "please start"), kAnna, kEvening));
  expect_chat_of({"user0", "user1"});
}

TEST_F(MailStory, AnErasedSendersAddressIsInNoByteOfTheStore) {
  plan(kRegisters + kStartsByMail);
  std::string mail = letter("Anna <anna@club.example>", "start");
  mail.replace(mail.find("Message-ID: <"), 13, "Message-ID: <anna.");
  ASSERT_TRUE(world->mail.send(mail, kAnna, kEvening)) << all_logs();
  expect_chat_of({"user0", "user1"});
  ASSERT_TRUE(registered(1)) << all_logs();
  EXPECT_NE(call("GET", "/users/user0/export").body.find(kAnna), std::string::npos)
      << "their own export tells them by what they are known";

  ASSERT_EQ(call("DELETE", "/users/user0").status, 202);
  ASSERT_TRUE(world->phones.until(
      [&] { return call("GET", "/erasures").body.find("\"running\":0") != std::string::npos; }));
  EXPECT_EQ(test::traces_in(world->server.folder(), {"anna.", "anna@"}), test::Traces{});
}

struct Forgery {
  const char* trick;
  std::string text;
};

/// What goes straight to the receiving server, as anybody can send it.
std::vector<Forgery> forgeries(const test::MailChain& mail) {
  const auto results = [](const std::string& value) {
    return "Authentication-Results: " + value + "\r\n" + letter(kAnna, "start");
  };
  const auto evil = [&](const std::string& from, const std::string& more = {}) {
    return mail.signed_by("evil.example", letter(from, "start", more));
  };
  const std::string pass = "; dkim=pass header.d=club.example";
  const std::string genuine = mail.signed_by("club.example", letter("anna@club.example", "see you"));
  const auto changed = [&](const std::string& what, const std::string& to) {
    std::string out = genuine;
    return out.replace(out.find(what), what.size(), to);
  };
  const auto genuine_to = [&](const std::string& to) {
    std::string text = letter("anna@club.example", "start");
    return mail.signed_by("club.example", text.replace(text.find(kEvening), std::strlen(kEvening), to));
  };
  return {
      {"unsigned", letter(kAnna, "start")},
      {"unsigned mailing", letter("news@club.example", "start", kMailing)},
      {"results of a foreign server", results("mx.evil.example" + pass)},
      {"results in our name", results("mx.club.example" + pass)},
      {"results in our name, other case", results("MX.Club.EXAMPLE" + pass)},
      {"results in our name, with a dot", results("mx.club.example." + pass)},
      {"results in our name, version 1", results("mx.club.example 1" + pass)},
      {"results in our name, version 2", results("mx.club.example 2" + pass)},
      {"results in our name, quoted", results("\"mx.club.example\"" + pass)},
      {"results in our name after a comment", results("(x) mx.club.example" + pass)},
      {"results in a comment", results("mx.evil.example (; mx.club.example" + pass + ")")},
      {"results folded", results("mx.club.example;\r\n\tdkim=pass\r\n header.d=club.example")},
      {"results of DMARC", results("mx.club.example; dmarc=pass header.from=club.example")},
      {"results of SPF", results("mx.club.example; spf=pass smtp.mailfrom=anna@club.example")},
      {"results twice",
       results("mx.club.example" + pass + "\r\nAuthentication-Results: mx.club.example" + pass)},
      {"results with a blank before the colon",
       "Authentication-Results : mx.club.example" + pass + "\r\n" + letter(kAnna, "start")},
      {"results below a Received",
       "Received: by mx.club.example; " + date() + "\r\n" + results("mx.club.example" + pass)},
      {"results in the body",
       letter(kAnna, "start") + "Authentication-Results: mx.club.example" + pass + "\r\n"},
      {"signature of a genuine mail, other subject", changed("see you", "start")},
      {"a second subject on top of a genuine mail", "Subject: start\r\n" + genuine},
      {"a second sender on top of a genuine mail", "From: ben@club.example\r\n" + genuine},
      {"a list on top of a genuine mail", kMailing + genuine},
      {"other text in a genuine mail", changed("Hello!", "start!")},
      {"a genuine mail to somebody else, sent on", genuine_to("ben@club.example")},
      {"a genuine mail to somebody with our address as a name, sent on",
       genuine_to("\"" + std::string(kEvening) + "\" <ben@club.example>")},
      {"our address on top of a genuine mail",
       "To: " + std::string(kEvening) + "\r\n" + genuine_to("ben@club.example")},
      {"a copy to us added to a genuine mail",
       "Cc: " + std::string(kEvening) + "\r\n" + genuine_to("ben@club.example")},
      {"signed by another domain", evil(kAnna)},
      {"signed by another domain, mailing", evil("news@club.example", kMailing)},
      {"two senders' fields", evil("m@evil.example", "From: anna@club.example\r\n")},
      {"address as a name", evil("\"anna@club.example\" <m@evil.example>")},
      {"address as a name, not quoted", evil("anna@club.example <m@evil.example>")},
      {"address in a comment", evil("m@evil.example (anna@club.example)")},
      {"address as an encoded word", evil("=?utf-8?q?anna=40club.example?= <m@evil.example>")},
      {"two senders", evil("m@evil.example, anna@club.example", "Sender: anna@club.example\r\n")},
      {"a group of senders", evil("friends: anna@club.example;")},
      {"a route", evil("<@evil.example:anna@club.example>")},
      {"a domain below", evil("anna@club.example.evil.example")},
      {"other fields that name a sender", evil("m@evil.example",
                                               "Sender: anna@club.example\r\nReply-To: "
                                               "anna@club.example\r\nResent-From: anna@club.example\r\n")},
      {"NUL in the sender", letter(std::string("anna@club.example\0@evil.example", 31), "start")},
      {"a very long header", letter(kAnna, "start", "X: " + std::string(90'000, 'x') + "\r\n")},
      {"a sender as a continued subject", letter("m@evil.example", "start\r\n From: anna@club.example")},
      {"bare line ends that hide a second mail",
       letter("m@evil.example", "x") + "\n.\nMAIL FROM:<anna@club.example>\n" + letter(kAnna, "start")},
      {"signed, but an answer of a program",
       mail.signed_by("club.example",
                      letter("anna@club.example", "start", "Auto-Submitted: auto-replied\r\n"))},
      {"signed, but a report",
       mail.signed_by("club.example", letter("anna@club.example", "start",
                                             "Content-Type: multipart/report; boundary=x\r\n"))},
      {"signed, but to many",
       mail.signed_by("club.example", letter("anna@club.example", "start", "Precedence: bulk\r\n"))},
      {"signed, but long ago", mail.signed_by("club.example", letter("anna@club.example", "start", "", 9))},
  };
}

TEST_F(MailStory, R6_R9_R10_ForgedMailsDoNothing) {
  plan(kRegisters + kStartsByMail + kStartsByMailing);
  const auto tricks = forgeries(world->mail);
  ASSERT_GE(tricks.size(), 25u);
  for (const Forgery& forgery : tricks) {
    // Some are refused at the door; most come in and mean nothing.
    world->mail.forge(forgery.text, "m@evil.example", kEvening);
    ASSERT_TRUE(world->mail.wait_until_delivered()) << forgery.trick << all_logs();
    ASSERT_NE(registrations().find("\"total\":0"), std::string::npos)
        << forgery.trick << ": " << registrations();
    ASSERT_EQ(groups(), 0u) << forgery.trick;
  }
  EXPECT_GE(judged(), 30) << "most came as far as the server" << all_logs();
  // The null sender says what became of a mail.
  world->mail.forge(world->mail.signed_by("club.example", letter("anna@club.example", "start")), "<>",
                    kEvening);
  ASSERT_TRUE(world->mail.wait_until_delivered());
  EXPECT_NE(registrations().find("\"total\":0"), std::string::npos);
  // The same way in is open to those who may.
  const std::string genuine = world->mail.signed_by("club.example", letter("anna@club.example", "start"));
  ASSERT_TRUE(world->mail.forge(genuine, kAnna, kEvening)) << all_logs();
  EXPECT_TRUE(registered(1)) << all_logs();
  EXPECT_TRUE(world->phones.until([&] { return groups() == 1; }));
  // Sent again, with other fields that the signature leaves open, it is the same mail.
  world->mail.forge("X-Again: 1\r\n" + genuine, "m@evil.example", kEvening);
  ASSERT_TRUE(world->mail.wait_until_delivered());
  EXPECT_EQ(groups(), 1u);
}

TEST_F(MailStory, R6_AServerThatIsKilledWhileMailsComeInLosesNoneAndCountsEachOnce) {
  plan(kRegisters + kStartsByMail);
  constexpr int kUsers = 12;
  for (int i = 10; i < 10 + kUsers; ++i)
    known_by("user" + std::to_string(i), "mail", "w" + std::to_string(i) + "@club.example");
  const std::string start = letter(kAnna, "start");
  for (int i = 10; i < 10 + kUsers; ++i) {
    const std::string from = "w" + std::to_string(i) + "@club.example";
    ASSERT_TRUE(world->mail.send(letter(from, "me"), from, kEvening)) << all_logs();
    if (i % 4 != 0) continue;
    ASSERT_TRUE(world->mail.send(start, kAnna, kEvening)) << all_logs();
    world->server.kill9();  // while some are on their way
    world->server.start();
  }
  ASSERT_TRUE(world->mail.wait_until_delivered()) << all_logs();
  EXPECT_TRUE(registered(kUsers + 1)) << registrations() << all_logs();
  EXPECT_EQ(groups(), 1u);
}

}  // namespace
}  // namespace convoke
