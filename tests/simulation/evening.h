#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "tests/simulation/agenda.h"
#include "tests/simulation/sabotage.h"

/// What is asked of a simulated evening and what it comes to, of one site or of several.
namespace convoke::simulation {

inline constexpr std::int64_t kStart = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
inline constexpr std::size_t kTraceLines = 60;

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

/// Adds a line to the trace, if one is wanted.
void note(Outcome& outcome, const Options& options, const Agenda& agenda, const std::string& line);
/// When it was, and what is wrong.
std::string failure_at(const Agenda& agenda, const std::string& what);
/// The command that plays it again.
std::string command_line(const Options& options);
/// A failure, that command, and the last steps.
std::string report(const Options& options, const Outcome& outcome);

/// Runs a world. A failure is played again to get its last steps, where they were not asked for.
template <class World>
Outcome play(Options options) {
  Outcome outcome = World(options).run();
  if (outcome.failure.empty() || options.trace > 0) return outcome;
  options.trace = kTraceLines;
  return World(options).run();
}

}  // namespace convoke::simulation
