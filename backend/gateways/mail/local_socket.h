#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace convoke::gateways {

/// An address that only this machine can reach.
struct LocalAddress {
  std::string path;  // of a unix socket; empty: TCP on 127.0.0.1
  std::uint16_t port = 0;
};
/// "unix:/absolute/path" or "127.0.0.1:PORT", not port 25. Nothing for anything else.
std::optional<LocalAddress> parse_local(const std::string& text);

struct LocalSocket {
  int fd = -1;
  int port = 0;  // of TCP
};
/// Listens there. A unix socket is for its owner and `group` (empty: nobody else); one that was left behind
/// is replaced, one that somebody listens on is not. Throws std::runtime_error saying what is wrong.
LocalSocket listen_locally(const std::string& text, const std::string& group);

}  // namespace convoke::gateways
