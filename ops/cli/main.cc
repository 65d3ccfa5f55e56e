#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

#include "ops/cli/cli.h"
#include "ops/cli/failure.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // `convokectl watch | head` ends by a failed write
  try {
    const bool colour = ::isatty(STDOUT_FILENO) != 0;
    const bool progress = ::isatty(STDERR_FILENO) != 0;
    return convoke::cli::run({argv + 1, argv + argc},
                             {std::cout, std::cerr, std::filesystem::current_path(), colour, progress});
  } catch (const std::exception& error) {
    std::cerr << "convokectl: " << error.what() << '\n';
    return convoke::cli::kFailed;
  }
}
