#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend/gateways/hooks/hook_service.h"

namespace convoke::gateways::hooks {

/// The hooks' own HTTP listener, apart from the staff interface: this one is meant to be reached from
/// outside, through a proxy with TLS. Path /hooks/{name}.
class HookServer {
 public:
  /// `now_ms`: real time.
  HookServer(HookService& service, std::function<std::int64_t()> now_ms);
  ~HookServer();

  /// Listens and serves on threads of its own. Throws std::runtime_error if the address cannot be had.
  void start(const std::string& host, int port);
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace convoke::gateways::hooks
