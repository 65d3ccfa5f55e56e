#include <sys/stat.h>

#include <ctime>

#include "ops/cli/failure.h"
#include "ops/cli/files.h"
#include "tests/unit/cli/cli_fixture.h"
#include "topics/token/base64url.h"
#include "topics/token/token.h"

namespace convoke::cli {
namespace {

class KeyCommandsTest : public CliTest {
 protected:
  KeyCommandsTest() { EXPECT_EQ(call({"keys", "init", "--dir", path("keys").string()}).code, kOk); }
  std::string signing() const { return path("keys/signing.jwks").string(); }
  std::string verifying() const { return path("keys/verify.jwks").string(); }
};

mode_t permissions(const std::string& file) {
  struct stat info {};
  EXPECT_EQ(::stat(file.c_str(), &info), 0);
  return info.st_mode & 0777;
}

TEST_F(KeyCommandsTest, SigningKeysAreForTheirOwnerAlone) {
  EXPECT_EQ(permissions(signing()), 0600u);
  EXPECT_EQ(read_file(verifying(), 65536).find("\"d\""),
            std::string::npos);  // RFC 8037: "d" is the private part
}

TEST_F(KeyCommandsTest, InitMakesAKeyForIdentitiesToo) {
  const std::string file = path("keys/identities.key").string();
  EXPECT_EQ(permissions(file), 0600u);
  std::string text = read_file(file, 4096);
  text.pop_back();
  EXPECT_EQ(token::decode_base64url(text)->size(), 32u);
}

TEST_F(KeyCommandsTest, InitNeverReplacesKeys) {
  const std::string before = read_file(signing(), 65536);
  const auto outcome = call({"keys", "init", "--dir", path("keys").string()});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_EQ(read_file(signing(), 65536), before);
}

TEST_F(KeyCommandsTest, IssuedTokenHoldsForItsSiteAndTime) {
  const auto outcome = call({"token", "issue", "--user", "anna", "--role", "terminal", "--device", "phone",
                             "--ttl", "2h", "--site", "demo", "--keys", signing()});
  ASSERT_EQ(outcome.code, kOk) << outcome.err;
  const auto keys = token::KeySet::load(verifying());
  const std::string text = outcome.out.substr(0, outcome.out.find('\n'));
  const auto now = std::time(nullptr);
  const auto verdict = token::verify(keys, text, "demo", now);
  ASSERT_TRUE(verdict.verified) << token::to_string(verdict.refusal);
  EXPECT_EQ(verdict.verified->principal.subject, "anna");
  EXPECT_EQ(verdict.verified->principal.role, topics::Role::terminal);
  EXPECT_EQ(verdict.verified->principal.device.str(), "phone");
  EXPECT_EQ(verdict.verified->expires_s - verdict.verified->issued_s, 7200);
  EXPECT_FALSE(token::verify(keys, text, "other", now).verified);
}

TEST_F(KeyCommandsTest, KeysAndSiteComeFromTheRunFile) {
  write(".convoke/run.json",
        R"({"http":"http://127.0.0.1:1","site":"demo","token_file":"/t","keys":")" + signing() + "\"}");
  const std::string file = path("ops.token").string();
  ASSERT_EQ(
      call({"token", "issue", "--user", "ops", "--role", "operator", "--device", "cli", "--out", file}).code,
      kOk);
  EXPECT_EQ(permissions(file), 0600u);
  std::string text = read_file(file, 4096);
  text.pop_back();
  EXPECT_TRUE(token::verify(token::KeySet::load(verifying()), text, "demo", std::time(nullptr)).verified);
}

TEST_F(KeyCommandsTest, PublicKeysCannotSign) {
  const auto outcome = call({"token", "issue", "--user", "anna", "--role", "terminal", "--device", "phone",
                             "--site", "demo", "--keys", verifying()});
  EXPECT_EQ(outcome.code, kFailed);
  EXPECT_NE(outcome.err.find("signing.jwks"), std::string::npos) << outcome.err;
}

TEST_F(KeyCommandsTest, ServersArePlainIdsAndUsersMayBeForeign) {
  const auto issue = [this](const std::string& user, const std::string& role) {
    return call({"token", "issue", "--user", user, "--role", role, "--device", "d", "--site", "demo",
                 "--keys", signing()})
        .code;
  };
  EXPECT_EQ(issue("s1", "server"), kOk);
  EXPECT_EQ(issue("s1@x", "server"), kUsage);
  EXPECT_EQ(issue("a/b", "terminal"), kUsage);
}

}  // namespace
}  // namespace convoke::cli
