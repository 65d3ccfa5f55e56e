#include "backend/app/loop.h"

#include <algorithm>
#include <utility>

#include "backend/app/history_page.h"
#include "backend/core/feed.h"
#include "backend/core/peers.h"
#include "backend/core/signals.h"
#include "backend/store/records.h"
#include "topics/messages/request.h"

namespace convoke::app {
namespace {

// In stock before each step, besides one for each plan: a step starts one group of a plan at most, and one
// call brings up to 1000 new plans.
constexpr std::size_t kFreshIds = 1024;
constexpr std::int64_t kPositionsEveryMs = 1000;

}  // namespace

Loop::Loop(Options options, store::Store& store, egress::Link& link, Hooks hooks, core::TimeMs now)
    : options_(std::move(options)),
      hooks_(std::move(hooks)),
      journal_(store),
      eraser_(store),
      engine_(options_.site, options_.rule),
      decoder_(engine_, hooks_.warn),
      session_(options_.site, options_.server, options_.version, link, outbox_,
               {hooks_.read_token, [this] { return full_feed(); },
                [this](std::uint64_t epoch) { broker_fed(epoch); },
                [this](const core::FeedChange& change) { feed_confirmed(change); }, hooks_.warn,
                [this](const messages::SignIn& sign_in) { signed_in(sign_in); }}) {
  from_backup_ = store.is_from_backup();
  decoder_.set_outside(hooks_.outside);
  for (auto& [seq, message] : journal_.load(engine_, now)) outbox_.push({seq, std::move(message)});
  engine_.loaded(now);
  for (const auto& [user, at_ms] : eraser_.load())
    if (!engine_.state().user(user)) engine_.state().erased_ms[user] = at_ms;  // else they have come back
  for (const auto& [id, group] : engine_.state().groups) hear_signals(id);
  for (const auto& [site, peer] : engine_.state().peers)
    if (peer.shut.empty()) open_peer(peer);
  for (core::PeerOutgoing& out : journal_.peer_items())
    if (const auto it = peers_.find(out.site); it != peers_.end())
      it->second.sender.push(out.number, std::move(out.item), now);
}

bool Loop::turn(Times times, const std::function<void(core::Context&)>& inputs) {
  core::Effects fx;
  core::Context ctx{times.now, fresh_ids_, fx};
  ctx_ = &ctx;
  times_ = times;
  if (from_backup_) core::tell_peers_anew(engine_.state(), ctx);
  inputs(ctx);
  refill_ids();
  if (session_.drained()) engine_.tick(ctx);
  engine_.finish(ctx);
  revoke(ctx);
  const auto seqs = journal_.add(engine_, fx);
  erase(fx);
  if (fx.graced_since) journal_.put_meta(store::kBrokerEpochKey, std::to_string(broker_epoch_));
  const std::size_t ahead = release_ahead(fx, seqs);
  if (!commit()) return false;
  release(fx, seqs, ahead);
  if (std::exchange(from_backup_, false)) journal_.forget_backup();
  if (signed_in_ > 0) session_.keep_sign_ins(std::exchange(signed_in_, 0));
  if (hooks_.compact && eraser_.take_compaction()) hooks_.compact();
  return true;
}

/// Connections are cut and refused by the user's id at once, and for ever by what stands for it.
void Loop::revoke(core::Context& ctx) {
  for (const core::UserId& user : ctx.fx.revoked) {
    ctx.fx.out.emplace_back(core::FeedChange{{messages::FeedRevoke{user.str(), times_.real_ms}}, {}});
    if (!hooks_.mark) continue;
    const std::string mark = hooks_.mark(user);
    engine_.state().revocations[mark] = times_.real_ms;
    ctx.fx.revocations.insert(mark);
  }
}

void Loop::erase(const core::Effects& fx) {
  std::vector<store::Write> writes;
  // Who is erased in this turn comes in the next: what they said in this one is not in the store yet.
  eraser_.work({outbox_.oldest(), engine_.state().peers, fx.peer_items}, writes);
  for (const core::UserId& user : fx.erased) eraser_.begin(user, journal_.last_seq(), times_.now, writes);
  if (hooks_.compacted && hooks_.compacted()) eraser_.compacted(writes);
  journal_.add(std::move(writes));
}

void Loop::take(egress::LinkEvent& event) {
  if (const auto* up = std::get_if<egress::LinkUp>(&event)) return session_.link_up(*up, times_.real_ms);
  if (const auto* down = std::get_if<egress::LinkDown>(&event)) {
    hooks_.problem("broker", down->why);
    return session_.link_down(*down);
  }
  if (const auto* done = std::get_if<egress::LinkDone>(&event)) return session_.link_done(*done);
  auto& message = std::get<egress::LinkMessage>(event);
  if (message.stamp && !session_.stamp_holds(*message.stamp))
    message.stamp.reset();  // counted by the decoder
  if (!session_.message(message)) handle(message);
}

void Loop::handle(const egress::LinkMessage& message) {
  auto topic = topics::parse_topic(message.topic);
  const bool of_a_site = topic && topic->kind != topics::Kind::owntracks;
  if (!topic || (of_a_site && topic->site != options_.site)) return decoder_.unknown_topic(times_.real_ms);
  hooks_.arrived(topic->kind);
  if (topic->kind == topics::Kind::staff_request) return hooks_.staff(*topic, message, *ctx_);
  decoder_.handle(*topic, {message.topic, message.payload, message.correlation, message.stamp},
                  times_.real_ms, *ctx_);
}

bool Loop::commit() {
  journal_.remove_outgoing(outbox_.take_finished());
  const bool set_back = times_.real_ms < positions_written_ms_;
  if (set_back || times_.real_ms - positions_written_ms_ >= kPositionsEveryMs) {
    journal_.add_positions(engine_);
    positions_written_ms_ = times_.real_ms;
  }
  auto failure = journal_.commit();
  if (!failure) return true;
  hooks_.warn("store: " + *failure + "; nothing is acknowledged until it can be written again");
  while (failure) {
    hooks_.problem("store", *failure);
    if (!hooks_.try_again(*failure)) return false;
    failure = journal_.commit();
  }
  hooks_.problem("store", "");
  return true;
}

/// What may go out while the disk is busy, as far as nothing else of this step comes before it. Gives how
/// many. docs/decisions/025-others-words-go-out-ahead.md
std::size_t Loop::release_ahead(core::Effects& fx, const std::vector<std::uint64_t>& seqs) {
  std::size_t n = 0;
  for (; n < fx.out.size(); ++n) {
    const auto* publish = std::get_if<core::Publish>(&fx.out[n]);
    if (!publish || !publish->ahead) break;
    outbox_.push({seqs[n], std::move(fx.out[n])});
  }
  if (n > 0) session_.pump();
  return n;
}

void Loop::release(core::Effects& fx, const std::vector<std::uint64_t>& seqs, std::size_t ahead) {
  for (std::size_t i = ahead; i < fx.out.size(); ++i) outbox_.push({seqs[i], std::move(fx.out[i])});
  for (const core::HistoryQuery& query : fx.history) answer_history(query);
  release_peers(fx);
  for (const core::GroupId& id : fx.groups) hear_signals(id);
  hooks_.released(fx);
}

/// Only of groups that other sites have a part in.
void Loop::hear_signals(const core::GroupId& id) {
  const core::Group* group = engine_.state().group(id);
  session_.hear_signals(id, group && core::hears_signals(*group));
}

void Loop::open_peer(const core::Peer& peer) {
  if (!hooks_.peer_link) return;
  const std::uint64_t number = ++peer_links_;
  egress::PeerSender::Hooks hooks{[this, site = peer.site] { return hooks_.peer_token(site); }, hooks_.warn};
  peers_.erase(peer.site);
  peers_.emplace(peer.site, PeerLink{number, peer.host, peer.port,
                                     egress::PeerSender(options_.site, peer.site,
                                                        hooks_.peer_link(peer, number), std::move(hooks))});
}

/// Those that are new or have another address are dialled, with all that waits for them in the store; those
/// that are gone or shut are not any more. Gives the former.
std::set<core::SiteId> Loop::link_peers(const core::Effects& fx) {
  std::set<core::SiteId> fresh;
  const auto& peers = engine_.state().peers;
  for (const core::SiteId& site : fx.peers) {
    const auto peer = peers.find(site);
    const auto link = peers_.find(site);
    if (peer == peers.end() || !peer->second.shut.empty()) {
      if (link == peers_.end()) continue;
      link->second.sender.close();
      peers_.erase(link);
      continue;
    }
    const core::Peer& is = peer->second;
    if (link != peers_.end() && link->second.host == is.host && link->second.port == is.port) continue;
    open_peer(is);
    for (core::PeerOutgoing& out : journal_.peer_items())
      if (out.site == site && peers_.contains(site))
        peers_.at(site).sender.push(out.number, std::move(out.item), times_.real_ms);
    fresh.insert(site);
  }
  return fresh;
}

void Loop::release_peers(core::Effects& fx) {
  std::set<core::SiteId> fresh = link_peers(fx);
  const auto with = [&](const core::SiteId& site, auto f) {
    if (const auto it = peers_.find(site); it != peers_.end() && !fresh.contains(site)) f(it->second.sender);
  };
  for (const auto& site : fx.peers_cleared) with(site, [](auto& sender) { sender.clear(); });
  for (const auto& [site, upto] : fx.peers_took)
    with(site, [&, upto = upto](auto& sender) { sender.took(upto, times_.real_ms); });
  for (core::PeerOutgoing& out : fx.peer_items)
    with(out.site, [&](auto& sender) { sender.push(out.number, std::move(out.item), times_.real_ms); });
  for (auto& [site, signals] : fx.peer_signals)
    with(site, [&, &signals = signals](auto& sender) { sender.signal(std::move(signals)); });
  for (const auto& site : fx.peers_heard) with(site, [](auto& sender) { sender.heard(); });
  for (auto& [site, link] : peers_) link.sender.pump(engine_.state().peers.at(site), times_.real_ms);
}

void Loop::take_peer(std::uint64_t link, const egress::LinkEvent& event) {
  for (auto& [site, peer] : peers_)
    if (peer.number == link) peer.sender.event(event, times_.real_ms);
}

void Loop::answer_history(const core::HistoryQuery& query) {
  auto found = journal_.history(query);
  messages::Response response{query.request_id,
                              messages::RequestError{"unavailable", "the archive cannot be read", {}}};
  if (found)
    response.result = history_page(*std::move(found), query.limit);
  else
    hooks_.warn("store: the archive of " + query.group.str() + " cannot be read");
  core::Publish p{query.response_topic, encode(response), 1, false, false, query.correlation};
  outbox_.push({0, std::move(p)});
}

/// What the plugin is asked to tell comes second, so that it misses nobody while the feed goes on.
std::vector<messages::FeedOp> Loop::full_feed() const {
  auto ops = core::full_feed(engine_.state());
  if (hooks_.signed_in) ops.insert(ops.begin() + 1, messages::FeedSignIns{});
  return ops;
}

void Loop::signed_in(const messages::SignIn& sign_in) {
  if (!hooks_.signed_in) return;
  hooks_.signed_in(sign_in, hooks_.time_of(sign_in.issued_ms), *ctx_);
  signed_in_ = std::max(signed_in_, sign_in.n);
}

void Loop::broker_fed(std::uint64_t epoch) {
  const bool restarted = journal_.meta(store::kBrokerEpochKey) != std::to_string(epoch);
  broker_epoch_ = epoch;
  std::optional<core::TimeMs> restarted_at;
  if (restarted) restarted_at = hooks_.time_of(static_cast<std::int64_t>(epoch));
  engine_.broker_connected(restarted_at, *ctx_);
  hooks_.problem("broker", "");
}

void Loop::feed_confirmed(const core::FeedChange& change) {
  if (change.retires) engine_.feed_confirmed(*change.retires, *ctx_);
}

void Loop::refill_ids() {
  const std::size_t wanted = kFreshIds + engine_.state().plans.size();
  while (fresh_ids_.size() < wanted) fresh_ids_.push_back(hooks_.fresh_id());
}

void Loop::close(Times times) {
  journal_.add_positions(engine_);
  journal_.remove_outgoing(outbox_.take_finished());
  if (auto failure = journal_.commit()) hooks_.warn("store: " + *failure);
  session_.close(times.now);  // first: a site that hangs may take its time
  for (auto& [site, link] : peers_) link.sender.close();
}

}  // namespace convoke::app
