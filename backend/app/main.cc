#include <signal.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <thread>

#include "backend/app/config.h"
#include "backend/app/log.h"
#include "backend/app/server.h"

namespace {

/// To a file, or to stderr.
void set_up_log(const convoke::app::Config& config) {
  auto log = config.log_file.empty() ? spdlog::stderr_logger_mt("convoked")
                                     : spdlog::basic_logger_mt("convoked", config.log_file);
  log->set_formatter(std::make_unique<convoke::app::JsonLines>());
  log->set_level(spdlog::level::from_str(config.log_level));
  log->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(log));
}

sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

/// Stops the server at SIGINT or SIGTERM, and reloads its keys at each SIGHUP, on a thread of its own, so
/// that no code runs inside a signal handler. The signals must be blocked before any thread starts.
class SignalThread {
 public:
  explicit SignalThread(convoke::app::Server& server)
      : thread_([&server] {
          const sigset_t signals = handled_signals();
          int signal = 0;
          while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) server.reload_keys();
          server.stop();
        }) {}
  /// Where the server has ended by itself, the thread still waits.
  ~SignalThread() {
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }

 private:
  std::thread thread_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "convoked: the Convoke server. Serves one site, beside one Mosquitto with the Convoke plugin.\n"
      "Exit codes: 0 stopped by a signal, 1 could not start or go on, 2 usage."};
  std::string path;
  app.add_option("--config", path, "configuration file (TOML); docs/configuration.md explains every key")
      ->required();
  app.set_version_flag("--version", CONVOKE_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  try {
    const auto config = convoke::app::load_config(path);
    set_up_log(config);
    if (config.dev_clock) spdlog::warn("development clock in force: {}", config.dev_clock->to_string());
    sigset_t blocked = handled_signals();
    sigaddset(&blocked, SIGPIPE);  // a closed connection is an error code, not the end of the process
    pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
    convoke::app::Server server(config);
    const SignalThread signals(server);
    server.run([] {
      std::puts("convoked ready");
      std::fflush(stdout);
    });
  } catch (const std::exception& e) {
    std::fprintf(stderr, "convoked: %s\n", e.what());
    return 1;
  }
  return 0;
}
