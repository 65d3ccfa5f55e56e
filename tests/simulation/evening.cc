#include "tests/simulation/evening.h"

namespace convoke::simulation {
namespace {

constexpr std::size_t kTraceBytes = 400;

}  // namespace

void note(Outcome& outcome, const Options& options, const Agenda& agenda, const std::string& line) {
  if (options.trace == 0) return;
  outcome.trace.push_back(std::to_string(agenda.steps()) + " +" + std::to_string(agenda.now() - kStart) +
                          "ms " + line.substr(0, kTraceBytes));
  if (outcome.trace.size() > options.trace) outcome.trace.pop_front();
}

std::string failure_at(const Agenda& agenda, const std::string& what) {
  return "step " + std::to_string(agenda.steps()) + ", +" + std::to_string(agenda.now() - kStart) +
         " ms: " + what;
}

std::string command_line(const Options& options) {
  std::string line = "convoke-simulation --first-seed " + std::to_string(options.seed) + " --seeds 1";
  if (options.phones) line += " --phones " + std::to_string(options.phones);
  if (options.sites) line += " --sites";
  if (options.calm) line += " --calm";
  if (options.disk) line += " --disk";
  if (options.crash) {
    static constexpr const char* kAt[] = {"before-write", "after-write", "send"};
    line += std::string(" --crash ") + kAt[static_cast<int>(options.crash->at)] + ":" +
            std::to_string(options.crash->n);
  }
  return line + " --trace " + std::to_string(kTraceLines);
}

std::string report(const Options& options, const Outcome& outcome) {
  std::string text = outcome.failure + "\nagain with: " + command_line(options) + "\nthe last steps:\n";
  for (const std::string& line : outcome.trace) text += line + "\n";
  return text;
}

}  // namespace convoke::simulation
