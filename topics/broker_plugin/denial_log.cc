#include "topics/broker_plugin/denial_log.h"

#include <algorithm>

namespace convoke::broker_plugin {

bool DenialLog::should_log(std::string_view client, std::string_view reason, std::int64_t now_ms) {
  std::pair key{printable(client), std::string(reason)};
  const auto found = last_ms_.find(key);
  if (found != last_ms_.end()) {
    if (now_ms - found->second < kQuietMs) return false;
    found->second = now_ms;
    return true;
  }
  if (last_ms_.size() >= kMaxEntries && !make_room(now_ms)) return false;
  last_ms_.emplace(std::move(key), now_ms);
  return true;
}

bool DenialLog::make_room(std::int64_t now_ms) {
  if (now_ms - swept_ms_ < kQuietMs)
    return false;  // nothing to find, and a sweep for each refusal would cost
  swept_ms_ = now_ms;
  std::erase_if(last_ms_, [&](const auto& entry) { return now_ms - entry.second >= kQuietMs; });
  return last_ms_.size() < kMaxEntries;
}

std::string printable(std::string_view text) {
  std::string out(text.substr(0, 100));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

}  // namespace convoke::broker_plugin
