#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/core/plan.h"
#include "backend/gateways/mail/mail_headers.h"

/// Decoding of header fields' values, by GMime. The only part that knows it. Any thread.
namespace convoke::gateways {

/// Encoded words (RFC 2047) as UTF-8 text on one line; "" if that is no text. At most `max_bytes`, cut
/// between characters.
std::string decode_text(std::string_view value, std::size_t max_bytes);
/// The one mailbox that the value names; nothing for several, for a group, for an address that is not simply
/// `local@domain`, and where readers could differ on what the address is.
std::optional<Mailbox> one_mailbox(std::string_view value);
/// The addresses in a list of mailboxes, in small letters: those that are as simply written.
std::vector<std::string> mailboxes(std::string_view value);
/// A date and time of RFC 5322, section 3.3.
std::optional<core::TimeMs> parse_date(std::string_view value);

}  // namespace convoke::gateways
