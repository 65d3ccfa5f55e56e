#include "topics/messages/stamp.h"

#include <charconv>

#include "topics/messages/limits.h"

namespace convoke::messages {
namespace {

/// Zero if the text is no number, or none that the archive's JSON can hold.
std::uint64_t number_of(const std::string& text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && at == end && value <= kMaxInteger ? value : 0;
}

}  // namespace

std::optional<Stamp> read_stamp(const std::vector<std::pair<std::string, std::string>>& user_properties) {
  Stamp stamp;
  for (const auto& [name, value] : user_properties) {
    if (name == kStampSite) stamp.site = value;
    if (name == kStampEpoch) stamp.epoch = number_of(value);
    if (name == kStampN) stamp.n = number_of(value);
    if (name == kStampTime) stamp.time_ms = static_cast<std::int64_t>(number_of(value));
  }
  if (stamp.site.empty() || stamp.epoch == 0 || stamp.n == 0) return std::nullopt;
  return stamp;
}

}  // namespace convoke::messages
