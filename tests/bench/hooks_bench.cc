// How long a shop waits for its answer: the real server and broker, purchases signed as Stripe signs them, at
// a steady rate whatever the answers take, each on disk before it is answered. Prints one line of JSON.

#include <fmt/format.h>
#include <httplib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "backend/gateways/hooks/signature.h"
#include "backend/gateways/phone_number.h"
#include "tests/support/free_port.h"
#include "tests/support/hex.h"
#include "tests/support/mosquitto_process.h"
#include "tests/support/server_process.h"

namespace {

using namespace convoke;
using Clock = std::chrono::steady_clock;

struct Options {
  int per_second = 500, seconds = 20, connections = 32, plans = 20;
};

/// A purchase of somebody new.
std::string body_of(int i) {
  return fmt::format(
      R"({{"id":"evt_{0}","type":"checkout.session.completed","created":{1},"data":{{"object":{{"id":"cs_{0}",)"
      R"("payment_intent":"pi_{0}","payment_status":"paid","customer_details":{{"email":"u{0}@home.example"}}}}}}}})",
      i, test::TestTokens::now_s());
}

int post(httplib::Client& client, int i) {
  const std::string body = body_of(i), time = std::to_string(test::TestTokens::now_s());
  const std::string mac =
      test::hex(gateways::hooks::hmac(gateways::hooks::Digest::sha256, "whsec_test", time + "." + body));
  const auto result = client.Post("/hooks/main", {{"Stripe-Signature", "t=" + time + ",v1=" + mac}}, body,
                                  "application/json");
  return result ? result->status : 0;
}

std::string plans(int count) {
  std::string text = "schema = 1\n";
  for (int i = 0; i < count; ++i)
    text += fmt::format(
        "[[plan]]\nid = \"p{}\"\naudience = {{ all = [{{ registered = \"ticket\" }}] }}\nregistration = {{ "
        "ticket = [{{ "
        "shop = \"{}\" }}] }}\n[[plan.end]]\non = \"duration\"\nafter = \"1h\"\n",
        i, i == 0 ? "main" : "other");
  return text;
}

/// What it takes to read one telephone number, of which a call has two.
double number_us(const std::string& begins) {
  constexpr int kTimes = 20'000;
  gateways::to_e164("+4930123456");  // loads the countries' rules
  const auto begin = Clock::now();
  for (int i = 0; i < kTimes; ++i)
    if (!gateways::to_e164(begins + std::to_string(100'000 + i), "49")) return -1;
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count() / kTimes;
}

int run(const Options& o) {
  test::TempDir files;
  const int port = test::free_port();
  const test::TestTokens tokens;
  test::MosquittoProcess broker("demo", tokens.public_jwks());
  broker.start();
  test::ServerProcess server(
      tokens, broker.port(),
      fmt::format("[identities]\nkey_file = \"{}\"\n[hooks]\nport = {}\n[[hook]]\nname = \"main\"\nkind = "
                  "\"stripe\"\nsecret_files = [\"{}\"]\nper_second = 100000\n",
                  files.write("key", std::string(43, 'A')).string(), port,
                  files.write("secret", "whsec_test").string()));
  server.start();
  if (server.call("PUT", "/plans", plans(o.plans), "application/toml").status != 200) return 1;

  const int total = o.per_second * o.seconds;
  std::vector<double> waited_ms(static_cast<std::size_t>(total));
  std::atomic<int> next = 0, failed = 0;
  const auto begin = Clock::now();
  std::vector<std::thread> threads;
  for (int t = 0; t < o.connections; ++t)
    threads.emplace_back([&] {
      httplib::Client client("127.0.0.1", port);
      client.set_keep_alive(true);
      client.set_tcp_nodelay(true);
      for (int i; (i = next++) < total;) {
        // What comes late because an answer before it was late has waited too.
        const auto due = begin + std::chrono::microseconds(1'000'000LL * i / o.per_second);
        std::this_thread::sleep_until(due);
        failed += post(client, i) != 200;
        waited_ms[static_cast<std::size_t>(i)] =
            std::chrono::duration<double, std::milli>(Clock::now() - due).count();
      }
    });
  for (std::thread& thread : threads) thread.join();
  const double took_s = std::chrono::duration<double>(Clock::now() - begin).count();
  std::sort(waited_ms.begin(), waited_ms.end());
  const auto part = [&](double p) { return waited_ms[static_cast<std::size_t>(p * (total - 1))]; };
  fmt::print(
      "{{\"hooks_per_second\":{:.0f},\"asked_per_second\":{},\"failed\":{},\"p50_ms\":{:.1f},\"p99_ms\":{:."
      "1f},"
      "\"max_ms\":{:.1f},\"number_us\":{:.0f},\"local_number_us\":{:.0f}}}\n",
      total / took_s, o.per_second, failed.load(), part(0.5), part(0.99), part(1), number_us("+4930"),
      number_us("030 "));
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"bench_hooks: how long a shop waits for the answer of a hook. One line of JSON."};
  Options o;
  app.add_option("--per-second", o.per_second, "purchases a second")->check(CLI::Range(1, 100'000));
  app.add_option("--seconds", o.seconds, "for so long")->check(CLI::Range(1, 3600));
  app.add_option("--connections", o.connections, "so many at a time")->check(CLI::Range(1, 64));
  app.add_option("--plans", o.plans, "plans of the site, one of which takes them")
      ->check(CLI::Range(1, 1000));
  CLI11_PARSE(app, argc, argv);
  return run(o);
}
