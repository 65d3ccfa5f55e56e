#include "topics/token/key.h"

#include <gtest/gtest.h>

#include <string>

#include "topics/token/base64url.h"

namespace convoke::token {
namespace {

std::string bytes(std::string_view text) { return decode_base64url(text).value(); }

const std::string kSeed = bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
const std::string kPublic = bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
const std::string kInput = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
const std::string kSignature =
    bytes("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");

// RFC 8037, appendix A.4 and A.5.
TEST(Ed25519Key, Rfc8037SigningAndValidation) {
  const auto signer = KeySet::Key::ed25519(kPublic, kSeed);
  EXPECT_EQ(signer->sign(kInput), kSignature);
  const auto verifier = KeySet::Key::ed25519(kPublic, "");
  EXPECT_TRUE(verifier->verify(kInput, kSignature));
  EXPECT_FALSE(verifier->can_sign());
  EXPECT_FALSE(verifier->sign(kInput));
}

TEST(Ed25519Key, RefusesEveryChangedBitOfTheSignature) {
  const auto key = KeySet::Key::ed25519(kPublic, "");
  for (std::size_t bit = 0; bit < kSignature.size() * 8; ++bit) {
    std::string changed = kSignature;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(key->verify(kInput, changed)) << bit;
  }
  EXPECT_FALSE(key->verify(kInput + "x", kSignature));
  EXPECT_FALSE(key->verify(kInput, ""));
  EXPECT_FALSE(key->verify(kInput, kSignature + "x"));
}

TEST(Ed25519Key, RefusesAPublicPartThatIsNotOfItsPrivatePart) {
  std::string other = kPublic;
  other[0] = static_cast<char>(other[0] ^ 1);
  EXPECT_THROW(KeySet::Key::ed25519(other, kSeed), std::runtime_error);
  EXPECT_THROW(KeySet::Key::ed25519(kPublic.substr(1), ""), std::runtime_error);
  EXPECT_THROW(KeySet::Key::ed25519(kPublic, kSeed.substr(1)), std::runtime_error);
}

// RFC 7515, appendix A.1.
TEST(Hs256Key, Rfc7515Example) {
  const auto key = KeySet::Key::hs256(
      bytes("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
  const std::string input =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const std::string signature = bytes("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  EXPECT_EQ(key->sign(input), signature);
  EXPECT_TRUE(key->verify(input, signature));
  EXPECT_FALSE(key->verify(input + " ", signature));
  EXPECT_FALSE(key->verify(input, signature.substr(1)));
}

TEST(Hs256Key, NeedsASecretOf32Bytes) {
  EXPECT_THROW(KeySet::Key::hs256(std::string(31, 's')), std::runtime_error);
  EXPECT_EQ(KeySet::Key::hs256(std::string(32, 's'))->algorithm(), "HS256");
}

}  // namespace
}  // namespace convoke::token
