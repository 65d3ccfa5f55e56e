// What the broker plugin costs: deliveries of chat messages for each second of the broker's CPU time, with
// the plugin (tokens checked, each delivery decided, messages stamped) and by the same broker open to
// everyone, in turns. Sender and receivers speak QoS 1, as phones do. The open broker delivers the same
// bytes: there the sender itself writes what the plugin stamps.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ops/crowd/wire.h"
#include "tests/support/loopback.h"
#include "tests/support/mosquitto_process.h"
#include "tests/support/test_client.h"
#include "tests/support/test_tokens.h"
#include "topics/messages/feed.h"

namespace {

namespace messages = convoke::messages;
namespace wire = convoke::crowd::wire;
using convoke::test::MosquittoProcess;
using convoke::test::TestClient;
using convoke::test::TestTokens;
using convoke::topics::Role;

constexpr std::size_t kWindow = 20;      // messages on their way at once
constexpr std::size_t kFeedUsers = 500;  // the most in one operation
constexpr int kPatienceMs = 10'000;
const std::string kGroup(32, 'a');

struct Sizes {
  std::size_t members = 500, messages = 200, bytes = 150, rounds = 20;
};

std::string user(std::size_t i) { return fmt::format("user{:05}", i); }

/// The broker has one core and we the rest: where the scheduler moves it about, figures differ by a tenth.
void stay_on(pid_t process, unsigned core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
    if ((process != 0) == (i == core)) CPU_SET(i, &cores);
  if (CPU_COUNT(&cores) > 0) ::sched_setaffinity(process, sizeof cores, &cores);
}

/// One member's connection.
class Member {
 public:
  Member(std::uint16_t port, const std::string& name, const std::string& token) {
    fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to = convoke::test::loopback(port);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect to the broker");
    send(wire::connect({"demo:" + name + ":d1", name, token, 60, "", ""}));
    expect(wire::Type::connack);
    send(wire::subscribe(1, {{"cv1/demo/g/" + kGroup + "/chat/+", 1}}));
    expect(wire::Type::suback);
  }
  ~Member() { ::close(fd_); }
  Member(const Member&) = delete;

  int fd() const { return fd_; }

  void send(const std::string& bytes) {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("the broker closed a connection");
  }

  /// Reads what is there, acknowledges messages, and returns how many they were.
  std::size_t take() {
    receive(MSG_DONTWAIT);
    std::size_t messages = 0;
    std::string answers;
    while (const auto packet = next()) {
      if (packet->type != wire::Type::publish) continue;
      ++messages;
      answers += wire::puback(packet->id);
    }
    if (!answers.empty()) send(answers);
    return messages;
  }

 private:
  void expect(wire::Type type) {
    for (;;) {
      if (const auto packet = next()) {
        const bool refused = packet->code >= 0x80 || (!packet->codes.empty() && packet->codes[0] >= 0x80);
        if (packet->type != type || refused) throw std::runtime_error("the broker refused a member");
        return;
      }
      receive(0);
    }
  }
  void receive(int flags) {
    char buffer[65'536];
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, flags);
    if (size > 0) in_.append(buffer, static_cast<std::size_t>(size));
    if (size == 0) throw std::runtime_error("the broker closed a connection");
  }
  std::optional<wire::Packet> next() {
    wire::Parsed parsed = wire::parse(in_);
    if (parsed.broken) throw std::runtime_error("the broker sent what is not MQTT");
    in_.erase(0, parsed.size);
    return std::move(parsed.packet);
  }

