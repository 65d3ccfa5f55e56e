#include "backend/gateways/mail/lmtp_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "backend/gateways/mail/local_socket.h"

namespace convoke::gateways {
namespace {

enum class Wait { ready, stopped, timed_out };

/// Until the socket is ready for `events`.
Wait wait_for(int fd, short events, int stop_fd, int patience_s) {
  std::array<pollfd, 2> fds{{{fd, events, 0}, {stop_fd, POLLIN, 0}}};
  int ready = 0;
  do ready = ::poll(fds.data(), fds.size(), patience_s < 0 ? -1 : patience_s * 1000);
  while (ready < 0 && errno == EINTR);
  if (fds[1].revents != 0) return Wait::stopped;
  return ready > 0 ? Wait::ready : Wait::timed_out;
}

bool send_all(int fd, std::string_view text, int stop_fd, int patience_s) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
      if (wait_for(fd, POLLOUT, stop_fd, patience_s) != Wait::ready) return false;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

LmtpServer::LmtpServer(Options options, Deliver deliver)
    : options_(std::move(options)), deliver_(std::move(deliver)) {}

LmtpServer::~LmtpServer() { stop(); }

void LmtpServer::start() {
  const LocalSocket made = listen_locally(options_.listen, options_.group);
  listener_ = made.fd;
  port_ = made.port;
  stop_fd_ = ::eventfd(0, EFD_CLOEXEC);
  acceptor_ = std::thread([this] { accept_all(); });
}

void LmtpServer::stop() {
  if (!acceptor_.joinable()) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(stop_fd_, &one, sizeof one);
  acceptor_.join();
  for (auto& connection : connections_) connection->thread.join();
  connections_.clear();
  ::close(listener_);
  ::close(stop_fd_);
}

void LmtpServer::accept_all() {
  while (wait_for(listener_, POLLIN, stop_fd_, -1) == Wait::ready) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    join_done();
    if (fd < 0) {
      // Out of file descriptors: nothing to do but to let the others end.
      if (errno == EMFILE || errno == ENFILE) std::this_thread::sleep_for(std::chrono::milliseconds(100));
      continue;
    }
    if (connections_.size() < options_.max_connections && begin(fd)) continue;
    send_all(fd, "421 4.3.2 Too many connections\r\n", stop_fd_, 0);
    ::close(fd);
  }
}

/// False where the machine has no thread left for it.
bool LmtpServer::begin(int fd) {
  auto connection = std::make_unique<Connection>();
  Connection* const c = connection.get();
  try {
    c->thread = std::thread([this, c, fd] {
      serve(fd);
      c->done = true;
    });
  } catch (const std::system_error&) {
    return false;
  }
  connections_.push_back(std::move(connection));
  return true;
}

void LmtpServer::join_done() {
  // Asked once each: one that is done by the second time would go without being joined, which ends the
  // program.
  std::erase_if(connections_, [](const auto& connection) {
    if (!connection->done) return false;
    connection->thread.join();
    return true;
  });
}

void LmtpServer::serve(int fd) {
  LmtpSession session(options_.session);
  std::array<char, 16 * 1024> bytes;
  bool open = send_all(fd, session.greeting(), stop_fd_, options_.patience_s);
  while (open) {
    const Wait wait = wait_for(fd, POLLIN, stop_fd_, options_.patience_s);
    if (wait == Wait::timed_out) send_all(fd, "421 4.4.2 Nothing came for too long\r\n", stop_fd_, 0);
    if (wait == Wait::stopped) send_all(fd, "421 4.3.2 Shutting down\r\n", stop_fd_, 0);
    if (wait != Wait::ready) break;
    const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) break;
    session.take({bytes.data(), static_cast<std::size_t>(got)});
    open = converse(fd, session);
  }
  ::close(fd);
}

/// All that the session has to say now, in as few packets as may be. False once the connection is over.
bool LmtpServer::converse(int fd, LmtpSession& session) {
  std::string text;
  while (auto step = session.next()) {
    text += step->mail ? session.answer(deliver_(*step->mail)) : step->text;
    if (step->closes) {
      send_all(fd, text, stop_fd_, options_.patience_s);
      return false;
    }
  }
  return send_all(fd, text, stop_fd_, options_.patience_s);
}

bool is_lmtp_address(const std::string& listen) { return parse_local(listen).has_value(); }

}  // namespace convoke::gateways
