#include "topics/ids.h"

#include <algorithm>

namespace convoke::topics {
namespace {

constexpr std::size_t kMaxPlainId = 64;
constexpr std::size_t kGroupIdDigits = 32;

bool is_plain_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

bool is_plain_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxPlainId && std::all_of(text.begin(), text.end(), is_plain_char);
}

bool is_user_id(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos) return is_plain_id(text);
  return is_plain_id(text.substr(0, at)) && is_plain_id(text.substr(at + 1));
}

bool is_group_id(std::string_view text) {
  return text.size() == kGroupIdDigits && std::all_of(text.begin(), text.end(), is_lower_hex);
}

}  // namespace convoke::topics
