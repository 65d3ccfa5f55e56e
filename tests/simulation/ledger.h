#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace convoke::simulation {

/// What the server has acknowledged, by what it is about: the last word on each stands, whatever happens.
/// What was asked and not answered when the process died may have happened or not, so nothing is known then.
/// Something else, as an erasure, can make void what was asked up to then.
template <class Key, class Value>
class Ledger {
 public:
  void asked(const Key& key, std::int64_t now_ms = 0) { entries_[key].open_ms.push_back(now_ms); }
  /// Answers come in the order of what was asked.
  void acknowledged(const Key& key, Value value) {
    Entry& entry = entries_[key];
    const std::int64_t asked_ms = entry.answered();
    entry.value.reset();
    if (asked_ms > entry.void_ms) entry.value = std::move(value);
  }
  void refused(const Key& key) { entries_[key].answered(); }
  void died(std::int64_t now_ms) {
    for (auto& [key, entry] : entries_) {
      if (entry.open_ms.empty()) continue;
      entry.open_ms.clear();
      entry.value.reset();
      entry.void_ms = now_ms;
    }
  }

  /// A phone asks, in place of what it has asked before, until it is told.
  void asks(const Key& key, std::int64_t now_ms) {
    entries_[key].value.reset();
    entries_[key].asks_ms = now_ms;
  }
  void told(const Key& key, Value value) {
    Entry& entry = entries_[key];
    if (entry.asks_ms > entry.void_ms) entry.value = std::move(value);
  }

  /// What was asked up to now says nothing any more.
  void meddled(const Key& key, std::int64_t now_ms) {
    entries_[key].value.reset();
    entries_[key].void_ms = now_ms;
  }
  template <class F>
  void meddled_where(F is_it, std::int64_t now_ms) {
    for (auto& [key, entry] : entries_)
      if (is_it(key)) meddled(key, now_ms);
  }

  template <class F>
  void for_each_known(F f) const {
    for (const auto& [key, entry] : entries_)
      if (entry.open_ms.empty() && entry.value) f(key, *entry.value);
  }

 private:
  struct Entry {
    std::deque<std::int64_t> open_ms;  // when what is not answered was asked
    std::int64_t asks_ms = 0, void_ms = -1;
    std::optional<Value> value;

    std::int64_t answered() {
      if (open_ms.empty()) return 0;
      const std::int64_t asked_ms = open_ms.front();
      open_ms.pop_front();
      return asked_ms;
    }
  };
  std::map<Key, Entry> entries_;
};

}  // namespace convoke::simulation
