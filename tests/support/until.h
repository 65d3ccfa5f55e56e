#pragma once

#include <chrono>
#include <thread>

namespace convoke::test {

/// Looks at what another process does until the condition holds; false if it does not within `patience`.
template <class F>
bool until(F condition, std::chrono::milliseconds patience = std::chrono::seconds(30)) {
  constexpr auto kStep = std::chrono::milliseconds(10);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kStep);  // the other process cannot notify us
  }
  return true;
}

}  // namespace convoke::test
