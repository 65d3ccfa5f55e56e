#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace convoke::gateways {

/// What a DKIM-Signature field (RFC 6376, section 3.5) says it covers. Whether it holds was found out by the
/// mail server; this only says which fields nobody can have changed or added since, if it does.
struct DkimSignature {
  std::string domain;            // d=, lower case
  std::set<std::string> fields;  // h=, lower case
  bool whole = true;             // no l=, which lets text be added to the mail's end
  bool covers(const char* field) const { return fields.contains(field); }
};

/// Nothing if it is not a list of tags with d= and h=, or has one twice.
std::optional<DkimSignature> parse_dkim_signature(std::string_view value);

}  // namespace convoke::gateways
