#pragma once

#include "tests/simulation/evening.h"

namespace convoke::simulation {

/// Runs one world. A failure is played again to get its last steps, where they were not asked for.
Outcome run(Options options);

}  // namespace convoke::simulation
