#include "backend/egress/stamp.h"

#include <charconv>

namespace convoke::egress {
namespace {

constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 53) - 1;  // what the archive's JSON can hold

/// Zero if the text is no such number.
std::uint64_t number_of(const std::string& text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && at == end && value <= kMaxNumber ? value : 0;
}

}  // namespace

std::optional<messages::Stamp> read_stamp(
    const std::vector<std::pair<std::string, std::string>>& user_properties) {
  messages::Stamp stamp;
  for (const auto& [name, value] : user_properties) {
    if (name == messages::kStampSite) stamp.site = value;
    if (name == messages::kStampEpoch) stamp.epoch = number_of(value);
    if (name == messages::kStampN) stamp.n = number_of(value);
    if (name == messages::kStampTime) stamp.time_ms = static_cast<std::int64_t>(number_of(value));
  }
  if (stamp.site.empty() || stamp.epoch == 0 || stamp.n == 0) return std::nullopt;
  return stamp;
}

}  // namespace convoke::egress
