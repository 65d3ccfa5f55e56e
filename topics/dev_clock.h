#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace convoke::topics {

/// A development clock for replays: it showed `sim_ms` at the real time `real_ms`, and runs `speed` times as
/// fast. Server, broker plugin, phones and crowd share one, so that recorded days pass in minutes. Tokens and
/// TLS stay on real time. Refused in production.
struct DevClock {
  static constexpr std::int64_t kMaxMs = 253'402'300'799'999;  // the last of the year 9999
  static constexpr double kMaxSpeed = 1e6;

  std::int64_t sim_ms = 0;   // Unix ms, 0 to kMaxMs
  std::int64_t real_ms = 0;  // Unix ms, 0 to kMaxMs
  double speed = 1;          // over 0 up to kMaxSpeed

  /// What the clock shows at a real time (Unix ms), kept within 0 to kMaxMs.
  std::int64_t now(std::int64_t real_now_ms) const {
    const double shown = static_cast<double>(sim_ms) + static_cast<double>(real_now_ms - real_ms) * speed;
    if (!(shown > 0)) return 0;
    return shown >= static_cast<double>(kMaxMs) ? kMaxMs : std::llround(shown);
  }

  /// Reads "SIM,REAL,SPEED" as to_string writes it; nothing if a number is missing or out of range.
  static std::optional<DevClock> parse(std::string_view text) {
    DevClock clock;
    const char* const end = text.data() + text.size();
    const auto sim = std::from_chars(text.data(), end, clock.sim_ms);
    if (sim.ec != std::errc() || sim.ptr == end || *sim.ptr != ',') return std::nullopt;
    const auto real = std::from_chars(sim.ptr + 1, end, clock.real_ms);
    if (real.ec != std::errc() || real.ptr == end || *real.ptr != ',') return std::nullopt;
    const auto speed = std::from_chars(real.ptr + 1, end, clock.speed);
    if (speed.ec != std::errc() || speed.ptr != end) return std::nullopt;
    const bool times_ok =
        clock.sim_ms >= 0 && clock.sim_ms <= kMaxMs && clock.real_ms >= 0 && clock.real_ms <= kMaxMs;
    const bool speed_ok = clock.speed > 0 && clock.speed <= kMaxSpeed;  // false for NaN
    return times_ok && speed_ok ? std::optional(clock) : std::nullopt;
  }

  std::string to_string() const {
    char speed_text[32];
    const auto end = std::to_chars(speed_text, speed_text + sizeof speed_text, speed).ptr;
    return std::to_string(sim_ms) + "," + std::to_string(real_ms) + "," + std::string(speed_text, end);
  }

  friend bool operator==(const DevClock&, const DevClock&) = default;
};

}  // namespace convoke::topics
