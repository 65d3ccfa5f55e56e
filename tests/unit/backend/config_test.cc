#include "backend/app/config.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace convoke::app {
namespace {

constexpr const char* kGood = R"(mode = "development"
site = "demo"
server_id = "s1"
data_dir = "store"
[broker]
token_file = "server.token"
[auth]
keys = "verify.jwks"
)";

Config load(const std::string& text) {
  const test::TempDir dir;
  std::ofstream(dir / "c.toml") << text;
  return load_config(dir / "c.toml");
}

/// What the refusal says, from the line number on.
std::string refusal(const std::string& text) {
  try {
    load(text);
  } catch (const std::runtime_error& e) {
    const std::string what = e.what();
    return what.substr(what.find("c.toml") + 6);
  }
  return "accepted";
}

TEST(Config, ReadsAFileAndKeepsDefaults) {
  const Config c = load(std::string(kGood) + "[http]\nport = 9000\n[dev]\nclock = \"1000,2000,30\"\n");
  EXPECT_EQ(c.site.str(), "demo");
  EXPECT_EQ(c.http_port, 9000);
  EXPECT_EQ(c.broker_port, 1883);
  ASSERT_TRUE(c.dev_clock);
  EXPECT_EQ(c.dev_clock->now(2001), 1030);
}

TEST(Config, ReadsHooks) {
  const Config c =
      load(std::string(kGood) +
           "[hooks]\nport = 8090\npublic_url = \"https://h.example\"\n[[hook]]\nname = \"main\"\n"
           "kind = \"stripe\"\nsecret_files = [\"a\", \"b\"]\n[[hook]]\nname = \"line\"\nkind = "
           "\"twilio\"\ncountry = \"49\"\n");
  EXPECT_EQ(c.hooks_port, 8090);
  ASSERT_EQ(c.hooks.size(), 2u);
  EXPECT_EQ(c.hooks[0].secret_files, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(c.hooks[1].country, "49");
  EXPECT_EQ(refusal(std::string(kGood) + "[[hook]]\nname = \"a\"\nkind = \"paypal\"\n"),
            ":11: hook.kind: expected one of stripe, standard, shopify, ticket_tailor, twilio, cloudevents, "
            "pretix, eventbrite");
  EXPECT_EQ(refusal(std::string(kGood) + "[[hook]]\nname = \"a\"\nkind = \"stripe\"\n[[hook]]\nname = \"a\"\n"
                                         "kind = \"stripe\"\n"),
            ":13: hook.name: expected one that no other hook has");
  EXPECT_EQ(refusal(std::string(kGood) + "[[hook]]\nname = \"a\"\nkind = \"stripe\"\nsecret_files = \"x\"\n"),
            ":12: hook.secret_files: expected a list of at most 100 strings");
  EXPECT_EQ(refusal(std::string(kGood) + "[[hook]]\nname = \"a\"\nkind = \"stripe\"\ncountry = \"999\"\n"),
            ":12: hook.country: expected a country's calling code as \"49\"");
}

TEST(Config, TakesMailsWhereItSaysHow) {
  EXPECT_FALSE(load(kGood).mail);
  const std::string keys = "[identities]\nkey_file = \"k\"\n";
  const std::string mail =
      "[mail]\nlisten = \"unix:/run/x.sock\"\ndomains = [\"Club.Example\"]\nauthserv_id = "
      "\"MX.club.example.\"\n";
  const Config c = load(kGood + keys + mail);
  ASSERT_TRUE(c.mail);
  EXPECT_EQ(c.mail->listen, "unix:/run/x.sock");
  EXPECT_EQ(c.mail->domains.at(0), "club.example");
  EXPECT_EQ(c.mail->trust.authserv_id, "mx.club.example");
  EXPECT_EQ(c.mail->trust.authentication_results, 1u);
  EXPECT_NE(refusal(kGood + mail).find("mail: expected no such table without [identities] key_file"),
            std::string::npos);
  EXPECT_EQ(refusal(kGood + keys + "[mail]\nlisten = \"0.0.0.0:25\"\n"),
            ":12: mail.listen: expected \"unix:/path\" or \"127.0.0.1:PORT\", not port 25");
  EXPECT_EQ(refusal(kGood + keys + "[mail]\nlisten = \"127.0.0.1:2424\"\ndomains = []\n"),
            ":13: mail.domains: expected at least one");
}

TEST(Config, RefusesNamingFileLineKeyAndWhatIsAllowed) {
  EXPECT_EQ(refusal("mode = \"fast\"\n"), ":1: mode: expected \"production\" or \"development\"");
  EXPECT_EQ(refusal("site = \"a b\"\n"),
            ":1: site: expected an id: 1 to 64 characters out of A-Z a-z 0-9 . _ -");
  EXPECT_EQ(refusal(std::string(kGood) + "[http]\nport = 70000\n"),
            ":10: http.port: expected a port number from 1 to 65535");
  EXPECT_EQ(refusal(std::string(kGood) + "[http]\nprot = 80\n"),
            ":10: http.prot: expected no such key; known are host, port");
  EXPECT_EQ(refusal(std::string(kGood) + "[log]\nlevel = \"loud\"\n"),
            ":10: log.level: expected \"debug\", \"info\", \"warning\" or \"error\"");
  EXPECT_EQ(refusal(std::string(kGood) + "[areas]\nstale_s = 600\n"),
            ":10: areas.stale_s: expected a whole number from 601 to 86400");
  EXPECT_NE(
      refusal("site = \"demo\"\nserver_id = \"s1\"\n").find("data_dir: expected a string; it is missing"),
      std::string::npos);
}

TEST(Config, RefusesTheDevelopmentClockInProduction) {
  std::string text = kGood;
  text.replace(0, text.find('\n'), "mode = \"production\"");
  EXPECT_EQ(refusal(text + "[dev]\nclock = \"1,2,3\"\n").substr(0, 16), ":10: dev.clock: ");
}

}  // namespace
}  // namespace convoke::app
