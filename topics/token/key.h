#pragma once

#include <openssl/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "topics/token/token.h"

namespace convoke::token {

/// SHA-256 in hexadecimal digits.
std::string sha256_hex(std::string_view input);

/// One key and the one algorithm that it may be used with. Immutable. Private to this folder and its tests.
struct KeySet::Key {
  /// Throws std::runtime_error where the bytes are no such key; `seed` may be empty (verification only).
  static std::shared_ptr<const Key> ed25519(std::string_view public_key, std::string_view seed);
  static std::shared_ptr<const Key> hs256(std::string_view secret);
  static std::shared_ptr<const Key> generate_ed25519();

  /// "EdDSA" or "HS256", as the header of a token must say.
  std::string_view algorithm() const { return secret.empty() ? "EdDSA" : "HS256"; }
  bool can_sign() const { return !secret.empty() || has_private; }

  bool verify(std::string_view signing_input, std::string_view signature) const;
  std::optional<std::string> sign(std::string_view signing_input) const;

  std::string public_key() const;  // Ed25519: the 32 bytes
  std::string seed() const;        // Ed25519 with a private part: the 32 bytes

  std::shared_ptr<EVP_PKEY> pkey;  // Ed25519
  bool has_private = false;        // Ed25519
  std::string secret;              // HS256; empty for Ed25519
};

}  // namespace convoke::token
