#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

namespace convoke::test {

/// The mail server's end of a connection.
class UnixPeer {
 public:
  explicit UnixPeer(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~UnixPeer() { ::close(fd_); }
  UnixPeer(const UnixPeer&) = delete;
  UnixPeer& operator=(const UnixPeer&) = delete;

  bool connected() const { return connected_; }
  void say(const std::string& text) {
    ASSERT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  /// Up to the first that ends with this, or to the end of the connection.
  std::string hear(const std::string& end = "\r\n") {
    std::string heard;
    char c = 0;
    while (heard.size() < end.size() || heard.compare(heard.size() - end.size(), end.size(), end) != 0) {
      if (::recv(fd_, &c, 1, 0) != 1) break;
      heard += c;
    }
    return heard;
  }
  int fd() const { return fd_; }

 private:
  int fd_;
  bool connected_ = false;
};

}  // namespace convoke::test
