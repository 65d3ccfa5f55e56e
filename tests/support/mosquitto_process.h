#pragma once

#include <cstdint>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace convoke::test {

/// The real Mosquitto with our plugin, configured by ops/broker/mosquitto.conf.in, on a loopback port of its
/// own and with files of its own. As root it runs as user mosquitto, like the one that ops/run starts.
class MosquittoProcess {
 public:
  /// `public_jwks`: keys that tokens are checked with. `more_config`: lines for the end of the configuration,
  /// where plugin_opt_… lines are possible too.
  MosquittoProcess(const std::string& site, const std::string& public_jwks, std::string more_config = {});
  /// The same configuration without the plugin, open to everyone: what benchmarks compare with.
  MosquittoProcess();

  /// Starts it and waits until it accepts connections; the first time on a free port, then on the same one
  /// again. Throws std::runtime_error with the log if it does not within 10 s.
  void start();
  /// SIGKILL: gone at once, nothing is written or said.
  void kill9();
  /// SIGTERM, and waits for the end.
  void stop();
  bool is_running() const { return process_.pid() > 0; }

  std::uint16_t port() const { return port_; }
  /// "tcp://127.0.0.1:PORT", as Paho wants it.
  std::string url() const { return "tcp://127.0.0.1:" + std::to_string(port_); }
  /// User and system time used so far, in seconds.
  double cpu_s() const { return process_.cpu_s(); }
  pid_t pid() const { return process_.pid(); }
  /// All that it has logged since it was made.
  std::string log() const;
  /// Where all its files are.
  const std::filesystem::path& folder() const { return dir_.path(); }

 private:
  void write_config() const;
  void spawn();
  bool accepts_connections() const;
  bool wait_until_ready();

  TempDir dir_;
  std::string site_;
  std::string more_config_;
  std::uint16_t port_ = 0;
  ChildProcess process_;
};

}  // namespace convoke::test
