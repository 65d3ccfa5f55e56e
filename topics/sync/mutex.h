#pragma once

#include <mutex>

// Lets clang check what each mutex guards (-Wthread-safety): libstdc++'s own mutex tells it nothing. This is
// no part of the protocol's language; it is here because `topics` is all that server, SDK and crowd share.

#ifdef __clang__
#define CONVOKE_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define CONVOKE_THREAD_SAFETY(attribute)
#endif

/// Of a variable: touched only with the mutex held.
#define CONVOKE_GUARDED_BY(mutex) CONVOKE_THREAD_SAFETY(guarded_by(mutex))
/// Of a function: called only with the mutex held, or only without.
#define CONVOKE_REQUIRES(mutex) CONVOKE_THREAD_SAFETY(requires_capability(mutex))
#define CONVOKE_EXCLUDES(mutex) CONVOKE_THREAD_SAFETY(locks_excluded(mutex))
/// Of a function: takes the mutex (none named: its own object), or gives it back.
#define CONVOKE_ACQUIRE(...) CONVOKE_THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define CONVOKE_RELEASE(...) CONVOKE_THREAD_SAFETY(release_capability(__VA_ARGS__))

namespace convoke {

/// A std::mutex that clang knows. To wait, give it to a std::condition_variable_any, and hold it: of that
/// call clang checks nothing.
class CONVOKE_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  void lock() CONVOKE_ACQUIRE() { mutex_.lock(); }
  void unlock() CONVOKE_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a mutex to the end of its scope.
class CONVOKE_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) CONVOKE_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() CONVOKE_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace convoke
