#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/core/model.h"
#include "backend/egress/link.h"
#include "topics/ids.h"
#include "topics/messages/peer.h"

namespace convoke::egress {

/// One direction of the link to another site: dials its broker and sends it what waits for it, in batches,
/// until its server says that it has it; with each batch goes what we have of theirs. Owned by the server's
/// thread. Times are the real clock's milliseconds.
class PeerSender {
 public:
  struct Hooks {
    std::function<std::string()> token;                    // made anew for each connection
    std::function<void(const std::string& line)> problem;  // for the log
  };
  PeerSender(topics::SiteId own, topics::SiteId peer, std::unique_ptr<Link> link, Hooks hooks);

  // What the core has decided, once it is on disk.
  void push(std::uint64_t number, std::string item, std::int64_t real_ms);
  void took(std::uint64_t upto, std::int64_t real_ms);  // the peer has all up to this
  void clear();                                         // nothing waits any more
  /// To be told now, or not at all.
  void signal(std::vector<messages::PeerSignal> signals) { signals_ = std::move(signals); }
  void heard() { owes_ack_ = true; }  // items came: the peer is to know what was taken

  /// To be called with each turn: connects when it is time to, and sends what may be sent.
  void pump(const core::Peer& numbers, std::int64_t real_ms);
  void event(const LinkEvent& event, std::int64_t real_ms);
  void close() { link_->disconnect(); }

  bool up() const { return up_; }
  const std::string& last_error() const { return last_error_; }
  /// How long the oldest item has been waiting; 0: none does.
  std::int64_t lag_ms(std::int64_t real_ms) const;

 private:
  struct Item {
    std::uint64_t number;
    std::string text;
    std::int64_t since_ms;
  };
  void connect(std::int64_t real_ms);
  void down(const std::string& why, std::int64_t real_ms);
  void well() { attempts_ = 0, last_error_.clear(); }
  std::size_t send_batch(const core::Peer& numbers, std::size_t from, std::int64_t real_ms);
  void send_signals(const core::Peer& numbers);
  messages::PeerBatch empty_batch(const core::Peer& numbers, std::size_t from) const;

  const std::string topic_, peer_;
  std::unique_ptr<Link> link_;
  Hooks hooks_;
  std::deque<Item> items_;
  std::vector<messages::PeerSignal> signals_;
  std::size_t sent_ = 0;  // items before this index are on their way
  bool up_ = false, connecting_ = false, owes_ack_ = false;
  int attempts_ = 0;
  std::int64_t retry_ms_ = 0;       // not before
  std::int64_t progress_ms_ = 0;    // when something was last taken, or sending began anew
  std::int64_t sent_ms_ = 0;        // the last batch
  std::int64_t items_sent_ms_ = 0;  // the last with items
  std::string last_error_;
};

}  // namespace convoke::egress
