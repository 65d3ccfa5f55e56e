// Runs the simulation with more and larger worlds than the tests do, or plays one of them again.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "tests/simulation/sites_world.h"
#include "tests/simulation/world.h"

namespace {

using convoke::simulation::CrashPoint;
using convoke::simulation::Options;
using convoke::simulation::Outcome;

CrashPoint parse_crash(const std::string& text) {
  const auto colon = text.find(':');
  const std::string at = text.substr(0, colon);
  CrashPoint crash;
  if (at == "after-write")
    crash.at = CrashPoint::At::after_write;
  else if (at == "send")
    crash.at = CrashPoint::At::send;
  else if (at != "before-write")
    throw CLI::ValidationError("--crash", "expected before-write:N, after-write:N or send:N");
  crash.n = std::stoull(text.substr(colon + 1));
  return crash;
}

void tell(const Options& options, const Outcome& outcome) {
  for (const std::string& line : outcome.trace) std::printf("%s\n", line.c_str());
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(options.seed),
              outcome.failure.empty() ? "well" : ("FAILED at " + outcome.failure).c_str());
  if (!outcome.failure.empty()) std::printf("again with: %s\n", command_line(options).c_str());
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"Runs Convoke's server and phones in simulated worlds and checks that they hold together."};
  Options options;
  std::uint64_t seeds = 100, first = 1;
  std::string crash;
  app.add_option("--seeds", seeds, "how many worlds");
  app.add_option("--first-seed", first, "the first one's seed");
  app.add_option("--phones", options.phones, "in each world; default: the seed says, 100 to 300");
  app.add_option("--crash", crash, "the server dies at before-write:N, after-write:N or send:N");
  app.add_flag("--sites", options.sites, "two or three joined sites instead of one");
  app.add_flag("--calm", options.calm, "nothing else goes wrong");
  app.add_flag("--disk", options.disk, "a RocksDB in a temporary folder instead of memory");
  app.add_option("--trace", options.trace, "print so many of the last steps of each world");
  CLI11_PARSE(app, argc, argv);
  if (!crash.empty()) options.crash = parse_crash(crash);
  int failed = 0;
  Outcome sum;
  for (options.seed = first; options.seed < first + seeds; ++options.seed) {
    const Outcome outcome = options.sites ? run_sites(options) : run(options);
    if (!outcome.failure.empty() || options.trace > 0) tell(options, outcome);
    failed += !outcome.failure.empty();
    sum.steps += outcome.steps;
    sum.phones += outcome.phones;
    sum.groups += outcome.groups;
    sum.ended += outcome.ended;
    sum.archived += outcome.archived;
    sum.writes += outcome.writes;
    sum.sends += outcome.sends;
    sum.deaths += outcome.deaths;
  }
  const auto n = [](std::uint64_t number) { return static_cast<unsigned long long>(number); };
  std::printf(
      "%llu worlds, %d failed; %llu phones, %llu steps, %llu writes, %llu sends, %llu server deaths, "
      "%llu groups (%llu ended), %llu messages known to be archived\n",
      n(seeds), failed, n(sum.phones), n(sum.steps), n(sum.writes), n(sum.sends), n(sum.deaths),
      n(sum.groups), n(sum.ended), n(sum.archived));
  return failed ? 1 : 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "convoke-simulation: %s\n", e.what());
  return 2;
}
