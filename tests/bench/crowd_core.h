#pragma once

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/engine.h"

/// The core with a database of many users, for benchmarks without server and broker.
namespace convoke::bench {

inline constexpr core::TimeMs kNow = 1'767'225'600'000;

inline topics::UserId user_id(std::size_t i) { return topics::UserId::parse(fmt::format("user-{:07}", i)); }

/// A user with a name, one phone and no place.
inline core::User make_user(std::size_t i, core::PresenceState presence) {
  core::User user;
  user.id = user_id(i);
  user.name = fmt::format("Person Number {}", i);
  user.devices[topics::DeviceId::parse("phone")] = {presence, 1, kNow - 1000};
  return user;
}

/// Milliseconds of processor time of this process, whatever else the machine does meanwhile.
inline double cpu_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

/// Milliseconds of processor time that `work` takes.
template <class Work>
double timed_ms(const Work& work) {
  const double start = cpu_ms();
  work();
  return cpu_ms() - start;
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// What the allocator has given out.
inline double allocated_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

}  // namespace convoke::bench
