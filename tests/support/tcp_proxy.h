#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "topics/sync/mutex.h"

namespace convoke::test {

/// A way from one server to another on this machine that a test can cut: connections go through it to
/// `target`, until `cut`, which resets them and refuses further ones, until `heal`. With `keep` it keeps what
/// it has carried.
class TcpProxy {
 public:
  explicit TcpProxy(std::uint16_t target, bool keep = false);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::uint16_t port() const { return port_; }
  void cut();
  void heal() { cut_ = false; }
  /// Each piece as it came, of all connections and both directions.
  std::string carried() const;

 private:
  void accept_all();
  void carry(int from, int to);

  const std::uint16_t target_;
  const bool keep_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> cut_ = false, stopping_ = false;
  mutable Mutex mutex_;
  std::string carried_ CONVOKE_GUARDED_BY(mutex_);
  std::vector<int> sockets_ CONVOKE_GUARDED_BY(mutex_);
  std::vector<std::thread> carriers_ CONVOKE_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace convoke::test
