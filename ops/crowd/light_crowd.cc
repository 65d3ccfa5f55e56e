#include "ops/crowd/light_crowd.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <vector>

#include "ops/crowd/clock.h"
#include "ops/crowd/resolve.h"

namespace convoke::crowd {
namespace {

constexpr std::int64_t kStepMs = 10;
constexpr std::int64_t kSecondMs = 1'000;
constexpr std::int64_t kPingMs = 25'000;
constexpr std::size_t kMaxBacklog = 1 << 20;  // bytes that wait for a slow broker

std::string address_of(const std::string& broker) {
  const std::vector<std::string> addresses = resolve(broker);
  if (addresses.empty()) throw std::runtime_error("--broker: cannot resolve " + broker);
  return addresses.front();
}

}  // namespace

/// One phone's connection.
struct LightCrowd::Line {
  Line(std::size_t number, LightPhone p) : index(number), phone(std::move(p)) {}
  std::size_t index;
  LightPhone phone;
  int fd = -1;
  std::int64_t open_at_ms = 0;
  std::int64_t spoke_ms = 0;
  std::size_t seconds = 0;  // that it was connected
  bool writable = false;
  std::string in, out;
};

LightCrowd::LightCrowd(const Options& options, const Tokens& tokens, const Venue& venue,
                       std::function<std::int64_t()> venue_now)
    : options_(options),
      tokens_(tokens),
      venue_now_(std::move(venue_now)),
      address_(address_of(options.broker)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  const std::int64_t now = steady_ms();
  for (std::size_t i = 0; i < options_.light; ++i) {
    const std::uint64_t seed = options_.seed * 1'000'003 + i * 7'919 + 1;
    const auto user = topics::UserId::parse(fmt::format("{}light{:05}", options_.user_prefix, i + 1));
    LightPhone phone(options_.site, user, topics::DeviceId::parse("light"),
                     Walker(venue, seed, Walker::Habit::walks, options_.walk_speed), seed);
    lines_.push_back(std::make_unique<Line>(i, std::move(phone)));
    lines_.back()->open_at_ms =
        now + static_cast<std::int64_t>(static_cast<double>(i) * 1000 / options_.connect_rate);
  }
  counts_.phones = options_.light;
  stepped_ms_ = now;
  thread_ = std::thread([this] { run(); });
}

LightCrowd::~LightCrowd() {
  stopping_ = true;
  thread_.join();
  for (const auto& line : lines_)
    if (line->fd >= 0) ::close(line->fd);
  ::close(epoll_);
}

LightCounts LightCrowd::counts() const {
  const MutexLock lock(mutex_);
  return shown_;
}

void LightCrowd::run() {
  std::array<epoll_event, 256> events{};
  std::int64_t next_step = steady_ms();
  while (!stopping_) {
    const std::int64_t now = steady_ms();
    if (now >= next_step) {
      step(now);
      next_step = std::max(next_step + kStepMs, now - 10 * kStepMs);
    }
    const int timeout = static_cast<int>(std::clamp<std::int64_t>(next_step - steady_ms(), 0, kStepMs));
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      serve(*lines_[event.data.u64], event.events, now);
    }
  }
}

/// Each phone has one step a second, spread evenly over it.
void LightCrowd::step(std::int64_t now_ms) {
  const double walk_seconds = options_.dev_clock ? options_.dev_clock->speed : 1;
  const std::int64_t venue_ms = venue_now_();
  owed_ += static_cast<double>(lines_.size()) * static_cast<double>(now_ms - stepped_ms_) / kSecondMs;
  stepped_ms_ = now_ms;
  for (; owed_ >= 1; owed_ -= 1, next_ = (next_ + 1) % lines_.size()) {
    Line& line = *lines_[next_];
    if (line.fd < 0 && now_ms >= line.open_at_ms) open(line);
    if (!line.phone.connected()) continue;
    write(line, line.phone.second(options_.chat_rate, walk_seconds, venue_ms, counts_), now_ms);
    if (options_.flip_every_s > 0 &&
        line.seconds++ % options_.flip_every_s == line.index % options_.flip_every_s)
      write(line, line.phone.flip(counts_), now_ms);
    if (line.fd >= 0 && now_ms - line.spoke_ms > kPingMs) write(line, wire::ping(), now_ms);
  }
  const MutexLock lock(mutex_);
  shown_ = counts_;
}

void LightCrowd::open(Line& line) {
  const auto* address = reinterpret_cast<const sockaddr*>(address_.data());
  line.fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (line.fd < 0) return;
  const int on = 1;
  ::setsockopt(line.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::connect(line.fd, address, static_cast<socklen_t>(address_.size()));  // how it went, epoll tells
  line.writable = false;
  line.in.clear();
  line.out = line.phone.hello(tokens_.issue(line.phone.user(), "light"), unix_ms());
  epoll_event interest{};
  interest.events = EPOLLIN | EPOLLOUT | EPOLLET;
  interest.data.u64 = line.index;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, line.fd, &interest);
}

void LightCrowd::lose(Line& line, std::int64_t now_ms) {
  if (line.fd < 0) return;
  ::close(line.fd);
  line.fd = -1;
  if (line.phone.connected()) --counts_.connected;
  line.phone.lost();
  line.open_at_ms = now_ms + 500 + static_cast<std::int64_t>(line.index * 37 % 4'500);  // not all together
}

void LightCrowd::serve(Line& line, std::uint32_t what, std::int64_t now_ms) {
  if ((what & (EPOLLERR | EPOLLHUP)) != 0) return lose(line, now_ms);
  if ((what & EPOLLOUT) != 0) {
    line.writable = true;
    write(line, "", now_ms);
  }
  if (line.fd >= 0 && (what & EPOLLIN) != 0) read(line, now_ms);
}

void LightCrowd::read(Line& line, std::int64_t now_ms) {
  char buffer[16'384];
  for (;;) {
    const ssize_t size = ::recv(line.fd, buffer, sizeof buffer, 0);
    if (size == 0 || (size < 0 && errno != EAGAIN)) return lose(line, now_ms);
    if (size < 0) break;
    line.in.append(buffer, static_cast<std::size_t>(size));
    counts_.bytes_in += static_cast<std::uint64_t>(size);
  }
  std::string answers;
  std::size_t used = 0;
  for (;;) {
    const wire::Parsed parsed = wire::parse(std::string_view(line.in).substr(used));
    if (parsed.broken) return lose(line, now_ms);
    if (!parsed.packet) break;
    used += parsed.size;
    const bool was_connected = line.phone.connected();
    answers += line.phone.on(*parsed.packet, counts_);
    if (!was_connected && line.phone.connected()) ++counts_.connected;
  }
  line.in.erase(0, used);
  write(line, std::move(answers), now_ms);
}

void LightCrowd::write(Line& line, std::string bytes, std::int64_t now_ms) {
  line.out += bytes;
  if (!line.writable || line.out.empty()) return;
  const ssize_t size = ::send(line.fd, line.out.data(), line.out.size(), MSG_NOSIGNAL);
  if (size < 0 && errno != EAGAIN) return lose(line, now_ms);
  if (size > 0) {
    line.out.erase(0, static_cast<std::size_t>(size));
    counts_.bytes_out += static_cast<std::uint64_t>(size);
  }
  line.spoke_ms = now_ms;
  line.writable = line.out.empty();  // else epoll tells when there is room again
  if (line.out.size() > kMaxBacklog) lose(line, now_ms);
}

}  // namespace convoke::crowd
