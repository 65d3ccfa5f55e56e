#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "topics/sync/mutex.h"

namespace convoke::test {

/// A way from one server to another on this machine that a test can disturb: connections go through it to
/// `target`. With `keep` it keeps what it has carried.
class TcpProxy {
 public:
  explicit TcpProxy(std::uint16_t target, bool keep = false);
  /// Addresses at which it listens and to which it dials.
  struct Ends {
    std::string listen, dial;
  };
  TcpProxy(std::uint16_t target, const Ends& ends, bool keep = false);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::uint16_t port() const { return port_; }
  /// Ends all connections and refuses further ones.
  void cut();
  /// Ends all connections as a peer does that has crashed; further ones are welcome.
  void reset();
  /// What goes in either direction arrives so much later.
  void delay(std::chrono::milliseconds by) { delay_ms_ = static_cast<int>(by.count()); }
  /// Holds what goes towards the target, or comes back from it, as long as it is so.
  void stall(bool there, bool back) { stalled_[0] = there, stalled_[1] = back; }
  /// What goes towards the target, or comes back from it, is lost as long as it is so, unnoticed by who sends
  /// it. A connection that has lost something ends when its way is well again, as TCP would not go on.
  void lose(bool there, bool back) { lost_[0] = there, lost_[1] = back; }
  /// All is as it was in the beginning; what was held goes on.
  void heal();
  /// Each piece as it came, of all connections and both directions.
  std::string carried() const;

 private:
  void accept_all();
  void carry(int from, int to, const std::atomic<bool>& stalled, const std::atomic<bool>& lost);

  const std::uint16_t target_;
  const std::string dial_;
  const bool keep_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> cut_ = false, stopping_ = false;
  std::atomic<int> delay_ms_ = 0;
  std::array<std::atomic<bool>, 2> stalled_ = {}, lost_ = {};
  mutable Mutex mutex_;
  std::string carried_ CONVOKE_GUARDED_BY(mutex_);
  std::vector<int> sockets_ CONVOKE_GUARDED_BY(mutex_);
  std::vector<std::thread> carriers_ CONVOKE_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace convoke::test
