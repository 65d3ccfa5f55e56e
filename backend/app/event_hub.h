#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/core/effects.h"
#include "topics/sync/mutex.h"

namespace convoke::app {

/// One line of the live event stream (docs/protocol/http.md), without the line feed.
std::string event_line(const core::Event& event);

/// The event's "type".
const char* event_type(const core::Event& event);

/// Hands the server's events to those who watch. Thread-safe. A watcher that does not keep up loses the
/// oldest lines and is told so with one `{"type":"lost"}` line.
class EventHub {
 public:
  class Watcher {
   public:
    explicit Watcher(bool closed) : closed_(closed) {}

    /// The next line; nothing if none came in `timeout`, or the hub is closed.
    std::optional<std::string> next(std::chrono::milliseconds timeout);
    bool closed() const;

   private:
    friend class EventHub;
    mutable Mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::string> lines_ CONVOKE_GUARDED_BY(mutex_);
    bool closed_ CONVOKE_GUARDED_BY(mutex_);
    bool lost_ CONVOKE_GUARDED_BY(mutex_) = false;
  };

  /// A new watcher; null if there are kMaxWatchers already: each holds a connection and a thread.
  std::shared_ptr<Watcher> watch();
  static constexpr std::size_t kMaxWatchers = 16;
  void publish(const std::vector<core::Event>& events);
  void close();

 private:
  Mutex mutex_;
  std::vector<std::weak_ptr<Watcher>> watchers_ CONVOKE_GUARDED_BY(mutex_);
  bool closed_ CONVOKE_GUARDED_BY(mutex_) = false;
};

}  // namespace convoke::app
