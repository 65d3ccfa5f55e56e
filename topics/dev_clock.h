#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::topics {

/// A clock for replaying recorded tracks: at real time `real_ms` it shows `sim_ms`, and it runs `speed` times as
/// fast. Server, broker plugin and simulated phones are given the same one. A development setting: tokens and TLS
/// stay on real time.
struct DevClock {
  std::int64_t sim_ms = 0;   // Unix ms
  std::int64_t real_ms = 0;  // Unix ms
  double speed = 1;          // 0 < speed <= 100,000

  std::int64_t now(std::int64_t real_now_ms) const {
    return sim_ms + static_cast<std::int64_t>(static_cast<double>(real_now_ms - real_ms) * speed);
  }

  /// Reads "SIM_MS,REAL_MS,SPEED"; nothing if it is not that.
  static std::optional<DevClock> parse(std::string_view text) {
    DevClock c;
    const char* end = text.data() + text.size();
    auto sim = std::from_chars(text.data(), end, c.sim_ms);
    if (sim.ec != std::errc() || sim.ptr == end || *sim.ptr != ',') return std::nullopt;
    auto real = std::from_chars(sim.ptr + 1, end, c.real_ms);
    if (real.ec != std::errc() || real.ptr == end || *real.ptr != ',') return std::nullopt;
    auto speed = std::from_chars(real.ptr + 1, end, c.speed);
    if (speed.ec != std::errc() || speed.ptr != end || !(c.speed > 0 && c.speed <= 100'000)) return std::nullopt;
    return c;
  }

  std::string to_string() const {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, speed).ptr;
    return std::to_string(sim_ms) + "," + std::to_string(real_ms) + "," + std::string(text, end);
  }
};

}  // namespace convoke::topics
