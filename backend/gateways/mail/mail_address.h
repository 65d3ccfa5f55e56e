#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace convoke::gateways {

/// A path of MAIL FROM or RCPT TO (RFC 5321, section 4.1.2; with SMTPUTF8 RFC 6531), and what follows it.
struct MailPath {
  std::string address;  // empty: the null sender "<>"
  std::string_view parameters;
};

/// Reads `<address> parameters`; a source route before the address is passed over, as RFC 5321 asks. Nothing
/// if it is not one, is not UTF-8, or has a control character or more than 254 bytes.
std::optional<MailPath> parse_path(std::string_view text);

/// Whether the text is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

/// What stands behind the last "@", lower case; "" if nothing does.
std::string domain_of(std::string_view address);

}  // namespace convoke::gateways
