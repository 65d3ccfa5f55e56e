#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace convoke::token {

/// RFC 7515, section 2: the URL-safe alphabet of RFC 4648 without padding.
std::string encode_base64url(std::string_view bytes);

/// The bytes; nothing if `text` has padding, white space, another character, an impossible length, or bits
/// set beyond the last byte. So every byte string has exactly one text.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace convoke::token
