#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/support/federated_site.h"
#include "tests/support/test_client.h"
#include "topics/messages/presence.h"
#include "topics/topic.h"

namespace convoke::bench {

/// Members of a site who look in, at an even pace until the end of this: one after the other connects, says
/// how they are, and goes.
class Visitors {
 public:
  /// Users `u{from}` to `u{to - 1}`.
  Visitors(const test::Site& site, int from, int to, int per_minute, std::uint64_t seed)
      : thread_([=, this, &site](const std::stop_token& stop) {
          std::mt19937_64 random(seed);
          const auto pace = std::chrono::microseconds(60'000'000 / per_minute);
          auto next = std::chrono::steady_clock::now();
          while (!stop.stop_requested()) {
            const auto who =
                static_cast<std::uint64_t>(from) + random() % static_cast<std::uint64_t>(to - from);
            visits_ +=
                look_in(site, "u" + std::to_string(who), static_cast<messages::PresenceState>(random() % 3));
            next += pace;
            std::this_thread::sleep_until(next);
          }
        }) {}

  /// Ends them; how many there were.
  int end() {
    thread_.request_stop();
    thread_.join();
    return visits_;
  }

 private:
  static bool look_in(const test::Site& site, const std::string& user, messages::PresenceState state) {
    test::TestClient client(site.broker.url(), site.tokens.client_id(user, "phone"));
    if (client.connect(site.tokens.make(topics::Role::terminal, user, "phone")) != test::kSuccess)
      return false;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto number = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    const std::string topic = "cv1/" + site.name + "/u/" + user + "/phone/presence";
    const int taken = client.publish(
        {topic, encode(messages::Presence{state, static_cast<std::uint64_t>(number)}), 1, true});
    client.disconnect();
    return taken == test::kSuccess;
  }

  int visits_ = 0;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace convoke::bench
