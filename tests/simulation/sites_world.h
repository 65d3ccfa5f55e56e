#pragma once

#include "tests/simulation/evening.h"

namespace convoke::simulation {

/// Runs one world of two or three sites, each with a broker, a server, a disk and phones of its own, joined
/// by ways that are cut in one direction or both, on which batches come twice and late. A failure is played
/// again to get its last steps, where they were not asked for.
Outcome run_sites(Options options);

}  // namespace convoke::simulation
