#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "backend/core/model.h"

namespace convoke::gateways {

/// Turns what people are known by outside (numbers, addresses, codes) into what the core matches and keeps: a
/// keyed hash and the value encrypted. Without the key nobody can tell from the store who it was, nor try out
/// all numbers. Immutable; any thread.
class IdentityVault {
 public:
  static constexpr std::size_t kKeyBytes = 32;

  /// `key`: kKeyBytes secret bytes; the keys for hash, encryption and personal addresses are derived from it
  /// (HKDF, RFC 5869). Throws std::runtime_error for another size.
  explicit IdentityVault(std::string_view key);
  /// From a file that holds the key in base64url. Throws std::runtime_error naming the file.
  static IdentityVault load(const std::string& path);

  /// A telephone number, as `to_e164` (phone_number.h) reads it.
  std::optional<core::Identity> phone(std::string_view text, std::string_view country = {}) const;
  /// A mail address, at most 254 bytes; large and small ASCII letters are the same.
  std::optional<core::Identity> mail(std::string_view address) const;
  /// A ticket's code, 1 to 200 bytes, as the shop wrote it.
  std::optional<core::Identity> ticket(std::string_view code) const;
  /// What follows the "+" in a personal address: "evening+7f3k…@club.example". It is an identity like the
  /// others, proven by being known: whoever is to have one is linked to it first.
  std::optional<core::Identity> personal(std::string_view tag) const;
  /// The user's: 26 characters out of a-z and 2-7, which nobody can guess.
  std::string personal_tag(const core::UserId& user) const;

  /// By its kind's name: "phone", "mail", "ticket" or "personal".
  std::optional<core::Identity> identity(std::string_view kind, std::string_view value) const;

  /// The value of an identity, in the form in which it is matched; nothing if it was sealed with another key.
  std::optional<std::string> open(const std::string& key, std::string_view sealed) const;

  /// What stands for a text that may name somebody (a Message-ID), where it need only be known again.
  std::string stand_in(std::string_view text) const;

 private:
  core::Identity seal(const std::string& kind, const std::string& value) const;

  std::string match_key_, seal_key_, tag_key_, stand_in_key_;
};

}  // namespace convoke::gateways
