#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace convoke::simulation {

/// The simulated time, and what is to happen when. What is set for the same time happens in the order in
/// which it was set.
class Agenda {
 public:
  using Act = std::function<void()>;

  explicit Agenda(std::int64_t start_ms) : now_ms_(start_ms) {}

  std::int64_t now() const { return now_ms_; }
  std::uint64_t steps() const { return steps_; }

  void at(std::int64_t time_ms, Act act) {
    heap_.push_back({std::max(time_ms, now_ms_), ++order_, std::move(act)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  void in(std::int64_t ms, Act act) { at(now_ms_ + ms, std::move(act)); }

  /// Takes one step, if there is one up to then.
  bool step(std::int64_t until_ms) {
    if (heap_.empty() || heap_.front().time_ms > until_ms) {
      now_ms_ = std::max(now_ms_, until_ms);
      return false;
    }
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Item item = std::move(heap_.back());
    heap_.pop_back();
    now_ms_ = item.time_ms;
    ++steps_;
    item.act();
    return true;
  }

 private:
  struct Item {
    std::int64_t time_ms;
    std::uint64_t order;
    Act act;
  };
  static bool later(const Item& a, const Item& b) {
    return std::pair(a.time_ms, a.order) > std::pair(b.time_ms, b.order);
  }

  std::int64_t now_ms_;
  std::uint64_t order_ = 0, steps_ = 0;
  std::vector<Item> heap_;
};

}  // namespace convoke::simulation
