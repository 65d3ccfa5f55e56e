#include "backend/gateways/mail/mime.h"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>

#include "backend/gateways/mail/authentication_results.h"
#include "backend/gateways/mail/header_fields.h"
#include "backend/gateways/mail/mail_address.h"

namespace convoke::gateways {
namespace {

constexpr std::size_t kMaxValueBytes = 8192;
constexpr std::size_t kMaxAddressBytes = 254;  // RFC 5321, 4.5.3.1.3 less "<>"

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
struct Free {
  void operator()(char* text) const { g_free(text); }
};
using Text = std::unique_ptr<char, Free>;

GMimeParserOptions* options() {
  static GMimeParserOptions* const made = [] {
    g_mime_init();
    return g_mime_parser_options_new();
  }();
  return made;
}

/// The value with a blank for each comment and a quote for each quoted string; nothing if one does not end.
std::optional<std::string> without_comments(std::string_view value) {
  std::string out;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const bool inside = quoted || depth > 0;
    if (inside && c == '\\') {
      ++i;
    } else if (quoted) {
      quoted = c != '"';
    } else if (c == '(') {
      if (depth++ == 0) out += ' ';
    } else if (depth > 0) {
      depth -= c == ')';
    } else {
      quoted = c == '"';
      out += c;
    }
  }
  return quoted || depth > 0 ? std::nullopt : std::optional(std::move(out));
}

/// `address` or `words <address>`, and nothing else that could be an address, a list, a group or a route.
std::optional<std::string> address_in(std::string_view bare) {
  const std::string_view text = trimmed(bare);
  const auto open = text.find('<');
  if (open == text.npos) return std::string(text);
  if (text.back() != '>' || text.substr(0, open).find_first_of("@,;:>") != text.npos) return std::nullopt;
  return std::string(text.substr(open + 1, text.size() - open - 2));
}

/// `local@domain` of plain words: what every reader takes for the same address.
bool is_plain(std::string_view address) {
  const auto at = address.find('@');
  if (address.size() > kMaxAddressBytes || at == 0 || at == std::string_view::npos) return false;
  const auto words = [](std::string_view text, std::string_view signs) {
    if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != text.npos)
      return false;
    return std::all_of(text.begin(), text.end(), [&](char c) {
      return static_cast<unsigned char>(c) >= 128 || g_ascii_isalnum(c) || signs.find(c) != signs.npos;
    });
  };
  return words(address.substr(0, at), ".!#$%&'*+-/=?^_`{|}~") && words(address.substr(at + 1), ".-") &&
         address.find("=?") == address.npos;
}

}  // namespace

std::string decode_text(std::string_view value, std::size_t max_bytes) {
  const std::string raw(trimmed(value.substr(0, kMaxValueBytes)));
  const Text decoded(g_mime_utils_header_decode_text(options(), raw.c_str()));
  if (!decoded) return "";
  std::string out = decoded.get();
  if (!is_utf8(out)) return "";
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  if (out.size() <= max_bytes) return out;
  std::size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;
  return out.substr(0, end);
}

std::optional<Mailbox> one_mailbox(std::string_view value) {
  if (value.size() > kMaxValueBytes || !is_utf8(value)) return std::nullopt;
  const auto bare = without_comments(value);
  const auto address = bare ? address_in(*bare) : std::nullopt;
  if (!address || !is_plain(*address)) return std::nullopt;
  options();  // GMime is ready
  const std::unique_ptr<InternetAddress, Unref> mailbox(
      internet_address_mailbox_new(nullptr, address->c_str()));
  const char* ascii = internet_address_mailbox_get_idn_addr(INTERNET_ADDRESS_MAILBOX(mailbox.get()));
  if (!ascii) return std::nullopt;
  const std::string_view in_ascii(ascii);
  return Mailbox{lower_ascii(*address), plain_domain(in_ascii.substr(in_ascii.find('@') + 1))};
}

std::vector<std::string> mailboxes(std::string_view value) {
  std::vector<std::string> out;
  const auto bare = is_utf8(value) ? without_comments(value) : std::nullopt;
  for (std::string_view rest = bare ? *bare : std::string_view(); !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto address = address_in(rest.substr(0, comma));
    if (address && is_plain(*address)) out.push_back(lower_ascii(*address));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return out;
}

std::optional<core::TimeMs> parse_date(std::string_view value) {
  if (value.size() > 200) return std::nullopt;
  const std::string raw(trimmed(value));
  GDateTime* date = g_mime_utils_header_decode_date(raw.c_str());
  if (!date) return std::nullopt;
  const core::TimeMs at = g_date_time_to_unix(date) * 1000;
  g_date_time_unref(date);
  return at < 0 || at > core::kMaxTimeMs ? std::nullopt : std::optional(at);
}

}  // namespace convoke::gateways
