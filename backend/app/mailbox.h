#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <iterator>
#include <utility>

#include "topics/sync/mutex.h"

namespace convoke::app {

/// What other threads have for the server's thread, in the order in which it came. Thread-safe.
template <class T>
class Mailbox {
 public:
  void push(T item) {
    {
      const MutexLock lock(mutex_);
      items_.push_back(std::move(item));
    }
    changed_.notify_one();
  }

  /// The oldest that are there, `most` of them at most, waiting up to `timeout` for the first.
  std::deque<T> take(std::chrono::milliseconds timeout, std::size_t most) {
    const MutexLock lock(mutex_);
    changed_.wait_for(mutex_, timeout,
                      [this]() CONVOKE_REQUIRES(mutex_) { return !items_.empty() || woken_; });
    woken_ = false;
    if (items_.size() <= most) return std::exchange(items_, {});
    const auto end = items_.begin() + static_cast<std::ptrdiff_t>(most);
    std::deque<T> taken(std::make_move_iterator(items_.begin()), std::make_move_iterator(end));
    items_.erase(items_.begin(), end);
    return taken;
  }

  /// Ends a `take` that waits.
  void wake() {
    {
      const MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }

  std::size_t size() const {
    const MutexLock lock(mutex_);
    return items_.size();
  }

 private:
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<T> items_ CONVOKE_GUARDED_BY(mutex_);
  bool woken_ CONVOKE_GUARDED_BY(mutex_) = false;
};

}  // namespace convoke::app
