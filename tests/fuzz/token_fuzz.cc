#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/fuzz/check.h"
#include "topics/token/base64url.h"
#include "topics/token/token.h"

namespace {

using namespace convoke::token;

constexpr std::int64_t kNow = 1'767'225'600;
constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

const KeySet& keys() {
  static const KeySet set = KeySet::parse(R"({"keys":[{"kty":"oct","kid":"k","alg":"HS256","k":")" +
                                          encode_base64url(kSecret) + R"("}]})");
  return set;
}

/// Properly signed, so that what is read behind the signature is reached.
std::string signed_token(std::string_view claims) {
  const std::string input = encode_base64url(R"({"alg":"HS256","kid":"k"})") + '.' + encode_base64url(claims);
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), kSecret.data(), static_cast<int>(kSecret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), mac, &size);
  return input + '.' + encode_base64url({reinterpret_cast<const char*>(mac), size});
}

void check_token(std::string_view token) {
  const Verdict verdict = verify(keys(), token, "demo", kNow);
  if (!verdict.verified) return;
  FUZZ_CHECK(verdict.verified->principal.site.str() == "demo");
  FUZZ_CHECK(verdict.verified->principal.device);
  FUZZ_CHECK(verdict.verified->expires_s > kNow);
}

void check_keys(std::string_view text) {
  try {
    KeySet::parse(text).public_jwks();
  } catch (const std::runtime_error&) {
    // Refused, with the reason: what a bad key file is for.
  }
}

void check_base64url(std::string_view text) {
  if (const auto bytes = decode_base64url(text)) FUZZ_CHECK(encode_base64url(*bytes) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_token(input);
  check_token(signed_token(input));
  check_keys(input);
  check_base64url(input);
  return 0;
}
