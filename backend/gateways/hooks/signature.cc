#include "backend/gateways/hooks/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <stdexcept>

namespace convoke::gateways::hooks {
namespace {

constexpr std::size_t kMaxHeaderBytes = 4096;
constexpr std::string_view kSecretPrefix = "whsec_", kPublicPrefix = "whpk_";

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Calls `use(part)` for each part of the text.
template <class Use>
void each_part(std::string_view text, char separator, Use use) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    use(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> seconds(std::string_view digits) {
  std::int64_t value = 0;
  if (digits.empty() || digits.size() > 12 || digits[0] == '-') return std::nullopt;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(value) : std::nullopt;
}

bool is_fresh(std::int64_t then_s, std::int64_t now_ms) {
  const std::int64_t now_s = now_ms / 1000;
  return now_s - then_s <= kReplayWindowS && then_s - now_s <= kReplayWindowS;
}

bool any_mac_fits(const std::vector<std::string>& macs, Digest digest, std::string_view bytes,
                  const Secrets& secrets) {
  bool fits = false;
  for (const std::string& secret : secrets) {
    const std::string mac = hmac(digest, secret, bytes);
    for (const std::string& had : macs) fits |= equal_in_constant_time(had, mac);
  }
  return fits;
}

bool ed25519_fits(std::string_view key, std::string_view signature, std::string_view bytes) {
  if (key.size() != 32 || signature.size() != 64) return false;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(key), key.size()), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return pkey && ctx && EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(ctx.get(), bytes_of(signature), signature.size(), bytes_of(bytes), bytes.size()) ==
             1;
}

struct StandardSignatures {
  std::vector<std::string> macs, ed25519;
};

StandardSignatures standard_signatures(std::string_view header) {
  StandardSignatures out;
  if (header.size() > kMaxHeaderBytes) return out;
  each_part(header, ' ', [&](std::string_view part) {
    const auto comma = part.find(',');
    if (comma == std::string_view::npos) return;
    const auto raw = decode_base64(part.substr(comma + 1));
    if (raw && part.substr(0, comma) == "v1") out.macs.push_back(*raw);
    if (raw && part.substr(0, comma) == "v1a") out.ed25519.push_back(*raw);
  });
  return out;
}

}  // namespace

std::string hmac(Digest digest, std::string_view key, std::string_view bytes) {
  std::string mac(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  const EVP_MD* md = digest == Digest::sha1 ? EVP_sha1() : EVP_sha256();
  if (!HMAC(md, key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(),
            reinterpret_cast<unsigned char*>(mac.data()), &size))
    throw std::runtime_error("hooks: OpenSSL failed");
  mac.resize(size);
  return mac;
}

std::string sha256_hex(std::string_view bytes) {
  unsigned char raw[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), raw, &size, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("hooks: OpenSSL failed");
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kDigits[raw[i] >> 4];
    out += kDigits[raw[i] & 15];
  }
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > kMaxHeaderBytes) return std::nullopt;
  const std::size_t padding = std::min<std::size_t>(2, text.size() - (text.find_last_not_of('=') + 1));
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  out.resize(static_cast<std::size_t>(size) - padding);
  // The decoder is lenient; what every byte string has exactly one text for is what we take.
  std::string again(text.size() + 1, '\0');
  again.resize(static_cast<std::size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(again.data()),
                                                        bytes_of(out), static_cast<int>(out.size()))));
  return again == text ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::string> decode_hex(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0 || text.size() > kMaxHeaderBytes) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (error != std::errc() || end != text.data() + i + 2) return std::nullopt;
    out += static_cast<char>(value);
  }
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Signed check_timed(std::string_view header, std::string_view separator, std::string_view body,
                   const Secrets& secrets, std::int64_t now_ms) {
  if (header.size() > kMaxHeaderBytes) return Signed::missing;
  std::string_view time;
  std::vector<std::string> macs;
  each_part(header, ',', [&](std::string_view part) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    if (part.substr(0, 2) == "t=") time = part.substr(2);
    if (part.substr(0, 3) != "v1=") return;  // other schemes are weaker
    if (auto raw = decode_hex(part.substr(3))) macs.push_back(*std::move(raw));
  });
  const auto then_s = seconds(time);
  if (!then_s || macs.empty()) return Signed::missing;
  std::string text(time);
  text.append(separator).append(body);
  if (!any_mac_fits(macs, Digest::sha256, text, secrets)) return Signed::wrong;
  return is_fresh(*then_s, now_ms) ? Signed::good : Signed::stale;
}

Signed check_standard(std::string_view id, std::string_view timestamp, std::string_view signatures,
                      std::string_view body, const Secrets& secrets, std::int64_t now_ms) {
  const auto then_s = seconds(timestamp);
  const StandardSignatures had = standard_signatures(signatures);
  if (id.empty() || !then_s || (had.macs.empty() && had.ed25519.empty())) return Signed::missing;
  std::string text(id);
  text.append(".").append(timestamp).append(".").append(body);
  bool fits = false;
  for (const std::string& secret : secrets) {
    const std::string_view view = secret;
    const bool is_public = view.substr(0, kPublicPrefix.size()) == kPublicPrefix;
    const auto key = decode_base64(
        view.substr(is_public ? kPublicPrefix.size() : std::min(view.size(), kSecretPrefix.size())));
    if (!key) continue;
    if (!is_public) fits |= any_mac_fits(had.macs, Digest::sha256, text, {*key});
    if (is_public)
      for (const std::string& signature : had.ed25519) fits |= ed25519_fits(*key, signature, text);
  }
  if (!fits) return Signed::wrong;
  return is_fresh(*then_s, now_ms) ? Signed::good : Signed::stale;
}

bool is_standard_secret(const std::string& secret) {
  const std::string_view view = secret;
  if (view.substr(0, kPublicPrefix.size()) == kPublicPrefix) {
    const auto key = decode_base64(view.substr(kPublicPrefix.size()));
    return key && key->size() == 32;
  }
  if (view.substr(0, kSecretPrefix.size()) != kSecretPrefix) return false;
  const auto key = decode_base64(view.substr(kSecretPrefix.size()));
  return key && key->size() >= 24 && key->size() <= 64;
}

Signed check_base64(Digest digest, std::string_view header, std::string_view bytes, const Secrets& secrets) {
  const auto mac = decode_base64(header);
  if (!mac) return Signed::missing;
  return any_mac_fits({*mac}, digest, bytes, secrets) ? Signed::good : Signed::wrong;
}

Signed check_bearer(std::string_view header, const Secrets& secrets) {
  constexpr std::string_view kBearer = "Bearer ";
  if (header.substr(0, kBearer.size()) != kBearer) return Signed::missing;
  // Of equal length, whatever was sent, so that not even the length can be found out.
  const std::string had = hmac(Digest::sha256, "bearer", header.substr(kBearer.size()));
  bool fits = false;
  for (const std::string& secret : secrets)
    fits |= equal_in_constant_time(had, hmac(Digest::sha256, "bearer", secret));
  return fits ? Signed::good : Signed::wrong;
}

}  // namespace convoke::gateways::hooks
