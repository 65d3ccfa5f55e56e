#pragma once

#include <map>
#include <optional>
#include <utility>

namespace convoke::simulation {

/// What the server has acknowledged, by what it is about: the last word on each stands, whatever happens.
/// What was asked and not answered when the process died may have happened or not, so nothing is known then.
template <class Key, class Value>
class Ledger {
 public:
  void asked(const Key& key) { ++entries_[key].open; }
  void acknowledged(const Key& key, Value value) {
    Entry& entry = entries_[key];
    if (entry.open > 0) --entry.open;
    entry.value = std::move(value);
  }
  void refused(const Key& key) { --entries_[key].open; }
  /// Nothing can be said of it any more.
  void never(const Key& key) { entries_[key].open = 1'000'000'000; }
  void unknown(const Key& key) { entries_[key].value.reset(); }
  void died() {
    for (auto& [key, entry] : entries_)
      if (std::exchange(entry.open, 0) > 0) entry.value.reset();
  }
  template <class F>
  void for_each_known(F f) const {
    for (const auto& [key, entry] : entries_)
      if (entry.open == 0 && entry.value) f(key, *entry.value);
  }

 private:
  struct Entry {
    int open = 0;
    std::optional<Value> value;
  };
  std::map<Key, Entry> entries_;
};

}  // namespace convoke::simulation
