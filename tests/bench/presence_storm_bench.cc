// What it costs when everybody of a large chat changes their presence within ten seconds: the changes that
// the members are told, and the processor time of server and broker. Beside it, in the same run, the same
// chat in which nobody changes.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ops/crowd/clock.h"
#include "tests/bench/phones.h"
#include "tests/bench/real_site.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_client.h"
#include "tests/support/test_tokens.h"

namespace {

namespace json = boost::json;
using convoke::bench::Phones;
using convoke::bench::RealSite;
using convoke::crowd::steady_ms;
using convoke::test::TempDir;
using convoke::test::TestClient;
using convoke::test::TestTokens;
using convoke::topics::Role;

struct Sizes {
  std::size_t phones = 9'999;  // and a member who counts
  std::uint32_t seconds = 20;  // that are measured
  std::uint32_t flip_every_s = 10;
};

struct Cost {
  double flips_per_s = 0, changes_per_s = 0, server_cores = 0, broker_cores = 0;
  std::size_t change_bytes = 0;  // the largest
};

/// A chat of all phones, and a member who counts its changes.
Cost measure(const Sizes& sizes, std::uint32_t flip_every_s) {
  const TestTokens tokens;
  const TempDir dir;
  const RealSite site(tokens);
  site.call(
      "PUT", "/plans",
      R"({"schema":1,"plan":[{"id":"hall","audience":{"presence":"any","any":[{"area":"hall"},{"users":["eve"]}]},)"
      R"("end":[{"on":"duration","after":"1h"}]}]})");
  Phones phones({.sdk = 0, .light = sizes.phones}, site.port(),
                dir.write("keys.jwks", tokens.private_jwks()).string(), {.flip_every_s = flip_every_s});
  phones.until("connections", [&](const auto& now) { return now.connected == sizes.phones; });
  site.wait_until_inside(sizes.phones);
  const auto group =
      json::value_to<std::string>(site.call("POST", "/groups", R"({"plan":"hall"})").at("group"));
  phones.until("lists", [&](const auto& now) { return now.held == sizes.phones; });
  TestClient eve(site.broker_url(), tokens.client_id("eve"));
  if (eve.connect(tokens.make(Role::terminal, "eve")) != 0 ||
      eve.subscribe("cv1/demo/g/" + group + "/changes", 1) > 1)
    throw std::runtime_error("the watching member was refused");

  const Phones::Counts before = phones.counts();
  const double server_s = site.server_s(), broker_s = site.broker_s();
  const std::int64_t began_ms = steady_ms();
  std::this_thread::sleep_for(
      std::chrono::seconds(sizes.seconds));  // what happens meanwhile is what is measured
  const double seconds = static_cast<double>(steady_ms() - began_ms) / 1000;
  const auto changes = eve.received();
  Cost cost;
  cost.flips_per_s = static_cast<double>(phones.counts().flips - before.flips) / seconds;
  cost.changes_per_s = static_cast<double>(changes.size()) / seconds;
  cost.server_cores = (site.server_s() - server_s) / seconds;
  cost.broker_cores = (site.broker_s() - broker_s) / seconds;
  for (const auto& change : changes) cost.change_bytes = std::max(cost.change_bytes, change.payload.size());
  return cost;
}

std::string figures(const Cost& c) {
  return fmt::format(
      R"({{"flips_per_s":{:.0f},"changes_per_s":{:.2f},"change_bytes":{},"server_cores":{:.2f},"broker_cores":{:.2f}}})",
      c.flips_per_s, c.changes_per_s, c.change_bytes, c.server_cores, c.broker_cores);
}

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes;
  CLI::App app("Everybody of a chat changes their presence; prints one line of JSON.");
  app.option_defaults()->always_capture_default();
  app.add_option("--phones", sizes.phones)->check(CLI::Range(1, 9'999));
  app.add_option("--seconds", sizes.seconds, "that are measured")->check(CLI::Range(1, 600));
  app.add_option("--flip-every", sizes.flip_every_s, "seconds from a phone's change to its next")
      ->check(CLI::Range(1, 600));
  CLI11_PARSE(app, argc, argv);
  convoke::bench::raise_file_limit();
  try {
    const Cost calm = measure(sizes, 0), storm = measure(sizes, sizes.flip_every_s);
    fmt::print(R"({{"members":{},"seconds":{},"calm":{},"storm":{}}})"
               "\n",
               sizes.phones + 1, sizes.seconds, figures(calm), figures(storm));
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_presence_storm: {}\n", e.what());
    return 1;
  }
}
