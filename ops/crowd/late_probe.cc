#include "ops/crowd/late_probe.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "ops/crowd/resolve.h"
#include "ops/crowd/wire.h"
#include "topics/messages/chat.h"
#include "topics/principal.h"
#include "topics/topic.h"

namespace convoke::crowd {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// One blocking connection with a deadline for each answer.
class Line {
 public:
  explicit Line(const std::string& broker) {
    for (const std::string& address : resolve(broker))
      if (fd_ < 0) try_address(address);
  }
  ~Line() {
    if (fd_ >= 0) ::close(fd_);
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  bool open() const { return fd_ >= 0; }
  void write(const std::string& bytes) {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      lost_ = true;
  }
  /// The next packet; nothing when the time is over or the broker has hung up.
  std::optional<wire::Packet> read(Clock::time_point deadline) {
    for (;;) {
      wire::Parsed parsed = wire::parse(received_);
      received_.erase(0, parsed.size);
      if (parsed.packet) return parsed.packet;
      if (parsed.broken || lost_ || !fill(deadline)) return std::nullopt;
    }
  }

 private:
  void try_address(const std::string& bytes) {
    const auto* address = reinterpret_cast<const sockaddr*>(bytes.data());
    const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ::connect(fd, address, static_cast<socklen_t>(bytes.size())) == 0)
      fd_ = fd;
    else if (fd >= 0)
      ::close(fd);
  }
  bool fill(Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd waiting{fd_, POLLIN, 0};
    if (left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) != 1) return false;
    char buffer[4096];
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
    if (size > 0) received_.append(buffer, static_cast<std::size_t>(size));
    return size > 0;
  }

  int fd_ = -1;
  bool lost_ = false;
  std::string received_;
};

void knock(Line& line, const topics::SiteId& site, const topics::UserId& user, const topics::GroupId& group) {
  const std::string chat = topics::chat_topic(site, group, user);
  std::string everyone = chat;
  everyone.replace(everyone.rfind('/') + 1, std::string::npos, "+");
  const messages::ChatMessage message{"late", "text", "anybody still here?", {}};
  line.write(wire::publish(chat, encode(message), 1));
  line.write(wire::subscribe(
      2, {{everyone, 1}, {topics::head_topic(site, group), 1}, {topics::buddies_topic(site, group, 0), 1}}));
}

}  // namespace

LateProbe probe_closed_chat(const std::string& broker, const topics::SiteId& site, const topics::UserId& user,
                            const topics::GroupId& group, const std::string& token) {
  LateProbe result;
  Line line(broker);
  if (!line.open()) return {.error = "cannot reach the broker"};
  const topics::Principal who{site, topics::Role::terminal, user.str(), topics::DeviceId::parse(kLateDevice)};
  wire::Connect connect;
  connect.client_id = topics::client_id(who);
  connect.user = user.str();
  connect.password = token;
  line.write(wire::connect(connect));
  const auto connack = line.read(Clock::now() + 2s);
  if (!connack || connack->type != wire::Type::connack || connack->code != 0)
    return {.error = "the broker does not let a member connect"};

  knock(line, site, user, group);
  bool published = false, subscribed = false;
  auto deadline = Clock::now() + 2s;
  while (const auto packet = line.read(deadline)) {
    if (packet->type == wire::Type::puback) published = true, result.publish_code = packet->code;
    if (packet->type == wire::Type::suback) {
      subscribed = true;
      result.subscribe_refused =
          std::all_of(packet->codes.begin(), packet->codes.end(), [](int code) { return code >= 0x80; });
    }
    if (packet->type == wire::Type::publish) ++result.delivered;
    if (published && subscribed) deadline = std::min(deadline, Clock::now() + 500ms);
  }
  if (!published || !subscribed) result.error = "the broker hung up instead of answering";
  line.write(wire::disconnect());
  return result;
}

}  // namespace convoke::crowd
