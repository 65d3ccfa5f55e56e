#pragma once

#include <cstddef>
#include <cstdint>

namespace convoke::crowd {

/// What light phones have done and seen, added up.
struct LightCounts {
  std::size_t phones = 0;
  std::size_t connected = 0;
  std::uint64_t fixes = 0;
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t started = 0;
  std::uint64_t held = 0;
  std::uint64_t ended = 0;
  std::uint64_t refused = 0;
  std::uint64_t flips = 0;                    // changes of presence
  std::uint64_t answered = 0;                 // requests
  std::uint64_t bytes_in = 0, bytes_out = 0;  // on the phones' connections
};

}  // namespace convoke::crowd
