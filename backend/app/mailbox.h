#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
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

  /// Everything that is there, waiting up to `timeout` for the first.
  std::deque<T> take(std::chrono::milliseconds timeout) {
    const MutexLock lock(mutex_);
    changed_.wait_for(mutex_, timeout,
                      [this]() CONVOKE_REQUIRES(mutex_) { return !items_.empty() || woken_; });
    woken_ = false;
    return std::exchange(items_, {});
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
