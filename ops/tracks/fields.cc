#include "ops/tracks/fields.h"

#include <algorithm>
#include <charconv>

namespace convoke::tracks {
namespace {

constexpr std::size_t kMaxIdBytes = 64;

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-';
}

bool is_plain_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes &&
         std::all_of(text.begin(), text.end(), is_id_character);
}

}  // namespace

bool is_user_id(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return is_plain_id(text);
  return is_plain_id(text.substr(0, at)) && is_plain_id(text.substr(at + 1));
}

std::string make_user_id(std::string_view text) {
  std::string id(text.substr(0, kMaxIdBytes));
  std::replace_if(
      id.begin(), id.end(), [](char c) { return !is_id_character(c); }, '-');
  return id.empty() ? "walker" : id;
}

std::optional<double> parse_number(std::string_view text, double low, double high) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool ok = error == std::errc() && end == text.data() + text.size() && value >= low && value <= high;
  return ok ? std::optional(value) : std::nullopt;
}

}  // namespace convoke::tracks
