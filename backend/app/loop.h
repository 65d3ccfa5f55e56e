#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/core/engine.h"
#include "backend/egress/broker_session.h"
#include "backend/egress/outbox.h"
#include "backend/egress/peer_sender.h"
#include "backend/ingress/decoder.h"
#include "backend/store/eraser.h"
#include "backend/store/journal.h"
#include "backend/store/store.h"
#include "topics/topic.h"

namespace convoke::app {

/// Core, journal and outbox joined as "write, then speak" asks for: a turn takes what came in, lets the core
/// work, commits once, and only then lets anything out (but for what other sites' users said, which is no
/// promise of ours: release_ahead). No thread, clock or socket of its own: the server
/// runs it on its one thread, the simulation with a simulated network, disk and clock.
class Loop {
 public:
  struct Options {
    topics::SiteId site;
    topics::ServerId server;
    geo::Rule rule;
    std::string version;
  };
  /// Both clocks at one instant: the one that plans go by, and the real one, which connections go by.
  struct Times {
    core::TimeMs now = 0;
    std::int64_t real_ms = 0;
  };
  struct Hooks {
    std::function<std::string()> read_token;    // the token file, read anew for each connection
    std::function<topics::GroupId()> fresh_id;  // one that nobody can guess
    std::function<core::TimeMs(std::int64_t real_ms)> time_of;
    std::function<void(const std::string&)> warn;
    /// The store cannot be written: true to try once more, false to stop.
    std::function<bool(const std::string& failure)> try_again;
    /// Something is not as it should be, or with an empty detail is again: "broker", "store".
    std::function<void(const std::string& what, const std::string& detail)> problem;
    /// A message of this kind came from the broker.
    std::function<void(topics::Kind)> arrived;
    /// The staff interface over MQTT.
    std::function<void(const topics::Topic&, const egress::LinkMessage&, core::Context&)> staff;
    /// On the disk, and on its way.
    std::function<void(const core::Effects&)> released;
    /// Stands for a user where the id must not be kept (token::subject_mark).
    std::function<std::string(const core::UserId&)> mark = {};
    /// Begins to remove from the store's files what is gone from its records; and whether that is done.
    std::function<void()> compact = {};
    std::function<bool()> compacted = {};
    /// Takes what staff's events say that somebody did outside: see ingress::Decoder.
    ingress::Decoder::Outside outside = {};
    /// A user has connected with a token, issued at that time, that proves a number or an address; unset: the
    /// broker's plugin is not asked for it.
    std::function<void(const messages::SignIn&, core::TimeMs issued_ms, core::Context&)> signed_in = {};
    /// A connection to another site's broker, whose events come back through `take_peer` with this number;
    /// and the token for it.
    std::function<std::unique_ptr<egress::Link>(const core::Peer&, std::uint64_t number)> peer_link = {};
    std::function<std::string(const topics::SiteId&)> peer_token = {};
  };

  /// Loads the store. Throws std::runtime_error saying what is wrong with it.
  Loop(Options options, store::Store& store, egress::Link& link, Hooks hooks, core::TimeMs now);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// One turn: `inputs` gives what came in, through `take` or calls of the core. False if the store cannot be
  /// written and the server stops: then nothing of it may be acknowledged.
  bool turn(Times times, const std::function<void(core::Context&)>& inputs);
  /// Within a turn, before each input: fresh ids are in stock.
  void refill_ids();
  /// Within a turn: something came from the broker.
  void take(egress::LinkEvent& event);
  /// Something came from the connection to another site's broker.
  void take_peer(std::uint64_t link, const egress::LinkEvent& event);
  /// Says goodbye, and writes what could wait.
  void close(Times times);

  core::Engine& engine() { return engine_; }
  const core::Engine& engine() const { return engine_; }
  store::Journal& journal() { return journal_; }
  const store::Eraser& eraser() const { return eraser_; }
  egress::BrokerSession& session() { return session_; }
  const egress::BrokerSession& session() const { return session_; }
  const egress::Outbox& outbox() const { return outbox_; }
  const ingress::Rejects& rejects() const { return decoder_.rejects(); }
  std::uint64_t broker_epoch() const { return broker_epoch_; }
  /// Null: there is no link to that site.
  const egress::PeerSender* peer(const topics::SiteId& site) const {
    const auto it = peers_.find(site);
    return it == peers_.end() ? nullptr : &it->second.sender;
  }

 private:
  void handle(const egress::LinkMessage& message);
  bool commit();
  void revoke(core::Context& ctx);
  void erase(const core::Effects& fx);
  std::size_t release_ahead(core::Effects& fx, const std::vector<std::uint64_t>& seqs);
  void release(core::Effects& fx, const std::vector<std::uint64_t>& seqs, std::size_t ahead);
  void answer_history(const core::HistoryQuery& query);
  std::vector<messages::FeedOp> full_feed() const;
  void signed_in(const messages::SignIn& sign_in);
  std::set<core::SiteId> link_peers(const core::Effects& fx);
  void hear_signals(const core::GroupId& id);
  void open_peer(const core::Peer& peer);
  void release_peers(core::Effects& fx);
  void broker_fed(std::uint64_t epoch);
  void feed_confirmed(const core::FeedChange& change);

  Options options_;
  Hooks hooks_;
  store::Journal journal_;
  store::Eraser eraser_;
  core::Engine engine_;
  ingress::Decoder decoder_;
  egress::Outbox outbox_;
  egress::BrokerSession session_;

  struct PeerLink {
    std::uint64_t number;
    std::string host;
    int port;
    egress::PeerSender sender;
  };
  std::map<topics::SiteId, PeerLink> peers_;
  std::uint64_t peer_links_ = 0;  // so many have been made

  core::Context* ctx_ = nullptr;  // of the turn under way
  Times times_;                   // of the turn under way
  std::deque<topics::GroupId> fresh_ids_;
  std::int64_t positions_written_ms_ = 0;
  std::uint64_t broker_epoch_ = 0;
  std::uint64_t signed_in_ = 0;  // the last one of the turn under way; 0: none
  bool from_backup_ = false;     // and nobody has been told
};

}  // namespace convoke::app
