#pragma once

#include <functional>
#include <string>

#include "backend/core/state.h"
#include "backend/store/store.h"

namespace convoke::simulation {

/// A defect put into the server on purpose, to see that the checks find it.
struct Sabotage {
  std::function<bool(const store::Write&)> loses_write;
  std::function<bool(const std::string& topic, const std::string& payload)> loses_send;  // as if it was sent
  std::function<void(const std::string& topic, std::string& payload)> garbles;           // what was sent
  std::function<void(core::State&)> spoils;                                              // after each turn
};

}  // namespace convoke::simulation
