#pragma once

#include <cstddef>
#include <cstdint>

namespace convoke::simulation {

/// The only source of chance of a run (SplitMix64): the same seed gives the same numbers with every compiler
/// and library, which the standard's distributions do not promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// From 0 to n - 1; n at least 1.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(next() % n); }
  std::int64_t between(std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(to - from + 1));
  }
  bool percent(unsigned p) { return next() % 100 < p; }
  template <class C>
  auto& pick(C& from) {
    return from[below(from.size())];
  }
  /// A source of its own for one part of the world, so that what one part draws does not shift the others.
  Random split() { return Random(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace convoke::simulation
