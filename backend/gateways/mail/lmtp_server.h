#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "backend/gateways/mail/lmtp_session.h"

namespace convoke::gateways {

/// Listens for LMTP where a mail server on this machine delivers: on a unix socket, which only it and we may
/// open, or on a TCP port of loopback. A thread for each connection, of which there are few.
class LmtpServer {
 public:
  struct Options {
    std::string listen;  // "unix:/run/convoke/lmtp.sock" or "127.0.0.1:2424"
    std::string group;   // who may open the unix socket besides us; empty: nobody
    LmtpSession::Options session;
    std::size_t max_connections = 16;
    int patience_s = 300;  // for the peer's next bytes (RFC 5321, 4.5.3.2.7)
  };
  /// What became of the mail for each recipient. On many threads at a time; must not throw.
  using Deliver = std::function<std::vector<LmtpVerdict>(const LmtpMail&)>;

  LmtpServer(Options options, Deliver deliver);
  ~LmtpServer();
  LmtpServer(const LmtpServer&) = delete;
  LmtpServer& operator=(const LmtpServer&) = delete;

  /// Listens and serves. Throws std::runtime_error if the address cannot be had.
  void start();
  /// Cuts every connection and waits for its thread: a mail that has not been answered comes again.
  void stop();
  /// The TCP port that it listens on; 0 for a unix socket.
  int port() const { return port_; }

 private:
  struct Connection {
    std::thread thread;
    std::atomic<bool> done = false;
  };

  void accept_all();
  bool begin(int fd);
  void join_done();
  void serve(int fd);
  bool converse(int fd, LmtpSession& session);

  Options options_;
  Deliver deliver_;
  int port_ = 0;
  int listener_ = -1, stop_fd_ = -1;
  std::thread acceptor_;
  std::vector<std::unique_ptr<Connection>> connections_;  // of the acceptor
};

/// Whether an address is one that LmtpServer can listen on: a unix socket's absolute path, or loopback, but
/// not port 25, which RFC 2033 forbids.
bool is_lmtp_address(const std::string& listen);

}  // namespace convoke::gateways
