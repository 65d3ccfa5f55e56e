// Two joined sites, real brokers, servers and phones, and one chat of people from both: how much later a
// message is on the other site than on its own, and how long both need to be one again after they were cut
// off: where a lot was said at once, or people went on for a while. Prints one line of JSON.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <thread>

#include "tests/bench/visitors.h"
#include "tests/support/federated_site.h"
#include "tests/support/tcp_proxy.h"

namespace {

using namespace convoke;
using test::Site;
using Clock = std::chrono::steady_clock;

struct Options {
  int members = 5'000;   // of each site
  int writers = 10;      // of each site, on the SDK
  int messages = 1'000;  // at each site while they are cut off
  int partition_s = 0;   // for so long; 0: as long as it takes to say that
  int looks = 1'000;     // a minute, at each site, meanwhile: somebody says how they are
  int pings = 200;
  int phone_ms = 0;  // the way between the phones and their broker, in each direction
};

double ms_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

class Pair {
 public:
  explicit Pair(const Options& o) : o_(o) {
    for (Site* site : {&a_, &b_}) {
      const std::string url = way_of_phones(*site);
      for (int i = 0; i < o.members; ++i) {
        const std::string user = name(*site, i);
        if (i > 0 && i < o.writers) site->phones->add(user, url);
        must(site->server->call("PUT", "/users/" + user, "{}"));
      }
    }
    join(a_.broker.port(), b_.broker.port());
    start();
  }

  /// Medians of how long a message takes to another phone of the same site, and to one of the other: of the
  /// same messages.
  std::pair<double, double> latency() {
    std::vector<double> here, there;
    for (int i = 0; i < o_.pings; ++i) {
      // People do not write within the 40 ms in which TCP may still hold back what a phone's Paho writes
      // next.
      std::this_thread::sleep_for(kBetweenPings);
      const std::string text = "u1@a: ping " + std::to_string(i), own = "u1: ping " + std::to_string(i);
      const auto begin = Clock::now();
      auto other = std::async(std::launch::async, [&] { return arrival(b_, text, begin); });
      must((*a_.phones)[1].client->send(group_, "ping " + std::to_string(i)));
      here.push_back(arrival(a_, own, begin));
      there.push_back(other.get());
    }
    return {median(here), median(there)};
  }

  struct Healed {
    double phones_ms = 0;    // until the last phone has the last message
    double presence_ms = 0;  // until both sites say the same of how the members are
    double archives_ms = 0;  // until both archives have the same, in the same places
    int looks = 0;           // of both sites together
    // What one site keeps for the other in the end, and what it has come to need meanwhile.
    std::int64_t waiting = 0;
    double memory_mb = 0, disk_mb = 0;
  };
  Healed partition() {
    Healed healed;
    join(to_a_.port(), to_b_.port());  // from now on the ways can be cut
    const double memory = memory_mb(*a_.server), disk = disk_mb(*a_.server);
    const int had_a = archived(a_), had_b = archived(b_);
    to_a_.cut();
    to_b_.cut();
    const std::size_t texts_a = a_.phone().texts.size(), texts_b = b_.phone().texts.size();
    healed.looks = o_.partition_s > 0 ? go_on() : say_all();
    const int more = o_.messages;
    until([&] { return archived(a_) >= had_a + more && archived(b_) >= had_b + more; },
          "the archives, while cut off");
    if (a_.phone().texts.size() > texts_a + more || b_.phone().texts.size() > texts_b + more)
      throw std::runtime_error("the sites were not cut off");
    healed.waiting = a_.link("b").at("waiting").as_int64();
    healed.memory_mb = memory_mb(*a_.server) - memory;
    healed.disk_mb = disk_mb(*a_.server) - disk;
    const auto begin = Clock::now();
    to_a_.heal();
    to_b_.heal();
    until([&] { return all_phones_have_all(); }, "the phones, after healing");
    healed.phones_ms = ms_since(begin);
    until([&] { return available(a_) == available(b_); }, "the presence, after healing");
    healed.presence_ms = ms_since(begin);
    until([&] { return a_.link("b").at("waiting") == 0 && b_.link("a").at("waiting") == 0; }, "the archives");
    healed.archives_ms = ms_since(begin);
    return healed;
  }

