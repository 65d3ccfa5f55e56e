#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topics/principal.h"

namespace convoke::token {

/// What the app's backend has checked of the user besides who they are. Empty: nothing.
struct Proofs {
  std::string phone;  // "phone_number", where "phone_number_verified" is true
  std::string mail;   // "email", where "email_verified" is true
  bool any() const { return !phone.empty() || !mail.empty(); }
};

/// What a token says. The app developer's public contract: docs/protocol/tokens.md (RFC 7519, RFC 7515, RFC
/// 8037).
struct Claims {
  std::string subject;  // "sub": user id; server id for role server; site id for role peer
  std::string site;     // "site"
  topics::Role role = topics::Role::viewer;  // "role"
  std::string device;                        // "dev"
  std::int64_t issued_s = 0;                 // "iat", Unix seconds
  std::int64_t expires_s = 0;                // "exp", Unix seconds
  Proofs proofs = {};
};

/// A set of keys read from a JWK Set file (RFC 7517): Ed25519 (`kty` OKP, `alg` EdDSA) and HS256 (`kty` oct,
/// at least 32 bytes). The algorithm belongs to the key; a token's header can only name the key.
/// Immutable after loading, hence safe to share between threads.
class KeySet {
 public:
  /// Throws std::runtime_error naming the file and the faulty entry. Never echoes key material.
  static KeySet load(const std::string& path);
  static KeySet parse(std::string_view jwks);

  /// Makes a fresh Ed25519 key. Returns the JWK Set with the private part; `public_jwks` gives the other.
  static std::string generate_ed25519(std::string_view kid);
  /// The same set without private parts (HS256 secrets stay: they are needed to verify).
  std::string public_jwks() const;

  struct Key;

 private:
  friend std::optional<std::string> sign(const KeySet&, const Claims&);
  friend struct Verifier;
  std::map<std::string, std::shared_ptr<const Key>, std::less<>> keys_;
};

/// Why a token is refused. Safe to log and to show.
enum class Refusal {
  malformed,
  unknown_key,
  wrong_algorithm,
  bad_signature,
  expired,
  not_yet_valid,
  bad_claim,
  wrong_site
};
std::string_view to_string(Refusal refusal);

struct Verified {
  topics::Principal principal;
  std::int64_t issued_s = 0;
  std::int64_t expires_s = 0;
  Proofs proofs = {};
};

struct Verdict {
  std::optional<Verified> verified;      // set exactly when the token holds
  Refusal refusal = Refusal::malformed;  // otherwise why not
};

/// Checks `token` (at most 4096 bytes) for `site` at `now_s` (Unix seconds). 30 s of clock skew are allowed
/// for `iat` only; an expired token is expired.
Verdict verify(const KeySet& keys, std::string_view token, std::string_view site, std::int64_t now_s);

/// Stands for a user where the id itself must not be kept: SHA-256 of `site/user`, 64 hexadecimal digits.
std::string subject_mark(std::string_view site, std::string_view user);

/// Signs with the first key that has a private part, in order of key id; nothing if there is none.
std::optional<std::string> sign(const KeySet& keys, const Claims& claims);

}  // namespace convoke::token
