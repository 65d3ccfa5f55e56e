#pragma once

#include <memory>
#include <string>
#include <utility>

#include "topics/sync/mutex.h"
#include "topics/token/token.h"

namespace convoke::app {

/// The keys that tokens are checked with, from their file. Thread-safe: whoever uses a set keeps it while
/// another takes its place.
class Keys {
 public:
  /// Throws std::runtime_error if the file holds no JWK Set.
  explicit Keys(std::string path)
      : path_(std::move(path)), keys_(std::make_shared<token::KeySet>(token::KeySet::load(path_))) {}

  std::shared_ptr<const token::KeySet> current() const {
    const MutexLock lock(mutex_);
    return keys_;
  }

  /// Reads the file again. Throws std::runtime_error and keeps the keys there are if it cannot be used.
  void reload() {
    auto fresh = std::make_shared<token::KeySet>(token::KeySet::load(path_));
    const MutexLock lock(mutex_);
    keys_ = std::move(fresh);
  }

 private:
  const std::string path_;
  mutable Mutex mutex_;
  std::shared_ptr<const token::KeySet> keys_ CONVOKE_GUARDED_BY(mutex_);
};

}  // namespace convoke::app
