#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

struct passwd;

namespace convoke::test {

/// A program that runs beside the test, with its output in a file. It dies with the thread that started it,
/// so nothing is left behind by a test that crashes.
class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Starts `arguments[0]` (a path); its output is appended to `log_path`. With a user, as that user (only
  /// root may). Throws std::runtime_error if one runs already.
  void start(const std::vector<std::string>& arguments, const std::string& log_path,
             const passwd* user = nullptr);
  /// Sends the signal and waits for the end. Gives the exit code; -1 if a signal ended it, 0 if nothing ran.
  int end(int signal);
  /// Waits for it to end by itself. Gives the exit code as `end` does.
  int wait();
  /// True if it has ended by itself (or was never started).
  bool has_ended();

  pid_t pid() const { return pid_; }  // 0: nothing runs
  /// User and system time that it has used so far, in seconds.
  double cpu_s() const;

 private:
  pid_t pid_ = 0;
};

/// The whole file; "" if it is not there.
std::string read_file(const std::string& path);

}  // namespace convoke::test
