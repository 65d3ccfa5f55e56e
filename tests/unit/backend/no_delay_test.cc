#include "backend/egress/no_delay.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/loopback.h"

namespace convoke::egress {
namespace {

/// Somebody who listens, and a connection to them.
struct Pair {
  Pair() {
    sockaddr_in own = test::loopback(0);
    socklen_t size = sizeof own;
    auto* address = reinterpret_cast<sockaddr*>(&own);
    EXPECT_EQ(::bind(listener, address, size), 0);
    EXPECT_EQ(::listen(listener, 1), 0);
    EXPECT_EQ(::getsockname(listener, address, &size), 0);
    EXPECT_EQ(::connect(client, address, size), 0);
    port = ntohs(own.sin_port);
  }
  ~Pair() {
    ::close(client);
    ::close(listener);
  }
  bool no_delay() const {
    int on = 0;
    socklen_t size = sizeof on;
    EXPECT_EQ(::getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
    return on != 0;
  }
  int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
};

TEST(NoDelay, R34_IsSetOnTheConnectionsToThatPortOnly) {
  const Pair meant, other;
  set_no_delay(meant.port);
  EXPECT_TRUE(meant.no_delay());
  EXPECT_FALSE(other.no_delay());
}

}  // namespace
}  // namespace convoke::egress
