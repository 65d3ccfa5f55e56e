#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/loopback.h"

namespace convoke::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kIdleMs = 200;

constexpr const char* kLoopback = "127.0.0.1";

sockaddr_in address(const std::string& host, std::uint16_t port) {
  sockaddr_in at = loopback(port);
  if (::inet_pton(AF_INET, host.c_str(), &at.sin_addr) != 1) throw std::runtime_error("no address: " + host);
  return at;
}

int dial(const std::string& host, std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = address(host, port);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

bool send_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

TcpProxy::TcpProxy(std::uint16_t target, bool keep) : TcpProxy(target, {kLoopback, kLoopback}, keep) {}

TcpProxy::TcpProxy(std::uint16_t target, const Ends& ends, bool keep)
    : target_(target), dial_(ends.dial), keep_(keep) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own = address(ends.listen, 0);
  socklen_t size = sizeof own;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&own), size) != 0 ||
      ::listen(listener_, 16) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    throw std::runtime_error("a proxy cannot listen on " + ends.listen);
  port_ = ntohs(own.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

TcpProxy::~TcpProxy() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  cut();
  std::vector<std::thread> carriers;
  {
    const MutexLock lock(mutex_);
    carriers.swap(carriers_);
  }
  for (std::thread& t : carriers) t.join();
  const MutexLock lock(mutex_);
  for (const int fd : sockets_) ::close(fd);
}

void TcpProxy::cut() {
  cut_ = true;
  const MutexLock lock(mutex_);
  for (const int fd : sockets_) ::shutdown(fd, SHUT_RDWR);  // closed with the proxy: no number is used twice
}

std::string TcpProxy::carried() const {
  const MutexLock lock(mutex_);
  return carried_;
}

void TcpProxy::reset() {
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;  // "connecting" there resets, and keeps the number: tcp(7), RFC 9293 ABORT
  const MutexLock lock(mutex_);
  // Not by connect(): TSan takes that for the making of the socket, which others read from meanwhile.
  for (const int fd : sockets_) ::syscall(SYS_connect, fd, &nowhere, sizeof nowhere);
}

void TcpProxy::heal() {
  cut_ = false;
  delay_ms_ = 0;
  stall(false, false);
  lose(false, false);
}

void TcpProxy::accept_all() {
  while (!stopping_) {
    const int in = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (in < 0) continue;
    const int out = cut_ ? -1 : dial(dial_, target_);
    if (out < 0) {
      ::close(in);
      continue;
    }
    const MutexLock lock(mutex_);
    if (cut_) {  // while it was dialled
      ::close(in);
      ::close(out);
      continue;
    }
    sockets_.push_back(in);
    sockets_.push_back(out);
    carriers_.emplace_back([this, in, out] { carry(in, out, stalled_[0], lost_[0]); });
    carriers_.emplace_back([this, in, out] { carry(out, in, stalled_[1], lost_[1]); });
  }
}

/// Reads ahead of what it holds back only so far, as a network does.
void TcpProxy::carry(int from, int to, const std::atomic<bool>& stalled, const std::atomic<bool>& lost) {
  constexpr std::size_t kMostHeld = 64;
  constexpr int kLookMs = 5;
  struct Chunk {
    Clock::time_point due;
    std::string bytes;
  };
  std::deque<Chunk> held;
  char buffer[16'384];
  bool torn = false;  // something of it was lost
  while (!stopping_ && (lost || !torn)) {
    pollfd in{held.size() < kMostHeld ? from : -1, POLLIN, 0};
    int wait_ms = stalled ? kLookMs : kIdleMs;
    if (!held.empty() && !stalled)
      wait_ms = static_cast<int>(
          std::chrono::ceil<std::chrono::milliseconds>(held.front().due - Clock::now()).count());
    if (::poll(&in, 1, std::clamp(wait_ms, 0, kIdleMs)) > 0) {
      const ssize_t n = ::recv(from, buffer, sizeof buffer, 0);
      if (n <= 0) break;
      torn = torn || lost;
      if (torn) continue;
      held.push_back({Clock::now() + std::chrono::milliseconds(delay_ms_),
                      std::string(buffer, static_cast<std::size_t>(n))});
      if (keep_) {
        const MutexLock lock(mutex_);
        carried_ += held.back().bytes;
      }
    }
    for (; !held.empty() && !stalled && held.front().due <= Clock::now(); held.pop_front())
      if (!send_all(to, held.front().bytes)) return;
  }
  ::shutdown(to, SHUT_RDWR);
}

}  // namespace convoke::test
