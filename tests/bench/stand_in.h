#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "backend/core/effects.h"
#include "ops/crowd/wire.h"
#include "topics/sync/mutex.h"

namespace convoke::bench {

/// In the server's place at a broker without our plugin: publishes what it is given, in order and with QoS 1,
/// and answers every request of a phone with nothing. It decides, stores and checks nothing: the least that
/// the same messages can cost.
class StandIn {
 public:
  explicit StandIn(std::uint16_t broker_port);
  ~StandIn();
  StandIn(const StandIn&) = delete;

  /// Publishes of a core's step; changes of the plugin's membership are left out.
  void send(const std::vector<core::Outgoing>& messages);

 private:
  void run();
  void read();
  void take(const crowd::wire::Packet& packet);
  void write();

  int fd_;
  int wake_;  // an eventfd
  std::string in_, out_;
  std::size_t on_their_way_ = 0;
  std::uint16_t id_ = 0;
  std::deque<core::Publish> answers_;
  Mutex mutex_;
  std::deque<core::Publish> waiting_ CONVOKE_GUARDED_BY(mutex_);
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace convoke::bench
