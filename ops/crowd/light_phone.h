#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "ops/crowd/light_counts.h"
#include "ops/crowd/walker.h"
#include "ops/crowd/wire.h"
#include "topics/ids.h"
#include "topics/messages/inbox.h"
#include "topics/messages/request.h"

namespace convoke::crowd {

/// A phone that speaks the protocol without the SDK: it connects, walks, joins chats, asks for what was said
/// before, holds the first page of their lists, writes, counts, and leaves. It repeats nothing, so it misses
/// what the broker drops; it is there to make a crowd around real phones. Bytes in, bytes out; no socket.
class LightPhone {
 public:
  LightPhone(topics::SiteId site, topics::UserId user, topics::DeviceId device, Walker walker,
             std::uint64_t seed);

  /// The first bytes of a new connection.
  std::string hello(const std::string& token, std::int64_t unix_ms);
  /// What to answer to a packet. `now_ms` is real Unix time.
  std::string on(const wire::Packet& packet, LightCounts& counts);
  /// One second passes: perhaps a fix, perhaps a message to each chat.
  std::string second(double chat_per_minute, double walk_seconds, std::int64_t venue_ms, LightCounts& counts);
  /// Changes between available and away.
  std::string flip(LightCounts& counts);
  void lost() { connected_ = false; }

  bool connected() const { return connected_; }
  const std::string& user() const { return user_.str(); }
  std::size_t groups() const { return held_.size(); }

 private:
  struct Held {
    std::uint64_t head = 0;  // versions: of the header
    std::uint64_t page = 0;  // of the first page; 0: it comes
    std::uint64_t told = 0;  // that the server was told
    bool asked = false;      // for the first page,
    bool again = false;      // which has changed since
    int wait_s = -1;         // until it is asked for; below 0: it is not to be
    std::uint32_t members = 0;
  };
  std::string welcome();
  std::string show_presence();
  std::string arrived(const wire::Packet& packet, LightCounts& counts);
  std::string inbox(const messages::InboxMessage& message, LightCounts& counts);
  std::string start(const std::string& group, LightCounts& counts);
  std::string end(const std::string& group, LightCounts& counts);
  std::string tell_held(const std::string& group, Held& held, LightCounts& counts);
  std::string answered(const std::string& payload, LightCounts& counts);
  int page_wait(const Held& held);
  void changed(Held& held, const std::string& payload);
  std::string page(const messages::RosterPage& page, LightCounts& counts);
  std::string hold(const std::string& group, std::uint64_t version, bool ended);
  std::string request(decltype(messages::Request::op) op);
  std::uint16_t next_id();

  topics::SiteId site_;
  topics::UserId user_;
  topics::DeviceId device_;
  Walker walker_;
  std::mt19937_64 random_;
  bool connected_ = false;
  bool away_ = false;
  std::uint64_t connect_number_ = 0;
  std::uint16_t id_ = 0;
  std::uint64_t counter_ = 0;
  geo::LatLon reported_;
  int silent_s_ = 1'000;
  std::map<std::string, Held> held_;
};

}  // namespace convoke::crowd
