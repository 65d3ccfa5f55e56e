#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <random>
#include <stdexcept>

#include "tests/support/loopback.h"

namespace convoke::test {

/// A TCP port on 127.0.0.1 that was free a moment ago. Another process may take it first: whoever listens on
/// it must be ready to ask again. Below the ports that the system gives to outgoing connections (from 32768
/// on), so that none of those takes it while its listener is being restarted.
inline std::uint16_t free_port() {
  std::random_device random;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const auto port = static_cast<std::uint16_t>(10'000 + random() % 22'000);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(port);
    const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (fd >= 0) ::close(fd);
    if (bound) return port;
  }
  throw std::runtime_error("no free port on 127.0.0.1");
}

}  // namespace convoke::test
