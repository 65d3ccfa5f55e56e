#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace convoke::gateways {

/// What one method found out: "dkim=pass header.d=club.example".
struct MethodResult {
  std::string method, result;                     // lower case
  std::map<std::string, std::string> properties;  // "header.d" -> "club.example"; names in lower case
  /// Empty if there is none.
  std::string property(const std::string& name) const;
};

/// One Authentication-Results field (RFC 8601).
struct AuthenticationResults {
  std::string authserv_id;  // lower case, without a dot at its end
  std::vector<MethodResult> results;
};

/// Reads the value of such a field, unfolded. Nothing if it is not wholly what section 2.2 allows, or of a
/// version other than 1.
std::optional<AuthenticationResults> parse_authentication_results(std::string_view value);

/// As they are compared: lower case, without a dot at the end.
std::string plain_domain(std::string_view domain);

}  // namespace convoke::gateways
