#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "backend/core/plan.h"

namespace convoke::gateways {

struct Mailbox {
  std::string address;  // lower case
  std::string domain;   // in ASCII (IDNA)
};

/// What counts of a message: all from its header, bounded.
struct MailHeaders {
  std::string id;       // Message-ID; empty if there is none that is fit
  std::string content;  // hash of sender, date, subject and body, whatever blanks the way has changed in them
  std::optional<Mailbox> from;                      // where there is exactly one sender, plainly written
  std::vector<std::string> to, cc;                  // lower case; none of a field that comes twice
  std::string subject;                              // decoded, at most 200 bytes
  std::string list;                                 // List-Id, what stands in its "<>", lower case
  std::string auto_submitted, precedence;           // first word, lower case
  bool of_list = false;                             // List-Unsubscribe, List-Post: came over a mailing list
  bool report = false;                              // says that a mail was not delivered, or was read
  std::size_t hops = 0;                             // Received fields
  std::optional<core::TimeMs> received, date;       // when our mail server got it; when it was written
  std::vector<std::string> authentication_results;  // from the top, those above the second Received field
  std::vector<std::string> dkim_signatures;
  // Further fields, which come just once and plans may ask for; as they are written, each at most 1000 bytes.
  std::map<std::string, std::string> others;
};

/// Reads a message; or why it is not read: "malformed", or "twice" where a field comes twice that may not, so
/// that one reader would see another mail than the next.
std::variant<MailHeaders, const char*> read_mail(std::string_view bytes);

}  // namespace convoke::gateways
