#include "backend/egress/broker_session.h"

#include <algorithm>

#include "topics/messages/area_event.h"
#include "topics/topic.h"

namespace convoke::egress {
namespace {

constexpr std::int64_t kFirstRetryMs = 250;
constexpr std::int64_t kMaxRetryMs = 5'000;
constexpr std::size_t kMaxFeedBytes = 40'000;  // user names in one feed message
constexpr std::size_t kMaxFeedOps = 64;

std::size_t bytes_of(const messages::FeedOp& op) {
  std::size_t bytes = 128;
  if (auto* add = std::get_if<messages::FeedAdd>(&op))
    for (const auto& user : add->users) bytes += user.size() + 3;
  if (auto* standing = std::get_if<messages::FeedStanding>(&op))
    for (const auto& user : standing->users) bytes += user.size() + 3;
  if (auto* peer = std::get_if<messages::FeedPeer>(&op)) bytes += 2 * peer->keys.size();  // its quotes double
  return bytes;
}

}  // namespace

BrokerSession::BrokerSession(topics::SiteId site, topics::ServerId server, std::string version, Link& link,
                             Outbox& outbox, Listener listener)
    : site_(std::move(site)),
      server_(std::move(server)),
      version_(std::move(version)),
      marker_topic_(topics::server_marker_topic(site_, server_)),
      status_topic_(topics::server_status_topic(site_, server_)),
      link_(link),
      outbox_(outbox),
      listener_(std::move(listener)),
      next_feed_seq_(0) {}

void BrokerSession::tick(std::int64_t real_ms) {
  // A step is not longer than a second: where this thread was held up, so were the answers that wait for it.
  // Nor does it go back with the clock.
  const std::int64_t step = std::clamp<std::int64_t>(real_ms - now_ms_, 0, 1000);
  now_ms_ = real_ms;
  if (phase_ == Phase::down) {
    retry_in_ms_ -= step;
    if (retry_in_ms_ > 0) return;
    phase_ = Phase::connecting;
    waited_ms_ = settled_ms_ = 0;
    ++attempts_;
    link_.connect(listener_.read_token());
    return;
  }
  waited_ms_ = waiting() ? waited_ms_ + step : 0;
  if (waited_ms_ >= kPatienceMs) return give_up("no answer within 10 s");
  settled_ms_ += phase_ == Phase::running ? step : 0;
  if (settled_ms_ >= kPatienceMs) attempts_ = 0;
}

bool BrokerSession::waiting() const { return phase_ != Phase::running || !feeds_out_.empty(); }

void BrokerSession::give_up(const std::string& why) { link_down({link_.connection(), why}); }

void BrokerSession::link_up(const LinkUp& up, std::int64_t real_ms) {
  if (up.connection != link_.connection() || phase_ != Phase::connecting) return;
  waited_ms_ = 0;
  // Answers to an earlier process's feeds may still be queued for us: numbers grow with the clock.
  next_feed_seq_ = std::max(next_feed_seq_, static_cast<std::uint64_t>(real_ms) * 100);
  marker_ = std::to_string(real_ms) + "-" + std::to_string(up.connection);
  const std::string p = "cv1/" + site_.str();
  std::vector<Link::Filter> filters{
      {std::string(topics::kFeedResponseTopic)},
      {marker_topic_},
      {p + "/u/+/+/presence", 1, true},  // the broker may have dropped what it queued while we were away
      {p + "/u/+/+/req"},
      {p + "/g/+/chat/+"},
      {p + "/g/+/notice"},
      {p + "/staff/+/+/req"},
      {p + "/staff/+/+/event"},
      {p + "/peer/+/link"},
      {"owntracks/+/+", 0},
      {p + "/u/+/+/pos", 0},  // positions with QoS 0: a saturated broker starves QoS 1 subscribers
  };
  for (const topics::GroupId& group : signals_of_) filters.push_back({signal_filter(group), 0});
  link_.subscribe(filters);
  phase_ = Phase::feeding;
  first_feed_seq_ = next_feed_seq_ + 1;
  send_full_feed();
}

void BrokerSession::link_down(const LinkDown& down) {
  if (down.connection != link_.connection() || phase_ == Phase::down) return;
  listener_.problem("broker: " + down.why);
  phase_ = Phase::down;
  feeds_out_.clear();
  epoch_.reset();
  outbox_.restart();
  retry_in_ms_ = std::min(kMaxRetryMs, kFirstRetryMs << std::min(attempts_, 5));
}

void BrokerSession::send_feed(std::vector<messages::FeedOp> ops) {
  messages::Feed feed{++next_feed_seq_, std::move(ops)};
  link_.publish(std::string(topics::kFeedTopic), encode(feed), 1, false, {}, 0);
}

void BrokerSession::send_full_feed() {
  std::vector<messages::FeedOp> pack;
  std::size_t bytes = 0;
  for (auto& op : listener_.full_feed()) {
    const std::size_t more = bytes_of(op);
    if (!pack.empty() && (pack.size() == kMaxFeedOps || bytes + more > kMaxFeedBytes)) {
      send_feed(std::exchange(pack, {}));
      bytes = 0;
    }
    bytes += more;
    pack.push_back(std::move(op));
  }
  send_feed(std::move(pack));
  last_full_feed_seq_ = next_feed_seq_;
}

void BrokerSession::feed_response(const messages::FeedResponse& r) {
  if (phase_ == Phase::down) return;
  if (listener_.signed_in)
    for (const messages::SignIn& one : r.sign_ins) listener_.signed_in(one);
  if (r.seq < first_feed_seq_) return;  // to an earlier connection's feed
  const bool to_be_ready = r.seq >= last_full_feed_seq_;
  if (!r.error.empty()) return give_up("the plugin refused a feed: " + r.error);
  if (to_be_ready && !r.ready) return give_up("the plugin has lost its feed");
  waited_ms_ = 0;
  epoch_ = r.epoch;
  for (const auto& [name, value] : r.counters) counters_[name] = value;
  if (phase_ == Phase::feeding && r.seq == last_full_feed_seq_) {
    listener_.fed(r.epoch);
    return start_draining();
  }
  auto it = feeds_out_.find(r.seq);
  if (it == feeds_out_.end()) return;
  const std::uint64_t number = it->second;
  feeds_out_.erase(it);
  if (auto message = outbox_.done(number)) listener_.feed_confirmed(std::get<core::FeedChange>(*message));
}

void BrokerSession::start_draining() {
  phase_ = Phase::draining;
  outbox_.set_connected(true);
  link_.publish(marker_topic_, marker_, 1, false, {}, 0);
}

/// What the broker still has of groups that were given up while it was away brings nothing: they have ended.
void BrokerSession::hear_signals(const topics::GroupId& group, bool hear) {
  const bool news = hear ? signals_of_.insert(group).second : signals_of_.erase(group) > 0;
  if (!news || phase_ == Phase::down || phase_ == Phase::connecting) return;
  if (hear)
    link_.subscribe({{signal_filter(group), 0}});
  else
    link_.unsubscribe(signal_filter(group));
}

std::string BrokerSession::signal_filter(const topics::GroupId& group) const {
  return "cv1/" + site_.str() + "/g/" + group.str() + "/signal/+";
}

void BrokerSession::ask_counters() {
  if (phase_ == Phase::running) send_feed({messages::FeedCounters{}});
}

void BrokerSession::keep_sign_ins(std::uint64_t n) {
  if (phase_ == Phase::draining || phase_ == Phase::running) send_feed({messages::FeedSignIns{n}});
}

void BrokerSession::link_done(const LinkDone& done) {
  if (done.connection != link_.connection() || done.number == 0) return;
  auto message = outbox_.done(done.number);
  if (message && done.reason >= 0x80)
    listener_.problem("broker refused " + std::get<core::Publish>(*message).topic + " (MQTT reason " +
                      std::to_string(done.reason) + ")");
}

bool BrokerSession::message(const LinkMessage& m) {
  if (m.connection != link_.connection()) return false;
  if (phase_ == Phase::draining) waited_ms_ = 0;  // the backlog comes before the marker
  if (m.topic == topics::kFeedResponseTopic) {
    if (auto r = messages::decode_feed_response(m.payload)) feed_response(*r);
    return true;
  }
  if (m.topic != marker_topic_) return false;
  if (m.payload == marker_ && phase_ == Phase::draining) phase_ = Phase::running;
  return true;
}

void BrokerSession::pump() {
  if (phase_ != Phase::draining && phase_ != Phase::running) return;
  while (auto next = outbox_.next()) {
    if (auto* feed = std::get_if<core::FeedChange>(next->message)) {
      feeds_out_[next_feed_seq_ + 1] = next->number;
      send_feed(feed->ops);
      continue;
    }
    send(std::get<core::Publish>(*next->message), next->number);
    if (phase_ == Phase::down) return;
  }
}

void BrokerSession::send(const core::Publish& p, std::uint64_t number) {
  const std::size_t bytes = p.topic.size() + p.payload.size() + p.correlation.size();
  if (bytes > kMaxMessageBytes) {
    ++too_large_;
    listener_.problem("not sent: " + std::to_string(bytes) + " bytes on " + p.topic + " are too many");
    outbox_.done(number);
    return;
  }
  link_.publish(p.topic, p.payload, p.qos, p.retain, p.correlation, number);
  if (p.qos == 0) outbox_.done(number);
}

void BrokerSession::publish_status(bool up, std::int64_t now_ms) {
  if (phase_ != Phase::draining && phase_ != Phase::running) return;
  link_.publish(status_topic_, encode(messages::ServerStatus{up, version_, now_ms}), 1, true, {}, 0);
}

void BrokerSession::close(std::int64_t now_ms) {
  publish_status(false, now_ms);
  link_.disconnect();
  phase_ = Phase::down;
}

}  // namespace convoke::egress
