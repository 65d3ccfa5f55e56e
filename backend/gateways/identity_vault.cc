#include "backend/gateways/identity_vault.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "backend/gateways/phone_number.h"
#include "topics/token/base64url.h"

namespace convoke::gateways {
namespace {

constexpr std::size_t kNonceBytes = 12, kMacBytes = 16;  // AES-256-GCM, NIST SP 800-38D
constexpr std::size_t kTagBytes = 16;                    // of a personal address
constexpr std::size_t kMaxMailBytes = 254, kMaxCodeBytes = 200;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void expect(bool fine) {
  if (!fine) throw std::runtime_error("identities: OpenSSL failed");
}

std::string derive(std::string_view key, std::string_view purpose) {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> ctx(
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), EVP_PKEY_CTX_free);
  std::string out(IdentityVault::kKeyBytes, '\0');
  std::size_t size = out.size();
  expect(ctx && EVP_PKEY_derive_init(ctx.get()) > 0 &&
         EVP_PKEY_CTX_set_hkdf_md(ctx.get(), EVP_sha256()) > 0 &&
         EVP_PKEY_CTX_set1_hkdf_key(ctx.get(), bytes(key), static_cast<int>(key.size())) > 0 &&
         EVP_PKEY_CTX_add1_hkdf_info(ctx.get(), bytes(purpose), static_cast<int>(purpose.size())) > 0 &&
         EVP_PKEY_derive(ctx.get(), bytes(out), &size) > 0);
  return out;
}

std::string hmac(std::string_view key, std::string_view input) {
  std::string mac(32, '\0');
  unsigned int size = 0;
  expect(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(input), input.size(), bytes(mac),
              &size) != nullptr);
  return mac;
}

std::string hex(std::string_view raw) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : raw) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[c & 15];
  }
  return out;
}

/// RFC 4648, section 6, in small letters and without padding.
std::string base32(std::string_view raw) {
  static constexpr char kAlphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string out;
  unsigned buffer = 0, bits = 0;
  for (const char c : raw) {
    buffer = (buffer << 8 | static_cast<unsigned char>(c)) & 0xffff;
    for (bits += 8; bits >= 5; bits -= 5) out += kAlphabet[buffer >> (bits - 5) & 31];
  }
  if (bits > 0) out += kAlphabet[buffer << (5 - bits) & 31];
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
Cipher cipher() {
  Cipher made(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  expect(made != nullptr);
  return made;
}

/// nonce, ciphertext, tag. `about` is bound to it.
std::string encrypt(std::string_view key, std::string_view about, std::string_view text) {
  std::string out(kNonceBytes + text.size() + kMacBytes, '\0');
  int n = 0;
  const Cipher c = cipher();
  unsigned char* const body = bytes(out) + kNonceBytes;
  expect(RAND_bytes(bytes(out), kNonceBytes) == 1 &&
         EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(out)) == 1 &&
         EVP_EncryptUpdate(c.get(), nullptr, &n, bytes(about), static_cast<int>(about.size())) == 1 &&
         EVP_EncryptUpdate(c.get(), body, &n, bytes(text), static_cast<int>(text.size())) == 1 &&
         EVP_EncryptFinal_ex(c.get(), body + n, &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, kMacBytes, body + text.size()) == 1);
  return out;
}

std::optional<std::string> decrypt(std::string_view key, std::string_view about, std::string sealed) {
  if (sealed.size() < kNonceBytes + kMacBytes) return std::nullopt;
  std::string out(sealed.size() - kNonceBytes - kMacBytes, '\0');
  int n = 0;
  const Cipher c = cipher();
  unsigned char* const body = bytes(sealed) + kNonceBytes;
  const bool fine =
      EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, bytes(key), bytes(sealed)) == 1 &&
      EVP_DecryptUpdate(c.get(), nullptr, &n, bytes(about), static_cast<int>(about.size())) == 1 &&
      EVP_DecryptUpdate(c.get(), bytes(out), &n, body, static_cast<int>(out.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, kMacBytes, body + out.size()) == 1 &&
      EVP_DecryptFinal_ex(c.get(), bytes(out) + n, &n) == 1;
  return fine ? std::optional(std::move(out)) : std::nullopt;
}

bool has_control(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  return false;
}

}  // namespace

IdentityVault::IdentityVault(std::string_view key) {
  if (key.size() != kKeyBytes) throw std::runtime_error("identities: expected a key of 32 bytes");
  match_key_ = derive(key, "convoke identity match 1");
  seal_key_ = derive(key, "convoke identity seal 1");
  tag_key_ = derive(key, "convoke personal address 1");
  stand_in_key_ = derive(key, "convoke stand-in 1");
}

IdentityVault IdentityVault::load(const std::string& path) {
  std::ifstream in(path);
  std::string text;
  in >> text;
  const auto key = token::decode_base64url(text);
  if (!key || key->size() != kKeyBytes)
    throw std::runtime_error("identities.key_file " + path + ": expected 32 bytes in base64url");
  return IdentityVault(*key);
}

core::Identity IdentityVault::seal(const std::string& kind, const std::string& value) const {
  std::string key = kind + "/" + hex(hmac(match_key_, kind + "/" + value));
  std::string sealed = token::encode_base64url(encrypt(seal_key_, key, value));
  return {std::move(key), std::move(sealed)};
}

std::optional<core::Identity> IdentityVault::phone(std::string_view text, std::string_view country) const {
  const auto number = to_e164(text, country);
  return number ? std::optional(seal("phone", *number)) : std::nullopt;
}

std::optional<core::Identity> IdentityVault::mail(std::string_view address) const {
  const auto at = address.rfind('@');
  const bool shaped = at != std::string_view::npos && at > 0 && at + 1 < address.size();
  if (!shaped || address.size() > kMaxMailBytes || has_control(address) ||
      address.find(' ') != std::string_view::npos)
    return std::nullopt;
  return seal("mail", lower(address));
}

std::optional<core::Identity> IdentityVault::ticket(std::string_view code) const {
  if (code.empty() || code.size() > kMaxCodeBytes || has_control(code)) return std::nullopt;
  return seal("ticket", std::string(code));
}

std::optional<core::Identity> IdentityVault::personal(std::string_view tag) const {
  if (tag.empty() || tag.size() > 64 || has_control(tag)) return std::nullopt;
  return seal("personal", lower(tag));
}

std::string IdentityVault::personal_tag(const core::UserId& user) const {
  return base32(std::string_view(hmac(tag_key_, user.str())).substr(0, kTagBytes));
}

std::optional<core::Identity> IdentityVault::identity(std::string_view kind, std::string_view value) const {
  if (kind == "phone") return phone(value);
  if (kind == "mail") return mail(value);
  if (kind == "ticket") return ticket(value);
  if (kind == "personal") return personal(value);
  return std::nullopt;
}

std::optional<std::string> IdentityVault::open(const std::string& key, std::string_view sealed) const {
  auto raw = token::decode_base64url(sealed);
  return raw ? decrypt(seal_key_, key, *std::move(raw)) : std::nullopt;
}

std::string IdentityVault::stand_in(std::string_view text) const { return hex(hmac(stand_in_key_, text)); }

}  // namespace convoke::gateways
