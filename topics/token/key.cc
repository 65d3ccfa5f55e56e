#include "topics/token/key.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdexcept>

namespace convoke::token {
namespace {

constexpr std::size_t kEd25519Bytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kMinSecretBytes = 32;  // RFC 7518, section 3.2: at least the size of the hash

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::shared_ptr<EVP_PKEY> own(EVP_PKEY* key) {
  if (!key) throw std::runtime_error("expected a valid Ed25519 key");
  return {key, EVP_PKEY_free};
}

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Context make_context() { return {EVP_MD_CTX_new(), EVP_MD_CTX_free}; }

std::string hmac_sha256(std::string_view secret, std::string_view input) {
  std::string mac(32, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(input), input.size(), bytes(mac),
       &size);
  return mac;
}

}  // namespace

std::shared_ptr<const KeySet::Key> KeySet::Key::ed25519(std::string_view public_key, std::string_view seed) {
  if (public_key.size() != kEd25519Bytes) throw std::runtime_error("x: expected 32 bytes");
  if (!seed.empty() && seed.size() != kEd25519Bytes) throw std::runtime_error("d: expected 32 bytes");
  Key key;
  key.has_private = !seed.empty();
  key.pkey =
      own(key.has_private
              ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(seed), seed.size())
              : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(public_key), public_key.size()));
  if (key.public_key() != public_key) throw std::runtime_error("x: expected the public part of d");
  return std::make_shared<const Key>(std::move(key));
}

std::shared_ptr<const KeySet::Key> KeySet::Key::hs256(std::string_view secret) {
  if (secret.size() < kMinSecretBytes) throw std::runtime_error("k: expected at least 32 bytes");
  Key key;
  key.secret = secret;
  return std::make_shared<const Key>(std::move(key));
}

std::shared_ptr<const KeySet::Key> KeySet::Key::generate_ed25519() {
  Key key;
  key.pkey = own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  key.has_private = true;
  return std::make_shared<const Key>(std::move(key));
}

std::string KeySet::Key::public_key() const {
  std::string out(kEd25519Bytes, '\0');
  std::size_t size = out.size();
  if (EVP_PKEY_get_raw_public_key(pkey.get(), bytes(out), &size) != 1)
    throw std::runtime_error("no public key");
  return out;
}

std::string KeySet::Key::seed() const {
  std::string out(kEd25519Bytes, '\0');
  std::size_t size = out.size();
  if (EVP_PKEY_get_raw_private_key(pkey.get(), bytes(out), &size) != 1)
    throw std::runtime_error("no private key");
  return out;
}

bool KeySet::Key::verify(std::string_view signing_input, std::string_view signature) const {
  if (!secret.empty()) {
    const std::string expected = hmac_sha256(secret, signing_input);
    return signature.size() == expected.size() &&
           CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) == 0;
  }
  if (signature.size() != kSignatureBytes) return false;
  const Context context = make_context();
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(signing_input),
                          signing_input.size()) == 1;
}

std::optional<std::string> KeySet::Key::sign(std::string_view signing_input) const {
  if (!secret.empty()) return hmac_sha256(secret, signing_input);
  if (!has_private) return std::nullopt;
  const Context context = make_context();
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  const bool done =
      context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
      EVP_DigestSign(context.get(), bytes(signature), &size, bytes(signing_input), signing_input.size()) == 1;
  return done ? std::optional(signature) : std::nullopt;
}

std::string sha256_hex(std::string_view input) {
  unsigned char digest[32];
  if (EVP_Digest(input.data(), input.size(), digest, nullptr, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("no SHA-256 from OpenSSL");
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char b : digest) {
    text += kHex[b >> 4];
    text += kHex[b & 15];
  }
  return text;
}

}  // namespace convoke::token
