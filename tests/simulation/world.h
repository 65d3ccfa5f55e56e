#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/agenda.h"
#include "tests/simulation/broker.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/desk.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/phone.h"
#include "tests/simulation/random.h"
#include "tests/simulation/said.h"
#include "tests/simulation/sim_server.h"
#include "tests/simulation/staff.h"

namespace convoke::simulation {

/// Where the server's process dies, counted from its first start.
struct CrashPoint {
  enum class At : std::uint8_t { before_write, after_write, send } at = At::before_write;
  std::uint64_t n = 1;
};

struct Options {
  std::uint64_t seed = 1;
  std::size_t phones = 0;           // 0: the seed says
  std::optional<CrashPoint> crash;  // besides what the seed says
  bool calm = false;                // no other faults than that
  bool sites = false;               // several sites, sites_world.h
  bool disk = false;                // a RocksDB in a temporary folder, not memory
  Sabotage sabotage;
  std::size_t trace = 0;  // so many of the last lines
};

struct Outcome {
  std::string failure;  // empty: all is well
  std::uint64_t steps = 0;
  std::uint64_t writes = 0, sends = 0, deaths = 0;
  std::size_t phones = 0, groups = 0, ended = 0, archived = 0;
  std::deque<std::string> trace;  // the last lines
};

/// Runs one world. A failure is played again to get its last steps, where they were not asked for.
Outcome run(Options options);

/// The command that plays it again.
std::string command_line(const Options& options);

}  // namespace convoke::simulation
