#pragma once

#include "backend/core/state.h"

/// Steps of the wall clock. All deadlines are times that it shows, so a step forward makes due what lies in
/// between, in order, and a step back puts things off until it shows their time again; nothing is lost, and
/// nothing that has happened is due again. Only what waits for a moment, as the next list of a busy group,
/// must not wait for an hour because the clock was put back by one.
namespace convoke::core {

/// The clock shows less than it did, by `by_ms`.
void clock_set_back(State& state, TimeMs by_ms);

}  // namespace convoke::core
