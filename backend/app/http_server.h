#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend/app/api.h"
#include "backend/app/event_hub.h"
#include "backend/app/keys.h"

namespace convoke::app {

/// The HTTP interface: checks the token, then hands the call on. Its threads own nothing but their sockets.
class HttpServer {
 public:
  struct Hooks {
    /// Carries out a command and waits until it is on disk. Called on many threads at a time.
    std::function<ApiResponse(const topics::Principal&, Command)> call;
    /// What is wrong with the server, for /v1/health; empty: nothing.
    std::function<std::vector<std::string>()> problems;
    geo::AreaLimits area_limits = {};
    const gateways::IdentityVault* vault = nullptr;
  };

  HttpServer(std::string site, std::string version, const Keys& keys, EventHub& events, Hooks hooks);
  ~HttpServer();

  /// Listens and serves on threads of its own. Throws std::runtime_error if the address cannot be had.
  void start(const std::string& host, int port);
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace convoke::app