 private:
  static constexpr std::chrono::seconds kPatience{120};
  static constexpr std::chrono::milliseconds kBetweenPings{60};

  static std::string name(const Site& site, int i) { return i == 0 ? site.user : fmt::format("u{}", i); }
  static void must(const test::HttpAnswer& answer) {
    if (answer.status / 100 != 2) throw std::runtime_error("the server says " + answer.body);
  }
  static void must(const std::optional<std::string>& sent) {
    if (!sent) throw std::runtime_error("a phone cannot send");
  }
  static double arrival(Site& site, const std::string& text, Clock::time_point begin) {
    if (!site.phones->until([&] { return site.phone().texts.contains(text); }, kPatience))
      throw std::runtime_error("a message does not come in");
    return ms_since(begin);
  }
  /// The phones' way to their broker, which takes its time.
  std::string way_of_phones(Site& site) {
    if (o_.phone_ms == 0) return site.broker.url();
    auto& way = ways_.emplace_back(std::make_unique<test::TcpProxy>(site.broker.port()));
    way->delay(std::chrono::milliseconds(o_.phone_ms));
    site.phone().broker_url = "tcp://127.0.0.1:" + std::to_string(way->port());
    site.phones->restart(0);
    return site.phone().broker_url;
  }
  template <class F>
  void until(F holds, const char* what) {
    const bool held = a_.phones->until(
        [&] {
          b_.phones->until([] { return true; });
          return holds();
        },
        kPatience);
    if (!held) throw std::runtime_error(std::string("time is over: ") + what);
  }
  void join(std::uint16_t a, std::uint16_t b) {
    must(a_.add_peer(b_, b));
    must(b_.add_peer(a_, a));
    until([&] { return a_.link("b").at("state") == "up" && b_.link("a").at("state") == "up"; }, "the link");
  }
  static std::string cut_text(int i) { return fmt::format("cut {}", i); }
  void say(int i) {
    for (Site* site : {&a_, &b_})
      must((*site->phones)[static_cast<std::size_t>(i % o_.writers)].client->send(group_, cut_text(i)));
  }
  int say_all() {
    for (int i = 0; i < o_.messages; ++i) say(i);
    return 0;
  }
  /// The messages evenly over the time that they are cut off, and those who look in beside; how many these
  /// were.
  int go_on() {
    bench::Visitors of_a(a_, o_.writers, o_.members, o_.looks, 1),
        of_b(b_, o_.writers, o_.members, o_.looks, 2);
    const auto begin = Clock::now();
    const auto pace = std::chrono::duration<double>(static_cast<double>(o_.partition_s) / o_.messages);
    for (int i = 0; i < o_.messages; ++i) {
      say(i);
      const auto next = begin + std::chrono::duration_cast<Clock::duration>(pace * (i + 1));
      until([&] { return Clock::now() >= next; }, "the next message");
    }
    return of_a.end() + of_b.end();
  }
  /// What those of the other site said meanwhile.
  bool all_phones_have_all() {
    for (int i = o_.messages; i-- > 0;) {
      const int writer = i % o_.writers;
      const auto has = [&](Site& site, Site& other) {
        const std::string text = name(other, writer) + "@" + other.name + ": " + cut_text(i);
        return std::all_of(site.phones->all().begin(), site.phones->all().end(),
                           [&](const auto& phone) { return phone->texts.contains(text); });
      };
      if (!has(a_, b_) || !has(b_, a_)) return false;
    }
    return true;
  }
  std::int64_t available(const Site& site) const {
    return site.get("/groups/" + group_).at("available").as_int64();
  }
  static double memory_mb(const test::ServerProcess& server) {
    std::ifstream status("/proc/" + std::to_string(server.pid()) + "/status");
    for (std::string word; status >> word;)
      if (word == "VmRSS:" && status >> word) return std::stod(word) / 1024;
    return 0;
  }
  static double disk_mb(const test::ServerProcess& server) {
    double bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(server.folder() / "store"))
      if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
    return bytes / 1e6;
  }
  static int archived(Site& site) {
    std::size_t n = 0;
    for (const auto& phone : site.phones->all()) n += phone->archived.size();
    return static_cast<int>(n);
  }

