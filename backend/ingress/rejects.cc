#include "backend/ingress/rejects.h"

namespace convoke::ingress {
namespace {

constexpr std::int64_t kQuietMs = 60'000;
constexpr std::size_t kMaxSenders = 10'000;

}  // namespace

bool Rejects::add(const std::string& reason, const std::string& sender, std::int64_t real_ms) {
  ++counts_[reason];
  if (logged_.size() >= kMaxSenders)
    std::erase_if(logged_, [&](const auto& e) { return real_ms - e.second >= kQuietMs; });
  if (logged_.size() >= kMaxSenders && !logged_.contains(sender)) return false;
  auto [it, fresh] = logged_.try_emplace(sender, real_ms);
  if (!fresh && real_ms - it->second < kQuietMs) return false;
  it->second = real_ms;
  return true;
}

}  // namespace convoke::ingress
