#pragma once

#include "backend/core/engine.h"
#include "backend/store/store.h"

namespace convoke::simulation {

/// The state is what a server would load from this disk: every record, and every timer that follows from
/// them.
void check_memory_against_disk(const core::Engine& engine, store::Store& disk, core::TimeMs now);

/// Of the groups that are kept no longer the disk holds nothing but that they were.
void check_forgotten(const core::State& state, const store::Store& disk);

/// No start key has started two groups.
void check_start_keys(const core::State& state);

}  // namespace convoke::simulation
