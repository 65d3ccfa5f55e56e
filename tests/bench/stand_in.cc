#include "tests/bench/stand_in.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>
#include <variant>

#include "topics/messages/request.h"

#include "tests/support/loopback.h"

namespace convoke::bench {
namespace {

namespace wire = crowd::wire;

constexpr std::size_t kWindow = 1000;  // publishes on their way; what the broker allows
constexpr std::size_t kChunk = 64;     // encoded at once, so that answers do not wait for all the rest

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to = test::loopback(port);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot connect to the broker");
  ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return fd;
}

/// An empty result, of the kind that was asked for.
std::string answer_to(const messages::Request& request) {
  if (std::holds_alternative<messages::ResumeRequest>(request.op))
    return encode(messages::Response{request.id, messages::ResumeAnswer{}});
  if (std::holds_alternative<messages::HistoryRequest>(request.op))
    return encode(messages::Response{request.id, messages::HistoryAnswer{}});
  return encode(messages::Response{request.id, messages::EmptyAnswer{}});
}

}  // namespace

StandIn::StandIn(std::uint16_t broker_port)
    : fd_(connect_to(broker_port)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  out_ = wire::connect({"demo:s1:server", "server", "none", 60, "", ""}) +
         wire::subscribe(
             1, {{"cv1/demo/u/+/+/req", 1}, {"cv1/demo/u/+/+/presence", 1}, {"cv1/demo/u/+/+/pos", 0}});
  thread_ = std::thread([this] { run(); });
}

StandIn::~StandIn() {
  stopping_ = true;
  ::eventfd_write(wake_, 1);
  thread_.join();
  ::close(fd_);
  ::close(wake_);
}

void StandIn::send(const std::vector<core::Outgoing>& messages) {
  {
    const MutexLock lock(mutex_);
    for (const core::Outgoing& message : messages)
      if (const auto* publish = std::get_if<core::Publish>(&message)) waiting_.push_back(*publish);
  }
  ::eventfd_write(wake_, 1);
}

void StandIn::run() {
  while (!stopping_) {
    write();
    const auto interest = static_cast<short>(out_.empty() ? POLLIN : POLLIN | POLLOUT);
    pollfd waits[] = {{fd_, interest, 0}, {wake_, POLLIN, 0}};
    if (::poll(waits, 2, 10'000) == 0) out_ += wire::ping();
    eventfd_t ignored = 0;
    ::eventfd_read(wake_, &ignored);
    read();
  }
}

void StandIn::read() {
  char buffer[65'536];
  for (ssize_t size = 0; (size = ::recv(fd_, buffer, sizeof buffer, 0)) > 0;)
    in_.append(buffer, static_cast<std::size_t>(size));
  std::size_t used = 0;
  for (;;) {
    const wire::Parsed parsed = wire::parse(std::string_view(in_).substr(used));
    if (!parsed.packet) break;
    used += parsed.size;
    take(*parsed.packet);
  }
  in_.erase(0, used);
}

void StandIn::take(const wire::Packet& packet) {
  if (packet.type == wire::Type::puback) --on_their_way_;
  if (packet.type != wire::Type::publish) return;
  if (packet.id != 0) out_ += wire::puback(packet.id);
  if (!packet.topic.ends_with("/req")) return;
  const auto request = messages::decode_request(packet.payload);
  if (!request) return;
  std::string topic = packet.topic;
  topic.replace(topic.size() - 3, 3, "res");
  answers_.push_back({std::move(topic), answer_to(*request)});
}

void StandIn::write() {
  const auto next = [this](std::deque<core::Publish>& queue) {
    id_ = static_cast<std::uint16_t>(id_ % 65'535 + 1);
    out_ += wire::publish(queue.front().topic, queue.front().payload, id_, queue.front().retain);
    queue.pop_front();
    ++on_their_way_;
  };
  const MutexLock lock(mutex_);
  do {
    for (std::size_t i = 0; i < kChunk && on_their_way_ < kWindow && !(answers_.empty() && waiting_.empty());
         ++i)
      next(waiting_.empty() ? answers_ : waiting_);
    const ssize_t size = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (size > 0) out_.erase(0, static_cast<std::size_t>(size));
  } while (out_.empty() && on_their_way_ < kWindow && !(answers_.empty() && waiting_.empty()));
}

}  // namespace convoke::bench
