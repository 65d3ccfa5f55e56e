#include "backend/gateways/mail/mail_address.h"

#include <cstdint>

#include "backend/gateways/mail/authentication_results.h"

namespace convoke::gateways {
namespace {

constexpr std::size_t kMaxPathBytes = 254;  // RFC 5321, 4.5.3.1.3: 256 with "<>"

/// Where the path ends: its ">", which may stand in a quoted local part too. npos: nowhere.
std::size_t end_of_path(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == '>')
      return i;
  }
  return std::string_view::npos;
}

/// One "@" outside of quotes with something on both sides, and no blank, bracket or control character.
bool is_address(std::string_view text) {
  bool quoted = false;
  std::size_t at = 0, ats = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto u = static_cast<unsigned char>(text[i]);
    if (u < 32 || u == 127) return false;
    if (quoted && u == '\\') {
      if (++i == text.size()) return false;
    } else if (u == '"') {
      quoted = !quoted;
    } else if (!quoted && (u == ' ' || u == '<' || u == '>' || u == ',' || u == ';')) {
      return false;
    } else if (!quoted && u == '@') {
      at = i;
      ++ats;
    }
  }
  return !quoted && ats == 1 && at > 0 && at + 1 < text.size() && text.size() <= kMaxPathBytes &&
         is_utf8(text);
}

/// `@one,@two:address` -> `address`
std::string_view without_route(std::string_view path) {
  if (path.empty() || path[0] != '@') return path;
  const auto colon = path.find(':');
  return colon == path.npos ? path : path.substr(colon + 1);
}

}  // namespace

std::optional<MailPath> parse_path(std::string_view text) {
  if (text.empty() || text[0] != '<') return std::nullopt;
  const auto end = end_of_path(text);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view parameters = text.substr(end + 1);
  if (!parameters.empty() && parameters[0] != ' ') return std::nullopt;
  const std::string_view address = without_route(text.substr(1, end - 1));
  if (end > 1 && !is_address(address)) return std::nullopt;
  return MailPath{std::string(address), parameters};
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4) return false;
    std::uint32_t code = lead & (0x3F >> more);
    for (int n = 0; n < more; ++n, ++i) {
      if (i == text.size() || (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return false;
      code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
    }
    // Not written longer than needed, no half of a surrogate pair, none beyond the last.
    if (code < (more == 1 ? 0x80U : more == 2 ? 0x800U : 0x10000U) || code > 0x10FFFF) return false;
    if (code >= 0xD800 && code <= 0xDFFF) return false;
  }
  return true;
}

std::string domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == address.npos ? std::string() : plain_domain(address.substr(at + 1));
}

}  // namespace convoke::gateways
