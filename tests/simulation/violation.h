#pragma once

#include <stdexcept>
#include <string>

namespace convoke::simulation {

/// Something is not as it must be.
class Violation : public std::runtime_error {
 public:
  explicit Violation(const std::string& what) : std::runtime_error(what) {}
};

inline void require(bool holds, const char* what) {
  if (!holds) throw Violation(what);
}

/// The process dies here: at a write to the disk, or with a message half sent.
struct Crash {};

}  // namespace convoke::simulation
