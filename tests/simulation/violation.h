#pragma once

#include <stdexcept>
#include <string>

namespace convoke::simulation {

/// Something is not as it must be.
class Violation : public std::runtime_error {
 public:
  explicit Violation(const std::string& what) : std::runtime_error(what) {}
};

[[noreturn]] inline void fail(const std::string& what) { throw Violation(what); }
inline void same(const std::string& what, const std::string& memory, const std::string& disk) {
  if (memory != disk) fail(what + " differs: " + memory + " here, " + disk + " there");
}
inline void require(bool holds, const char* what) {
  if (!holds) throw Violation(what);
}

/// The process dies here: at a write to the disk, or with a message half sent.
struct Crash {};

}  // namespace convoke::simulation
