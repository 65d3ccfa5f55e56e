#include "tests/bench/real_site.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "ops/crowd/clock.h"
#include "tests/bench/phones.h"

namespace convoke::bench {
namespace {

constexpr auto kLook = std::chrono::milliseconds(100);
constexpr std::int64_t kPatienceMs = 120'000;

/// Started at once: the server's constructor wants to know the port.
std::uint16_t started(test::MosquittoProcess& broker) {
  broker.start();
  return broker.port();
}

}  // namespace

RealSite::RealSite(const test::TestTokens& tokens)
    : broker_(tokens.site(), tokens.public_jwks(), "plugin_opt_messages_per_second 0"),
      server_(tokens, started(broker_)) {
  server_.start();
  call("PUT", "/areas",
       fmt::format(R"({{"type":"Feature","id":"hall","properties":{{"radius_m":5000}},)"
                   R"("geometry":{{"type":"Point","coordinates":[{},{}]}}}})",
                   Phones::kPlace.lon, Phones::kPlace.lat));
}

boost::json::value RealSite::call(const std::string& method, const std::string& path,
                                  const std::string& body) const {
  const auto answer = server_.call(method, path, body);
  if (answer.status < 200 || answer.status > 299)
    throw std::runtime_error(fmt::format("{} {}: {} {}", method, path, answer.status, answer.body));
  return answer.body.empty() ? boost::json::value() : boost::json::parse(answer.body);
}

void RealSite::wait_until_inside(std::size_t users) const {
  const auto inside = [this] {
    const auto areas = call("GET", "/areas");
    return areas.at("features").at(0).at("properties").at("occupancy").to_number<std::size_t>();
  };
  const std::int64_t deadline = crowd::steady_ms() + kPatienceMs;
  while (inside() < users) {
    if (crowd::steady_ms() > deadline) throw std::runtime_error("not all phones came into the area");
    std::this_thread::sleep_for(kLook);  // nothing to wait on: the server is another process
  }
}

void raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace convoke::bench
