#include "backend/gateways/mail/dkim_signature.h"

#include <map>

#include "backend/gateways/mail/authentication_results.h"
#include "backend/gateways/mail/header_fields.h"

namespace convoke::gateways {
namespace {

constexpr std::size_t kMaxTags = 32, kMaxFields = 200;

/// Calls `each` with what stands between the separators, trimmed; false as soon as that says so.
template <class F>
bool split(std::string_view text, char separator, F each) {
  while (true) {
    const auto end = text.find(separator);
    if (!each(trimmed(text.substr(0, end)))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<DkimSignature> parse_dkim_signature(std::string_view value) {
  std::map<std::string, std::string> tags;
  const bool fine = split(value, ';', [&](std::string_view tag) {
    if (tag.empty()) return true;  // after the last ";"
    const auto is = tag.find('=');
    if (is == std::string_view::npos || tags.size() == kMaxTags) return false;
    return tags.emplace(trimmed(tag.substr(0, is)), trimmed(tag.substr(is + 1))).second;
  });
  if (!fine || !tags.contains("d") || !tags.contains("h")) return std::nullopt;
  DkimSignature signature{plain_domain(tags["d"]), {}, !tags.contains("l")};
  const bool bounded = split(tags["h"], ':', [&](std::string_view field) {
    signature.fields.insert(lower_ascii(field));
    return signature.fields.size() <= kMaxFields;
  });
  return bounded ? std::optional(std::move(signature)) : std::nullopt;
}

}  // namespace convoke::gateways
