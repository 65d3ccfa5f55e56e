#include "mobile-sdk/src/runtime.h"

#include <algorithm>
#include <chrono>

namespace convoke::sdk {

Now system_now() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return {duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count(),
          duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

namespace {
constexpr auto kPatience = std::chrono::seconds(1);
}  // namespace

Runtime::Runtime() : impl_(std::make_shared<Impl>()) { impl_->start(); }
Runtime::~Runtime() { impl_->stop(); }

std::shared_ptr<Runtime> Runtime::shared() {
  static Mutex mutex;
  static std::weak_ptr<Runtime> current CONVOKE_GUARDED_BY(mutex);
  const MutexLock lock(mutex);
  std::shared_ptr<Runtime> runtime = current.lock();
  if (!runtime) current = runtime = std::make_shared<Runtime>();
  return runtime;
}

void Runtime::Impl::start() {
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void Runtime::Impl::stop() {
  bool ended = false;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
    ended = !on_own_thread() &&
            ended_changed_.wait_for(mutex_, kPatience, [this]() CONVOKE_REQUIRES(mutex_) { return ended_; });
  }
  if (ended)
    thread_.join();
  else
    thread_.detach();
}

void Runtime::Impl::post(Job job) {
  {
    const MutexLock lock(mutex_);
    jobs_.push_back(std::move(job));
    if (jobs_.size() > 1) return;  // the thread is awake or was woken for the first
  }
  wake_.notify_one();
}

void Runtime::Impl::post_at(std::int64_t steady_ms, Job job) {
  {
    const MutexLock lock(mutex_);
    timers_.push({steady_ms, ++order_, std::move(job)});
  }
  wake_.notify_one();
}

bool Runtime::Impl::take(std::vector<Job>& work) {
  const MutexLock lock(mutex_);
  for (;;) {
    work.swap(jobs_);
    if (stopping_) return !work.empty();
    const std::int64_t now_ms = system_now().steady_ms;
    while (!timers_.empty() && timers_.top().due_ms <= now_ms) {
      work.push_back(timers_.top().job);
      timers_.pop();
    }
    if (!work.empty()) return true;
    if (timers_.empty())
      wake_.wait(mutex_);
    else
      wake_.wait_for(mutex_, std::chrono::milliseconds(
                                 std::clamp<std::int64_t>(timers_.top().due_ms - now_ms, 1, 60'000)));
  }
}

void Runtime::Impl::run() {
  std::vector<Job> work;
  while (take(work)) {
    for (const Job& job : work) job();
    work.clear();
  }
  const MutexLock lock(mutex_);
  ended_ = true;
  ended_changed_.notify_all();
}

}  // namespace convoke::sdk
