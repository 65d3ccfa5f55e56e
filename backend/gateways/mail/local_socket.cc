#include "backend/gateways/mail/local_socket.h"

#include <arpa/inet.h>
#include <grp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace convoke::gateways {
namespace {

constexpr int kBacklog = 64;
constexpr std::uint16_t kSmtp = 25;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("mail.listen: " + what); }

/// Closes what was opened, unless it is given away.
struct Fd {
  int fd;
  ~Fd() {
    if (fd >= 0) ::close(fd);
  }
  int release() { return std::exchange(fd, -1); }
};

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

bool somebody_listens(const sockaddr_un& address) {
  const Fd probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  return ::connect(probe.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

void remove_left_behind(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return;
  if (!S_ISSOCK(found.st_mode)) fail(path + " is there, and is no socket");
  if (somebody_listens(address)) fail(path + " is taken: does another server run?");
  ::unlink(path.c_str());
}

void give_to_group(const std::string& path, const std::string& name) {
  if (name.empty()) return;
  const group* found = ::getgrnam(name.c_str());
  if (!found) throw std::runtime_error("mail.group: there is no group " + name);
  if (::chown(path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0)
    throw std::runtime_error("mail.group: " + path + " cannot be given to " + name);
  ::chmod(path.c_str(), 0660);
}

int listen_unix(const std::string& path, const std::string& group) {
  const sockaddr_un address = unix_address(path);
  remove_left_behind(path, address);
  Fd s{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  // Nobody else can open it before it is given to the group.
  if (::fchmod(s.fd, 0600) != 0 ||
      ::bind(s.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail(path + " cannot be made: is its folder there, and ours?");
  ::chmod(path.c_str(), 0600);
  give_to_group(path, group);
  if (::listen(s.fd, kBacklog) != 0) fail(path + " cannot be listened on");
  return s.release();
}

LocalSocket listen_tcp(std::uint16_t port) {
  Fd s{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  const int yes = 1;
  ::setsockopt(s.fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  socklen_t size = sizeof address;
  if (::bind(s.fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(s.fd, kBacklog) != 0)
    fail("127.0.0.1:" + std::to_string(port) + " cannot be listened on: is it taken?");
  ::getsockname(s.fd, reinterpret_cast<sockaddr*>(&address), &size);
  return {s.release(), ntohs(address.sin_port)};
}

}  // namespace

std::optional<LocalAddress> parse_local(const std::string& text) {
  constexpr std::string_view kUnix = "unix:", kLoopback = "127.0.0.1:";
  if (text.compare(0, kUnix.size(), kUnix) == 0) {
    std::string path = text.substr(kUnix.size());
    if (path.size() < 2 || path[0] != '/' || path.size() >= sizeof(sockaddr_un::sun_path))
      return std::nullopt;
    return LocalAddress{std::move(path), 0};
  }
  if (text.compare(0, kLoopback.size(), kLoopback) != 0) return std::nullopt;
  LocalAddress address;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + kLoopback.size(), end, address.port);
  if (read.ec != std::errc() || read.ptr != end || address.port == kSmtp) return std::nullopt;
  return address;
}

LocalSocket listen_locally(const std::string& text, const std::string& group) {
  const auto address = parse_local(text);
  if (!address) fail("expected \"unix:/path\" or \"127.0.0.1:PORT\", not port 25");
  if (address->path.empty()) return listen_tcp(address->port);
  return {listen_unix(address->path, group), 0};
}

}  // namespace convoke::gateways
