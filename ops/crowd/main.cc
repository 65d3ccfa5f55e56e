#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "ops/crowd/crowd.h"

namespace {

using convoke::crowd::Crowd;
using convoke::crowd::Options;

constexpr int kUsage = 2;  // the command line or a file is not usable

Crowd* running = nullptr;
void on_signal(int) {
  if (running != nullptr) running->stop();
}

/// Each phone is one socket. Returns how many files this process may open.
std::size_t raise_file_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void check_file_limit(std::size_t phones) {
  constexpr std::size_t kOthers = 64;
  const std::size_t files = raise_file_limit();
  if (files >= phones + kOthers) return;
  fmt::print(stderr,
             "convoke-crowd: the file limit is {}: about {} of {} phones can connect (ulimit -n {})\n", files,
             files > kOthers ? files - kOthers : 0, phones, phones + kOthers);
}

int print_clock(const std::string& areas, const std::string& fixes, std::optional<double> speed) {
  const auto venue = convoke::crowd::Venue::load(areas);
  const auto recording = convoke::crowd::load_recording(fixes, &venue);
  using namespace std::chrono;
  const std::int64_t now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  const auto clock = convoke::crowd::clock_for(recording, now, speed);
  fmt::print("{}\n", clock.to_string());
  fmt::print(stderr, "{}: {}; {} times as fast as recorded\n", fixes, describe_gaps(recording), clock.speed);
  if (!recording.first_entry_ms)
    fmt::print(stderr, "{}: nobody ever comes into an area of {}\n", fixes, areas);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::string site, clock;
  bool clock_only = false;
  double speed = 0;
  CLI::App app{
      "Simulated phones on the real SDK: they walk about in the areas, chat, and tell what they see.\n"
      "Exit codes: 0 done; 1 --one-life failed; 2 bad arguments or files.",
      "convoke-crowd"};
  app.add_option("--broker", options.broker, "broker, HOST:PORT")->capture_default_str();
  app.add_option("--site", site, "site of the phones");
  app.add_option("--keys", options.keys_file, "JWK Set with a private key, to make the phones' tokens");
  app.add_option("--areas", options.areas_file, "GeoJSON of the areas to walk in");
  app.add_option("--phones", options.phones, "simulated phones")
      ->capture_default_str()
      ->check(CLI::Range(0, 100'000));
  app.add_option("--seed", options.seed, "the same seed makes the same walks")->capture_default_str();
  app.add_option("--duration", options.duration_s, "seconds to run; 0: until stopped")->capture_default_str();
  app.add_option("--chat-rate", options.chat_rate, "messages per phone in a chat and minute")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 6000.0));
  app.add_option("--leave-first", options.leave_first, "the first K phones drawn into a chat leave it again");
  app.add_option(
      "--fixes", options.fixes_file,
      "replay this recording (CSV or GPX, may be gzipped); simulated phones then stand in the areas");
  app.add_option("--dev-clock", clock, "SIM,REAL,SPEED: the venue's clock, as --print-clock gives it");
  app.add_option("--light", options.light,
                 "further phones that speak the protocol without the SDK, for large crowds")
      ->check(CLI::Range(0, 100'000));
  app.add_option("--flip-every", options.flip_every_s,
                 "seconds after which each light phone changes between available and away; 0: never")
      ->capture_default_str()
      ->check(CLI::Range(0, 3600));
  app.add_option("--script", options.script_file,
                 "NDJSON of what which simulated phones do when; ops/crowd/README.md has the format");
  app.add_option("--stats", options.stats_file,
                 "counts as JSON, each second: the last line in this file; -: all on stdout");
  app.add_flag("--one-life", options.one_life,
               "watch the first chat from start to closed topic, and say whether all was right");
  app.add_option("--other-sites", options.other_sites,
                 "so many other sites must have members in the chat of --one-life, and be heard")
      ->check(CLI::Range(0, 100));
  app.add_option("--timeout", options.timeout_s, "seconds that --one-life may take")->capture_default_str();
  app.add_option("--user-prefix", options.user_prefix, "names of simulated users: prefix and number")
      ->capture_default_str();
  app.add_option("--connect-rate", options.connect_rate, "phones that connect per second")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 100'000.0));
  app.add_option("--walk-speed", options.walk_speed, "times a pedestrian's 1.4 m/s")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1000.0));
  app.add_option("--fix-every", options.fix_every_s, "seconds between a phone's fixes, at least")
      ->capture_default_str()
      ->check(CLI::Range(0.05, 3600.0));
  app.add_option(
         "--fix-distance", options.fix_distance_m,
         "metres moved between a phone's fixes, as a filter of its system has it; 0: the SDK sees each fix")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 10'000.0));
  app.add_flag("--json", options.json, "no story on stdout");
  app.add_flag("--print-clock", clock_only, "print a clock for --areas and --fixes, and do nothing else");
  app.add_option("--speed", speed,
                 "with --print-clock: how many times as fast as recorded (default 30, or more to show the "
                 "first entry soon)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kUsage;
  }

  try {
    if (clock_only)
      return print_clock(options.areas_file, options.fixes_file,
                         speed > 0 ? std::optional(speed) : std::nullopt);
    options.site = convoke::topics::SiteId::parse(site);
    if (options.site.empty()) throw std::runtime_error("--site: expected 1 to 64 of A-Z a-z 0-9 . _ -");
    if (!convoke::topics::UserId::parse(options.user_prefix + "1"))
      throw std::runtime_error("--user-prefix: expected A-Z a-z 0-9 . _ -");
    if (!clock.empty() && !(options.dev_clock = convoke::topics::DevClock::parse(clock)))
      throw std::runtime_error("--dev-clock: expected SIM_MS,REAL_MS,SPEED");
    if (!options.fixes_file.empty() && !options.dev_clock)
      throw std::runtime_error("--fixes: expected a --dev-clock with it; see --print-clock");
    check_file_limit(options.phones + options.light);
    Crowd crowd(options);
    running = &crowd;
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    const int code = crowd.run();
    running = nullptr;
    return code;
  } catch (const std::exception& e) {
    fmt::print(stderr, "convoke-crowd: {}\n", e.what());
    return kUsage;
  }
}
