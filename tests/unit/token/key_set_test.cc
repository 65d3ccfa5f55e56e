#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "topics/token/token.h"

namespace convoke::token {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kX = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const std::string kD = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const std::string kSecret = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";

std::string why_not(const std::string& jwks) {
  try {
    KeySet::parse(jwks);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(KeySet, ReadsBothKindsOfKey) {
  const KeySet keys =
      KeySet::parse(R"({"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"a","x":")" +
                    kX + R"(","d":")" + kD + R"("},{"kty":"oct","kid":"b","k":")" + kSecret + R"("}]})");
  EXPECT_THAT(keys.public_jwks(), HasSubstr(kX));
  EXPECT_THAT(keys.public_jwks(), HasSubstr(kSecret));  // needed to verify
  EXPECT_THAT(keys.public_jwks(), Not(HasSubstr(kD)));
}

TEST(KeySet, NamesTheFaultyEntryAndWhatIsAllowed) {
  const std::vector<std::pair<std::string, std::string>> faults{
      {"", "expected a JSON object"},
      {"[]", "expected a JSON object"},
      {"{}", "keys: expected a list"},
      {R"({"keys":[]})", "keys: expected a list"},
      {R"({"keys":[7]})", "keys[0]: expected an object"},
      {R"({"keys":[{"kty":"OKP"}]})", "keys[0]: kid: expected"},
      {R"({"keys":[{"kid":7}]})", "keys[0]: kid: expected a string"},
      {R"({"keys":[{"kid":"a","kty":"RSA"}]})", "keys[0]: kty: expected \"OKP\""},
      {R"({"keys":[{"kid":"a","kty":"OKP","crv":"Ed448"}]})", "keys[0]: crv: expected \"Ed25519\""},
      {R"({"keys":[{"kid":"a","kty":"OKP","crv":"Ed25519"}]})", "keys[0]: x: expected 32 bytes"},
      {R"({"keys":[{"kid":"a","kty":"OKP","crv":"Ed25519","x":"*"}]})", "keys[0]: x: expected base64url"},
      {R"({"keys":[{"kid":"a","kty":"OKP","crv":"Ed25519","alg":"HS256"}]})",
       "keys[0]: alg: expected \"EdDSA\""},
      {R"({"keys":[{"kid":"a","kty":"oct","alg":"EdDSA"}]})", "keys[0]: alg: expected \"HS256\""},
      {R"({"keys":[{"kid":"a","kty":"oct","use":"enc"}]})", "keys[0]: use: expected \"sig\""},
      {R"({"keys":[{"kid":"a","kty":"oct","k":"c2hvcnQ"}]})", "keys[0]: k: expected at least 32 bytes"},
  };
  for (const auto& [jwks, expected] : faults) EXPECT_THAT(why_not(jwks), HasSubstr(expected)) << jwks;
}

TEST(KeySet, RefusesTheSameKeyIdTwice) {
  const std::string key = R"({"kid":"a","kty":"oct","k":")" + kSecret + R"("})";
  EXPECT_THAT(why_not(R"({"keys":[)" + key + "," + key + "]}"),
              HasSubstr("keys[1]: kid: expected one not used before"));
}

TEST(KeySet, NeverEchoesKeyMaterial) {
  const std::string jwks =
      R"({"keys":[{"kid":"a","kty":"OKP","crv":"Ed25519","x":")" + kD + R"(","d":")" + kD + R"("}]})";
  EXPECT_THAT(why_not(jwks), HasSubstr("x: expected the public part of d"));
  EXPECT_THAT(why_not(jwks), Not(HasSubstr(kD)));
  EXPECT_THAT(why_not(jwks.substr(0, jwks.size() - 1)), Not(HasSubstr(kD)));
}

TEST(KeySet, LoadNamesTheFile) {
  try {
    KeySet::load("/nowhere/keys.json");
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "/nowhere/keys.json: cannot be opened");
  }
  const std::string path = testing::TempDir() + "convoke_key_set_test.json";
  std::ofstream(path) << "{}";
  try {
    KeySet::load(path);
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path + ": keys: expected"));
  }
  std::remove(path.c_str());
}

TEST(KeySet, GeneratedKeySignsAndItsPublicPartVerifies) {
  const KeySet signer = KeySet::parse(KeySet::generate_ed25519("dev-1"));
  const KeySet verifier = KeySet::parse(signer.public_jwks());
  const Claims claims{"anna", "demo", topics::Role::terminal, "phone", 1000, 2000};
  const auto token = sign(signer, claims);
  ASSERT_TRUE(token);
  EXPECT_TRUE(verify(verifier, *token, "demo", 1500).verified);
  EXPECT_FALSE(sign(verifier, claims));
  EXPECT_NE(KeySet::generate_ed25519("dev-1"), KeySet::generate_ed25519("dev-1"));
  EXPECT_THROW(KeySet::generate_ed25519("no spaces"), std::runtime_error);
}

}  // namespace
}  // namespace convoke::token
