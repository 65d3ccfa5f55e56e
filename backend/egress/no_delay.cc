#include "backend/egress/no_delay.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>

namespace convoke::egress {
namespace {

/// Of the peer of a TCP connection; 0: it is none.
std::uint16_t peer_port(int fd) {
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return 0;
  if (peer.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(peer).sin_port);
  if (peer.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(peer).sin6_port);
  return 0;
}

}  // namespace

void set_no_delay(std::uint16_t port) {
  std::error_code gone;  // what opens and closes meanwhile is not ours
  for (std::filesystem::directory_iterator it("/proc/self/fd", gone), end; !gone && it != end;
       it.increment(gone)) {
    const std::string name = it->path().filename().string();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    const int on = 1;
    if (peer_port(fd) == port) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
}

}  // namespace convoke::egress
