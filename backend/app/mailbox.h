#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

namespace convoke::app {

/// What other threads have for the server's thread, in the order in which it came. Thread-safe.
template <class T>
class Mailbox {
 public:
  void push(T item) {
    {
      const std::lock_guard lock(mutex_);
      items_.push_back(std::move(item));
    }
    changed_.notify_one();
  }

  /// Everything that is there, waiting up to `timeout` for the first.
  std::deque<T> take(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return !items_.empty() || woken_; });
    woken_ = false;
    return std::exchange(items_, {});
  }

  /// Ends a `take` that waits.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> items_;
  bool woken_ = false;
};

}  // namespace convoke::app
