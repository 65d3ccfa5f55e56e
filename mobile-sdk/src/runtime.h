#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <queue>
#include <thread>
#include <vector>

#include "convoke/client.h"
#include "mobile-sdk/src/link.h"
#include "topics/sync/mutex.h"

namespace convoke::sdk {

/// The system's two clocks.
Now system_now();

/// One thread that runs jobs in order, and jobs at their time.
class Runtime::Impl : public std::enable_shared_from_this<Runtime::Impl> {
 public:
  using Job = std::function<void()>;

  void start();
  /// Runs what was posted, drops what waits for its time, and ends the thread. Waits for that, but not for a
  /// job that hangs in the app's code: the thread then ends, and this object with it, when that returns.
  void stop();

  /// From any thread; never blocks on a job.
  void post(Job job);
  /// `steady_ms` as in Now.
  void post_at(std::int64_t steady_ms, Job job);
  bool on_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  struct Timer {
    std::int64_t due_ms;
    std::uint64_t order;
    Job job;
    bool operator<(const Timer& other) const {  // the greatest is the earliest
      return due_ms != other.due_ms ? due_ms > other.due_ms : order > other.order;
    }
  };
  void run();
  /// Waits for work and takes it; false when it is time to stop.
  bool take(std::vector<Job>& work);

  Mutex mutex_;
  std::condition_variable_any wake_;
  std::condition_variable_any ended_changed_;
  std::vector<Job> jobs_ CONVOKE_GUARDED_BY(mutex_);
  std::priority_queue<Timer> timers_ CONVOKE_GUARDED_BY(mutex_);
  std::uint64_t order_ CONVOKE_GUARDED_BY(mutex_) = 0;
  bool stopping_ CONVOKE_GUARDED_BY(mutex_) = false;
  bool ended_ CONVOKE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace convoke::sdk
