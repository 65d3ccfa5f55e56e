#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/effects.h"
#include "backend/egress/link.h"
#include "backend/egress/outbox.h"
#include "topics/ids.h"
#include "topics/messages/feed.h"

namespace convoke::egress {

/// The server's side of its broker: connects, subscribes, feeds the broker's plugin, drains what the broker
/// held, then lets the outbox flow. Owned by the server's thread. Times are the real clock's milliseconds.
///
///   down → connecting → feeding → draining → running
///
/// An answer of the plugin that does not come, or that refuses, means that what it knows is not known: the
/// session goes down and begins again with a full feed.
class BrokerSession {
 public:
  enum class Phase { down, connecting, feeding, draining, running };

  /// What the session tells its owner.
  struct Listener {
    std::function<std::string()> read_token;  // the token file, read anew for each connection
    std::function<std::vector<messages::FeedOp>()> full_feed;  // everything the plugin must know now
    std::function<void(std::uint64_t broker_epoch)> fed;       // the plugin knows it; terminals may connect
    std::function<void(const core::FeedChange&)> feed_confirmed;  // a feed change from the outbox is in force
    std::function<void(const std::string&)> problem;              // something for the log
    std::function<void(const messages::SignIn&)> signed_in = {};  // what the full feed asked to be told
  };

  BrokerSession(topics::SiteId site, topics::ServerId server, std::string version, Link& link, Outbox& outbox,
                Listener listener);

  /// To be called about every 100 ms: connects when it is time to, and gives a connection up on which an
  /// answer has been due for kPatienceMs.
  static constexpr std::int64_t kPatienceMs = 10'000;
  void tick(std::int64_t real_ms);

  void link_up(const LinkUp& up, std::int64_t real_ms);
  void link_down(const LinkDown& down);
  void link_done(const LinkDone& done);
  /// True if the message was one of the session's own (feed response, marker).
  bool message(const LinkMessage& m);

  /// False for a stamp that the broker cannot have given: its epoch is ahead of the one that the plugin has
  /// told.
  bool stamp_holds(const messages::Stamp& stamp) const { return !epoch_ || stamp.epoch <= *epoch_; }

  /// Sends what the outbox has ready. A message that would be too large for the broker, which cuts whoever
  /// sends one, is left out, told as a problem and counted.
  static constexpr std::size_t kMaxMessageBytes = 65'000;  // topic, payload, correlation; the broker: 65,536
  void pump();
  std::uint64_t too_large() const { return too_large_; }
  /// Says goodbye in the server's status and disconnects.
  void close(std::int64_t now_ms);
  /// Publishes the server's status, retained.
  void publish_status(bool up, std::int64_t now_ms);

  /// Sign-ins up to this one are on the disk: the plugin forgets them, and tells the next.
  void keep_sign_ins(std::uint64_t n);

  /// Whether the group's signals are to come.
  void hear_signals(const topics::GroupId& group, bool hear);

  /// Asks the plugin for its counters; `counters` has them a moment later.
  void ask_counters();
  const std::map<std::string, std::uint64_t>& counters() const { return counters_; }

  Phase phase() const { return phase_; }
  bool drained() const { return phase_ == Phase::running; }

 private:
  void send_full_feed();
  void send_feed(std::vector<messages::FeedOp> ops);
  void feed_response(const messages::FeedResponse& r);
  void start_draining();
  bool waiting() const;
  void give_up(const std::string& why);
  void send(const core::Publish& p, std::uint64_t number);
  std::string signal_filter(const topics::GroupId& group) const;

  topics::SiteId site_;
  topics::ServerId server_;
  std::string version_, marker_topic_, status_topic_;
  Link& link_;
  Outbox& outbox_;
  Listener listener_;
  Phase phase_ = Phase::down;
  std::int64_t now_ms_ = 0;
  std::int64_t retry_in_ms_ = 0;  // down
  std::int64_t waited_ms_ = 0;    // for an answer that is due
  std::int64_t settled_ms_ = 0;   // running without a failure
  int attempts_ = 0;              // since it last ran well
  std::uint64_t next_feed_seq_;
  std::uint64_t too_large_ = 0;
  std::uint64_t first_feed_seq_ = 0;  // of this connection
  std::uint64_t last_full_feed_seq_ = 0;
  std::optional<std::uint64_t> epoch_;  // of the plugin, as its last answer on this connection says
  std::map<std::uint64_t, std::uint64_t> feeds_out_;  // feed seq -> outbox number
  std::map<std::string, std::uint64_t> counters_;
  std::string marker_;
  std::set<topics::GroupId> signals_of_;  // groups whose signals are to come
};

}  // namespace convoke::egress
