#include "backend/gateways/hooks/hint_queue.h"

#include <algorithm>
#include <utility>

namespace convoke::gateways::hooks {

void HintQueue::put(KeptHint hint) { insert(Waiting{std::move(hint), 0}); }

/// What is told twice is asked once, and counts as told by the first and by the number of the last.
void HintQueue::insert(Waiting waiting) {
  auto& hints = shops_[waiting.hint.hook].hints;
  const auto had = std::find_if(hints.begin(), hints.end(),
                                [&](const Waiting& other) { return other.hint.about == waiting.hint.about; });
  if (had == hints.end()) return hints.push_back(std::move(waiting));
  had->hint.number = std::max(had->hint.number, waiting.hint.number);
  had->hint.told_ms = std::min(had->hint.told_ms, waiting.hint.told_ms);
  had->not_before_ms = std::min(had->not_before_ms, waiting.not_before_ms);
}

std::optional<KeptHint> HintQueue::take(std::int64_t now_ms) {
  auto it = shops_.upper_bound(last_);
  for (std::size_t i = 0; i < shops_.size(); ++i, ++it) {
    if (it == shops_.end()) it = shops_.begin();
    auto& [hook, shop] = *it;
    if (now_ms < shop.not_before_ms) continue;
    const auto due = std::find_if(shop.hints.begin(), shop.hints.end(),
                                  [&](const Waiting& waiting) { return waiting.not_before_ms <= now_ms; });
    if (due == shop.hints.end()) continue;
    KeptHint hint = std::move(due->hint);
    shop.hints.erase(due);
    last_ = hook;
    return hint;
  }
  return std::nullopt;
}

void HintQueue::asked(KeptHint hint, HookService::Asked result, bool gone, std::int64_t now_ms) {
  const std::string hook = hint.hook;
  Shop& shop = shops_[hook];
  const bool away = result == HookService::Asked::away;
  shop.pause_ms = away ? std::clamp(2 * shop.pause_ms, kFirstPauseMs, kLongestPauseMs) : 0;
  shop.not_before_ms = now_ms + shop.pause_ms;
  if (!gone) insert(Waiting{std::move(hint), away ? 0 : now_ms + kLongestPauseMs});
  if (shop.hints.empty()) shops_.erase(hook);
}

}  // namespace convoke::gateways::hooks
