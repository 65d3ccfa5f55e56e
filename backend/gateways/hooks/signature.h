#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How providers sign what they send: over the bytes as they came, before anybody looks into them. Each check
/// takes several secrets, of which one must fit, so that a secret can be changed while both are in use, and
/// compares in constant time.
namespace convoke::gateways::hooks {

enum class Signed {
  good,
  missing,  // no signature, or not of this shape
  stale,    // made too long ago, or in the future
  wrong,
};

using Secrets = std::vector<std::string>;

inline constexpr std::int64_t kReplayWindowS = 300;  // in both directions

enum class Digest { sha1, sha256 };
std::string hmac(Digest digest, std::string_view key, std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);
std::optional<std::string> decode_hex(std::string_view text);
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// "t=<unix seconds>,v1=<hex>[,v1=…]" over "<t><separator><body>": Stripe (a dot) and Ticket Tailor
/// (nothing).
Signed check_timed(std::string_view header, std::string_view separator, std::string_view body,
                   const Secrets& secrets, std::int64_t now_ms);

/// Standard Webhooks 1.0.0: "v1,<base64> v1a,<base64>" over "<id>.<timestamp>.<body>". Secrets are "whsec_…"
/// (HMAC-SHA256) or public keys "whpk_…" (Ed25519).
Signed check_standard(std::string_view id, std::string_view timestamp, std::string_view signatures,
                      std::string_view body, const Secrets& secrets, std::int64_t now_ms);
/// Whether it can be a secret of Standard Webhooks.
bool is_standard_secret(const std::string& secret);

/// Base64 of an HMAC over the bytes alone: Shopify (SHA-256) and, over URL and parameters, Twilio (SHA-1).
Signed check_base64(Digest digest, std::string_view header, std::string_view bytes, const Secrets& secrets);

/// "Authorization: Bearer <secret>".
Signed check_bearer(std::string_view header, const Secrets& secrets);

}  // namespace convoke::gateways::hooks
