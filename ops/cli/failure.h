#pragma once

#include <stdexcept>
#include <string>

namespace convoke::cli {

/// How convokectl ends. Scripts rely on these: never renumber.
inline constexpr int kOk = 0;
inline constexpr int kFailed = 1;       // the server refused, or something here went wrong
inline constexpr int kUsage = 2;        // the command line is not right
inline constexpr int kUnreachable = 3;  // no server answers

/// Why a command ends early. `what()` says what is wrong (empty: that was said already), `next` what to do
/// about it.
struct Failure : std::runtime_error {
  Failure(int code_, const std::string& text, std::string next_ = {})
      : std::runtime_error(text), code(code_), next(std::move(next_)) {}
  int code;
  std::string next;
};

}  // namespace convoke::cli
