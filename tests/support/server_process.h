#pragma once

#include <cstdint>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_tokens.h"

namespace convoke::test {

/// An answer of the server's HTTP interface. status 0: the server could not be reached.
struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// The real server (convoked) beside a broker on this machine, with a store of its own. Its data and port
/// stay the same over restarts. Dies with the thread that started it.
class ServerProcess {
 public:
  /// `more_config`: lines for the end of the configuration file. `data_dir`: empty for a fresh folder.
  ServerProcess(const TestTokens& tokens, std::uint16_t broker_port, std::string more_config = {},
                std::string data_dir = {});

  /// Starts it and waits until it says that it is ready. Throws std::runtime_error with the log if it does
  /// not in 30 s.
  void start();
  /// Starts it without waiting.
  void spawn();
  /// Waits until it answers /v1/health with `status`; false after 30 s.
  bool wait_for_health(int status) const;
  void kill9();
  /// Writes this as its keys, sends SIGHUP, and gives the line that it logs about them; "" if none comes in
  /// 30 s.
  std::string reload_keys(const std::string& jwks);
  /// SIGTERM; gives the exit code.
  int stop();

  /// Calls the HTTP interface as an operator. `path` without /v1.
  HttpAnswer call(const std::string& method, const std::string& path, const std::string& body = {},
                  const std::string& content_type = "application/json") const;
  /// The same as somebody else; an empty token sends none.
  HttpAnswer call_as(const std::string& token, const std::string& method, const std::string& path,
                     const std::string& body = {},
                     const std::string& content_type = "application/json") const;

  /// User and system time used since it was started, in seconds.
  double cpu_s() const { return process_.cpu_s(); }
  pid_t pid() const { return process_.pid(); }
  std::uint16_t http_port() const { return http_port_; }
  std::string config_path() const { return dir_ / "server.toml"; }
  std::string log() const;
  /// Where its store, its log and its backups are.
  const std::filesystem::path& folder() const { return dir_.path(); }

 private:
  TempDir dir_;
  std::string operator_token_;
  std::uint16_t http_port_;
  ChildProcess process_;
};

/// Runs a server with this configuration until it ends by itself, which must be soon; gives its exit code.
/// What it says goes to `log_path`.
int run_server(const std::string& config_path, const std::string& log_path = "/dev/null");

}  // namespace convoke::test
