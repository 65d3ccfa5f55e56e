#include "backend/core/timers.h"

namespace convoke::core {

void Timers::set(const TimerKey& key, TimeMs at) {
  cancel(key);
  by_key_[key] = at;
  by_time_.emplace(at, key);
}

void Timers::set_if_unset(const TimerKey& key, TimeMs at) {
  if (!by_key_.contains(key)) set(key, at);
}

void Timers::cancel(const TimerKey& key) {
  auto it = by_key_.find(key);
  if (it == by_key_.end()) return;
  by_time_.erase({it->second, key});
  by_key_.erase(it);
}

std::optional<std::pair<TimeMs, TimerKey>> Timers::take_due(TimeMs now) {
  if (by_time_.empty() || by_time_.begin()->first > now) return std::nullopt;
  auto due = *by_time_.begin();
  by_time_.erase(by_time_.begin());
  by_key_.erase(due.second);
  return due;
}

std::optional<TimeMs> Timers::next() const {
  if (by_time_.empty()) return std::nullopt;
  return by_time_.begin()->first;
}

void Timers::bring_forward(TimerKind kind, TimeMs ms) {
  for (auto it = by_key_.lower_bound({kind, ""}); it != by_key_.end() && it->first.first == kind; ++it) {
    by_time_.erase({it->second, it->first});
    it->second -= ms;
    by_time_.emplace(it->second, it->first);
  }
}

std::optional<TimeMs> Timers::due(const TimerKey& key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace convoke::core
