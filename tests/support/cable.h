#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "tests/support/tcp_proxy.h"

namespace convoke::test {

/// A way to a port of this machine that goes through a network namespace of its own and so over a (virtual)
/// cable, which can be unplugged: then packets are lost, and nobody says so.
class Cable {
 public:
  /// Null where it is not allowed (it takes root, and `ip`).
  static std::unique_ptr<Cable> lay(std::uint16_t target);
  ~Cable();
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  /// The far end, from where connections go on to the target.
  const std::string& host() const { return far_; }
  std::uint16_t port() const { return there_->port(); }
  void unplug();
  void plug_in();

 private:
  explicit Cable(std::string name, std::string near, std::string far)
      : name_(std::move(name)), near_(std::move(near)), far_(std::move(far)) {}
  bool set_up(std::uint16_t target);

  std::string name_, near_, far_;           // of the namespace; addresses
  std::unique_ptr<TcpProxy> here_, there_;  // on this side, and in the namespace
};

}  // namespace convoke::test
