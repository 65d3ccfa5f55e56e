#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace convoke::app {

/// The server's figures, on a listener of their own (Prometheus text at /metrics). Set by the server's
/// thread, but for count_hook: any.
class Metrics {
 public:
  /// Listens on host:port. Throws std::runtime_error if the address cannot be had. Port 0: keeps figures,
  /// serves none.
  Metrics(const std::string& host, int port);
  ~Metrics();

  void count_message(const std::string& kind);
  void count_hook(const std::string& hook, const std::string& result);
  /// From any thread.
  void count_mail(const std::string& outcome);
  void count_event(const std::string& type);
  void set_rejects(const std::map<std::string, std::uint64_t>& by_reason);
  void set_broker_counters(const std::map<std::string, std::uint64_t>& counters);
  void set_gauge(const std::string& name, double value);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace convoke::app
