#include "backend/gateways/mail/header_fields.h"

#include <algorithm>

namespace convoke::gateways {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_name_char(char c) { return c > 32 && c < 127 && c != ':'; }
bool is_forbidden(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u < 32 && c != '\t') || u == 127;
}

/// The next line without its CRLF; `rest` goes on after it. Nothing where no CRLF is left.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const auto end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

/// False if the line is neither a field nor goes on with the last one.
bool add_line(std::string_view line, std::vector<HeaderField>& fields) {
  if (std::any_of(line.begin(), line.end(), is_forbidden)) return false;
  if (is_blank(line[0])) {
    if (fields.empty()) return false;
    fields.back().value += line;
    return true;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || fields.size() == kMaxHeaderFields) return false;
  const std::string_view name = line.substr(0, colon);
  if (!std::all_of(name.begin(), name.end(), is_name_char)) return false;
  fields.push_back({lower_ascii(name), std::string(line.substr(colon + 1))});
  return true;
}

}  // namespace

std::optional<MessageParts> split_message(std::string_view bytes) {
  MessageParts parts;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line || bytes.size() - rest.size() > kMaxHeaderBytes) return std::nullopt;
    if (line->empty()) break;
    if (!add_line(*line, parts.fields)) return std::nullopt;
  }
  parts.body = rest;
  return parts;
}

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace convoke::gateways
