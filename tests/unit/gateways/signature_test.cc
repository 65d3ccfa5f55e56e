#include "backend/gateways/hooks/signature.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>

#include "tests/unit/gateways/hook_world.h"

namespace convoke::gateways::hooks {
namespace {

using test::hex;

const std::string kStandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr const char* kStandardId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr const char* kStandardBody = R"({"test": 2432232314})";
constexpr const char* kStandardSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
constexpr std::int64_t kStandardMs = 1'614'265'330'000;

Signed standard(const std::string& signature, std::int64_t now_ms = kStandardMs,
                const Secrets& secrets = {kStandardSecret}, const char* body = kStandardBody) {
  return check_standard(kStandardId, "1614265330", signature, body, secrets, now_ms);
}

TEST(Signature, FitsThePublishedVectorOfStandardWebhooks) {
  EXPECT_EQ(standard(kStandardSignature), Signed::good);
  EXPECT_EQ(standard(std::string("v1,AAAA v1a,BBBB ") + kStandardSignature), Signed::good);
  EXPECT_EQ(standard(kStandardSignature, kStandardMs, {kStandardSecret}, R"({"test": 2432232315})"),
            Signed::wrong);
  EXPECT_EQ(standard("v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), Signed::missing);
  EXPECT_EQ(standard(""), Signed::missing);
}

TEST(Signature, TakesSeveralSecretsWhileOneReplacesTheOther) {
  const std::string other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
  EXPECT_EQ(standard(kStandardSignature, kStandardMs, {other, kStandardSecret}), Signed::good);
  EXPECT_EQ(standard(kStandardSignature, kStandardMs, {other}), Signed::wrong);
  EXPECT_EQ(standard(kStandardSignature, kStandardMs, {}), Signed::wrong);
}

TEST(Signature, HoldsForFiveMinutesInBothDirections) {
  EXPECT_EQ(standard(kStandardSignature, kStandardMs + 300'000), Signed::good);
  EXPECT_EQ(standard(kStandardSignature, kStandardMs - 300'000), Signed::good);
  EXPECT_EQ(standard(kStandardSignature, kStandardMs + 301'000), Signed::stale);
  EXPECT_EQ(standard(kStandardSignature, kStandardMs - 301'000), Signed::stale);
}

TEST(Signature, ChecksAsymmetricSignaturesOfStandardWebhooks) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
  unsigned char public_key[32], signature[64];
  std::size_t size = sizeof public_key;
  ASSERT_EQ(EVP_PKEY_get_raw_public_key(key.get(), public_key, &size), 1);
  const std::string text = std::string(kStandardId) + ".1614265330." + kStandardBody;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  size = sizeof signature;
  ASSERT_EQ(EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key.get()), 1);
  ASSERT_EQ(EVP_DigestSign(ctx.get(), signature, &size, reinterpret_cast<const unsigned char*>(text.data()),
                           text.size()),
            1);
  const auto base64 = [](const unsigned char* bytes, int n) {
    std::string out(static_cast<std::size_t>(4 * ((n + 2) / 3)) + 1, '\0');
    out.resize(
        static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes, n)));
    return out;
  };
  const std::string secret = "whpk_" + base64(public_key, 32);
  ASSERT_TRUE(is_standard_secret(secret));
  EXPECT_EQ(standard("v1a," + base64(signature, 64), kStandardMs, {secret}), Signed::good);
  signature[5] ^= 1;
  EXPECT_EQ(standard("v1a," + base64(signature, 64), kStandardMs, {secret}), Signed::wrong);
  EXPECT_EQ(standard(kStandardSignature, kStandardMs, {secret}), Signed::wrong);
}

TEST(Signature, FitsTheFormOfStripe) {
  const Secrets secrets = {"whsec_test_secret"};
  const std::string body = R"({"id":"evt_test"})";
  const std::string mac = "13941114bb88ac44a76abcfddea5b92aa6182a4b63d8be3aae908a616083bd7e";
  const auto check = [&](const std::string& header, std::int64_t now_s = 1'700'000'000) {
    return check_timed(header, ".", body, secrets, now_s * 1000);
  };
  EXPECT_EQ(check("t=1700000000,v1=" + mac), Signed::good);
  EXPECT_EQ(check("t=1700000000,v1=00,v1=" + mac + ",v0=aa"), Signed::good);
  EXPECT_EQ(check("t=1700000000,v0=" + mac), Signed::missing) << "other schemes do not count";
  EXPECT_EQ(check("t=1700000001,v1=" + mac), Signed::wrong);
  EXPECT_EQ(check("v1=" + mac), Signed::missing);
  EXPECT_EQ(check("t=-1,v1=" + mac), Signed::missing);
  EXPECT_EQ(check("t=1700000000,v1=" + mac, 1'700'000'301), Signed::stale);
  EXPECT_EQ(check("t=1700000000,v1=" + mac.substr(0, 62)), Signed::wrong);
  EXPECT_EQ(check_timed("t=1700000000,v1=" + mac, "", body, secrets, 1'700'000'000'000), Signed::wrong)
      << "Ticket Tailor has no dot";
}

TEST(Signature, FitsTheFormOfShopify) {
  const std::string mac = "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY=";
  EXPECT_EQ(check_base64(Digest::sha256, mac, R"({"id":1})", {"hush"}), Signed::good);
  EXPECT_EQ(check_base64(Digest::sha256, mac, R"({"id":2})", {"hush"}), Signed::wrong);
  EXPECT_EQ(check_base64(Digest::sha256, "", R"({"id":1})", {"hush"}), Signed::missing);
  EXPECT_EQ(check_base64(Digest::sha256, "not base64!!", R"({"id":1})", {"hush"}), Signed::missing);
}

TEST(Signature, ReadsBase64AsItIsWritten) {
  EXPECT_EQ(decode_base64("YQ=="), "a");
  EXPECT_EQ(decode_base64("YWI="), "ab");
  EXPECT_EQ(decode_base64("YWJj"), "abc");
  for (const char* bad : {"", "Y", "YQ=", "YQ", "Y===", "YQ-_", "Y Q=", "=YQ=", "YQ==YQ=="})
    EXPECT_FALSE(decode_base64(bad)) << bad;
}

TEST(Signature, ABearerIsOneOfTheSecrets) {
  EXPECT_EQ(check_bearer("Bearer two", {"one", "two"}), Signed::good);
  EXPECT_EQ(check_bearer("Bearer tw", {"one", "two"}), Signed::wrong);
  EXPECT_EQ(check_bearer("Basic two", {"one", "two"}), Signed::missing);
  EXPECT_EQ(check_bearer("Bearer ", {}), Signed::wrong);
}

TEST(Signature, HashesAreRight) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2; RFC 2202, test case 2.
  EXPECT_EQ(hex(hmac(Digest::sha256, "Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(hmac(Digest::sha1, "Jefe", "what do ya want for nothing?")),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

}  // namespace
}  // namespace convoke::gateways::hooks