  int fd_;
  std::string in_;
};

/// A broker with a group that is all there.
class Hall {
 public:
  Hall(bool with_plugin, const Sizes& sizes)
      : sizes_(sizes),
        stamp_(with_plugin ? wire::UserProperties{}
                           : wire::UserProperties{{"cv-site", "demo"},
                                                  {"cv-epoch", "1767225600000"},
                                                  {"cv-n", "123"},
                                                  {"cv-time", "1767225600000"}}),
        broker_(with_plugin ? std::make_unique<MosquittoProcess>("demo", tokens_.public_jwks(),
                                                                 "plugin_opt_messages_per_second 0")
                            : std::make_unique<MosquittoProcess>()),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    broker_->start();
    stay_on(broker_->pid(), 0);
    if (with_plugin) feed();
    for (std::size_t i = 0; i < sizes.members; ++i) {
      members_.push_back(
          std::make_unique<Member>(broker_->port(), user(i), tokens_.make(Role::terminal, user(i))));
      epoll_event interest{};
      interest.events = EPOLLIN;
      interest.data.u64 = i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, members_.back()->fd(), &interest);
    }
  }
  ~Hall() { ::close(epoll_); }

  /// Sends so many messages to all; returns deliveries for each second of the broker's CPU time.
  double chat(std::size_t messages) {
    const std::string topic = "cv1/demo/g/" + kGroup + "/chat/" + user(0);
    const std::string text(sizes_.bytes, 'x');
    const double began_s = broker_->cpu_s();
    const std::size_t all = messages * members_.size();
    std::size_t sent = 0;
    for (std::size_t delivered = 0; delivered < all; delivered += wait()) {
      for (; sent < messages && sent * members_.size() < delivered + kWindow * members_.size(); ++sent)
        members_[0]->send(
            wire::publish(topic, text, static_cast<std::uint16_t>(sent % 65'535 + 1), false, stamp_));
    }
    return static_cast<double>(all) / (broker_->cpu_s() - began_s);
  }

 private:
  void feed() {
    server_ = std::make_unique<TestClient>(broker_->url(), tokens_.client_id("s1"));
    messages::Feed feed{1, {messages::FeedBegin{}}};
    for (std::size_t i = 0; i < sizes_.members; i += kFeedUsers) {
      messages::FeedAdd add{kGroup, {}};
      for (std::size_t j = i; j < std::min(i + kFeedUsers, sizes_.members); ++j) add.users.push_back(user(j));
      feed.ops.push_back(std::move(add));
    }
    feed.ops.push_back(messages::FeedReady{});
    if (server_->connect(tokens_.make(Role::server, "s1")) != 0 ||
        server_->publish({"$CONTROL/convoke/v1", encode(feed), 1}) != 0)
      throw std::runtime_error("the plugin was not fed");
  }

  std::size_t wait() {
    std::array<epoll_event, 256> events{};
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kPatienceMs);
    if (count <= 0) throw std::runtime_error("deliveries are missing");
    std::size_t delivered = 0;
    for (int i = 0; i < count; ++i)
      delivered += members_[events[static_cast<std::size_t>(i)].data.u64]->take();
    return delivered;
  }

  const Sizes& sizes_;
  const wire::UserProperties stamp_;
  TestTokens tokens_;
  std::unique_ptr<MosquittoProcess> broker_;
  std::unique_ptr<TestClient> server_;
  std::vector<std::unique_ptr<Member>> members_;
  int epoll_;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run(const Sizes& sizes) {
  Hall bare(false, sizes), with_plugin(true, sizes);
  stay_on(0, 0);
  std::vector<double> bare_rates, plugin_rates;
  bare.chat(kWindow), with_plugin.chat(kWindow);  // warm
  for (std::size_t round = 0; round < sizes.rounds; ++round) {
    bare_rates.push_back(bare.chat(sizes.messages));
    plugin_rates.push_back(with_plugin.chat(sizes.messages));
  }
  const double bare_rate = median(bare_rates), plugin_rate = median(plugin_rates);
  fmt::print(R"({{"members":{},"messages":{},"bytes":{},"rounds":{},"bare_per_cpu_s":{:.0f},)"
             R"("plugin_per_cpu_s":{:.0f},"ratio":{:.3f}}})"
             "\n",
             sizes.members, sizes.messages, sizes.bytes, sizes.rounds, bare_rate, plugin_rate,
             plugin_rate / bare_rate);
}

void raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  Sizes sizes;
  CLI::App app(
      "Chat deliveries per second of broker CPU, with the plugin and without; prints one line of JSON.");
  app.option_defaults()->always_capture_default();
  app.add_option("--members", sizes.members, "of the group, each with a connection")
      ->check(CLI::Range(1, 15'000));
  app.add_option("--messages", sizes.messages, "in each round")->check(CLI::PositiveNumber);
  app.add_option("--bytes", sizes.bytes, "of each message")->check(CLI::Range(1, 30'000));
  app.add_option("--rounds", sizes.rounds, "the medians count")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  raise_file_limit();
  try {
    run(sizes);
  } catch (const std::exception& e) {
    fmt::print(stderr, "bench_plugin: {}\n", e.what());
    return 1;
  }
}