  void start() {
    std::string users;
    for (const Site* site : {&a_, &b_})
      for (int i = 0; i < o_.members; ++i)
        users +=
            fmt::format("{}\"{}{}\"", users.empty() ? "" : ", ", name(*site, i), site == &a_ ? "" : "@b");
    must(a_.server->call(
        "PUT", "/plans",
        "schema = 1\n[[plan]]\nid = \"p\"\nname = \"Across\"\naudience = { presence = \"any\", any = "
        "[{ users = [" +
            users + "] }] }\n[[plan.end]]\non = \"duration\"\nafter = \"4h\"\n",
        "application/toml"));
    must(a_.server->call("POST", "/groups", R"({"plan":"p"})"));
    const auto all = static_cast<std::uint32_t>(2 * o_.members);
    until(
        [&] {
          for (Site* site : {&a_, &b_})
            for (const auto& phone : site->phones->all()) {
              const auto groups = phone->client->groups();
              if (groups.empty() || groups[0].members != all) return false;
            }
          return true;
        },
        "the list of all members");
    group_ = a_.group();
  }

  const Options o_;
  Site a_{"a", "anna"}, b_{"b", "ben"};
  std::vector<std::unique_ptr<test::TcpProxy>> ways_;
  test::TcpProxy to_a_{a_.broker.port()}, to_b_{b_.broker.port()};
  std::string group_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"bench_federation: a chat of two joined sites. One line of JSON."};
  Options o;
  app.add_option("--members", o.members, "of each site")->check(CLI::Range(2, 5'000));
  app.add_option("--writers", o.writers, "of each site, with a phone")->check(CLI::Range(2, 100));
  app.add_option("--messages", o.messages, "said at each site while they are cut off")
      ->check(CLI::Range(1, 40'000));
  app.add_option("--partition-s", o.partition_s, "seconds over which that is said; 0: at once")
      ->check(CLI::Range(0, 3'600));
  app.add_option("--looks", o.looks, "a minute at each site then: somebody without a phone says how they are")
      ->check(CLI::Range(1, 6'000));
  app.add_option("--pings", o.pings, "messages whose way is timed")->check(CLI::Range(1, 10'000));
  app.add_option("--phone-ms", o.phone_ms, "between a phone and its broker, in each direction")
      ->check(CLI::Range(0, 1'000));
  CLI11_PARSE(app, argc, argv);
  try {
    Pair pair(o);
    const auto [here, there] = pair.latency();
    const auto healed = pair.partition();
    fmt::print(
        R"({{"members":{},"phone_ms":{},"here_ms":{:.2f},"there_ms":{:.2f},"ratio":{:.2f},)"
        R"("partition_s":{},"messages":{},"looks":{},"waiting":{},"memory_mb":{:.1f},"disk_mb":{:.1f},)"
        R"("healed_phones_ms":{:.0f},"healed_presence_ms":{:.0f},"healed_archives_ms":{:.0f}}})"
        "\n",
        2 * o.members, o.phone_ms, here, there, there / here, o.partition_s, 2 * o.messages, healed.looks,
        healed.waiting, healed.memory_mb, healed.disk_mb, healed.phones_ms, healed.presence_ms,
        healed.archives_ms);
    return 0;
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_federation: {}\n", e.what());
    return 1;
  }
}
