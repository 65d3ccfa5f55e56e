#include "tests/support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace convoke::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int dial(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = loopback(port);
  if (fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

}  // namespace

TcpProxy::TcpProxy(std::uint16_t target, bool keep) : target_(target), keep_(keep) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in own = loopback(0);
  socklen_t size = sizeof own;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&own), size) != 0 ||
      ::listen(listener_, 16) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    throw std::runtime_error("a proxy cannot listen on 127.0.0.1");
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

void TcpProxy::accept_all() {
  while (!stopping_) {
    const int in = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (in < 0) continue;
    const int out = cut_ ? -1 : dial(target_);
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
    carriers_.emplace_back([this, in, out] { carry(in, out); });
    carriers_.emplace_back([this, in, out] { carry(out, in); });
  }
}

void TcpProxy::carry(int from, int to) {
  char buffer[16'384];
  while (true) {
    const ssize_t n = ::recv(from, buffer, sizeof buffer, 0);
    if (n <= 0) break;
    if (keep_) {
      const MutexLock lock(mutex_);
      carried_.append(buffer, static_cast<std::size_t>(n));
    }
    for (ssize_t done = 0; done < n;) {
      const ssize_t sent = ::send(to, buffer + done, static_cast<std::size_t>(n - done), MSG_NOSIGNAL);
      if (sent <= 0) return;
      done += sent;
    }
  }
  ::shutdown(to, SHUT_RDWR);
}

}  // namespace convoke::test
