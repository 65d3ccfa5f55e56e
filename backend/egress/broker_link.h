#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backend/egress/host_lookup.h"
#include "backend/egress/link.h"

namespace convoke::egress {

/// PEM files. With a `ca_file` the connection is TLS: the broker shows a certificate of this authority for
/// the host's name, and is shown ours, where there is one.
struct LinkTls {
  std::string ca_file, cert_file, key_file;
};

struct LinkOptions {
  std::string host;
  int port = 1883;
  std::string client_id;
  std::string will_topic, will_payload;  // retained, QoS 1; an empty topic: no will
  bool keeps_session = true;             // over the end of the connection, for a day
  bool finds_host_first = false;         // the host's name, on a thread of its own: see HostLookup
  LinkTls tls = {};
};

/// One MQTT 5 connection of the server, over Paho. Everything
/// that happens is handed to `sink`, on Paho's threads: it must only store and return.
class BrokerLink final : public Link {
 public:
  BrokerLink(LinkOptions options, std::function<void(LinkEvent)> sink);
  ~BrokerLink() override;

  void connect(const std::string& token) override;
  void disconnect() override;
  void subscribe(const std::vector<Filter>& filters) override;
  void unsubscribe(const std::string& filter) override;
  void publish(const std::string& topic, const std::string& payload, int qos, bool retain,
               const std::string& correlation, std::uint64_t number) override;
  std::uint64_t connection() const override { return connection_; }

 private:
  struct Connection;
  void dial(const std::string& token);
  LinkOptions options_;
  std::function<void(LinkEvent)> sink_;
  std::uint64_t connection_ = 0;
  std::unique_ptr<Connection> current_;
  HostLookup lookup_;  // first to go: it may be about to dial
};

}  // namespace convoke::egress
