#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::gateways {

/// One header field (RFC 5322, section 2.2), unfolded.
struct HeaderField {
  std::string name;  // lower case
  std::string value;
};

struct MessageParts {
  std::vector<HeaderField> fields;  // from the top
  std::string_view body;            // of the bytes given
};

inline constexpr std::size_t kMaxHeaderBytes = 128 * 1024;
inline constexpr std::size_t kMaxHeaderFields = 1000;

/// Splits a message strictly, so that whoever signed it and we read the same: nothing if a line is no field
/// and no continuation, a name has a character it may not have (a space before the colon too), there is a
/// control character or a line end other than CRLF, or the header is beyond the limits.
std::optional<MessageParts> split_message(std::string_view bytes);

std::string lower_ascii(std::string_view text);
/// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace convoke::gateways
