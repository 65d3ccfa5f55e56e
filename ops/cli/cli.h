#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace convoke::cli {

/// Where one call of the program writes, and where it looks for the run file from.
struct Surroundings {
  std::ostream& out;
  std::ostream& err;
  std::filesystem::path here;
  bool colour = false;    // `out` is a terminal
  bool progress = false;  // `err` is one
};

/// The whole of convokectl for `arguments` (without the program's name). Returns the exit code (failure.h).
int run(std::vector<std::string> arguments, const Surroundings& around);

}  // namespace convoke::cli
