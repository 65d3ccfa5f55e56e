#include "backend/egress/peer_sender.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "topics/messages/peer.h"
#include "topics/topic.h"

namespace convoke::egress {
namespace {

constexpr std::size_t kWindow = 1024;           // items on their way
constexpr std::int64_t kAgainMs = 5'000;        // without an answer, what is on its way is sent again
constexpr std::int64_t kGiveUpMs = 30'000;      // and the connection is given up
constexpr std::int64_t kSignOfLifeMs = 10'000;  // the longest silence
constexpr std::int64_t kFirstRetryMs = 250, kMaxRetryMs = 2'000;

std::string link_topic(const topics::SiteId& own, const topics::SiteId& peer) {
  topics::Topic topic;
  topic.kind = topics::Kind::peer;
  topic.site = peer;
  topic.sender_site = own;
  topic.rest = "link";
  return format_topic(topic);
}

}  // namespace

PeerSender::PeerSender(topics::SiteId own, topics::SiteId peer, std::unique_ptr<Link> link, Hooks hooks)
    : topic_(link_topic(own, peer)), peer_(peer.str()), link_(std::move(link)), hooks_(std::move(hooks)) {}

void PeerSender::push(std::uint64_t number, std::string item, std::int64_t real_ms) {
  items_.push_back({number, std::move(item), real_ms});
}

void PeerSender::took(std::uint64_t upto, std::int64_t real_ms) {
  while (!items_.empty() && items_.front().number <= upto) {
    items_.pop_front();
    if (sent_ > 0) --sent_;
    progress_ms_ = real_ms;
    well();
  }
}

void PeerSender::clear() {
  items_.clear();
  sent_ = 0;
}

void PeerSender::connect(std::int64_t real_ms) {
  connecting_ = true;
  progress_ms_ = real_ms;
  ++attempts_;
  link_->connect(hooks_.token());
}

void PeerSender::down(const std::string& why, std::int64_t real_ms) {
  if (!up_ && !connecting_) return;
  if (why != last_error_) hooks_.problem("site " + peer_ + ": " + why);
  last_error_ = why;
  up_ = connecting_ = false;
  retry_ms_ = real_ms + std::min(kMaxRetryMs, kFirstRetryMs << std::min(attempts_, 6));
}

void PeerSender::event(const LinkEvent& event, std::int64_t real_ms) {
  if (const auto* up = std::get_if<LinkUp>(&event)) {
    if (up->connection != link_->connection() || !connecting_) return;
    up_ = owes_ack_ = true;  // says at once that it is there
    connecting_ = false;
    sent_ = 0;
    progress_ms_ = real_ms;
  } else if (const auto* gone = std::get_if<LinkDown>(&event)) {
    if (gone->connection == link_->connection()) down(gone->why, real_ms);
  } else if (const auto* done = std::get_if<LinkDone>(&event)) {
    if (done->connection == link_->connection() && done->reason >= 0x80)
      down("its broker refused a batch (MQTT reason " + std::to_string(done->reason) + ")", real_ms);
  }
}

void PeerSender::pump(const core::Peer& numbers, std::int64_t real_ms) {
  send_signals(numbers);
  // Where the clock was put back, waiting begins anew.
  progress_ms_ = std::min(progress_ms_, real_ms);
  items_sent_ms_ = std::min(items_sent_ms_, real_ms);
  if (!up_) {
    if (!connecting_ && (real_ms >= retry_ms_ || retry_ms_ > real_ms + kMaxRetryMs)) connect(real_ms);
    if (connecting_ && real_ms - progress_ms_ > kGiveUpMs) down("no answer within 30 s", real_ms);
    return;
  }
  if (items_.empty()) progress_ms_ = real_ms;
  if (sent_ > 0 && real_ms - std::max(progress_ms_, items_sent_ms_) >= kAgainMs) sent_ = 0;
  if (!items_.empty() && real_ms - progress_ms_ > kGiveUpMs)
    return down("nothing was taken within 30 s", real_ms);
  while (up_ && sent_ < items_.size() && sent_ < kWindow) sent_ += send_batch(numbers, sent_, real_ms);
  const bool silent = real_ms - sent_ms_ >= kSignOfLifeMs || real_ms < sent_ms_;
  if (!up_ || !(owes_ack_ || silent)) return;
  if (silent && items_.empty()) well();
  send_batch(numbers, items_.size(), real_ms);
}

/// With QoS 0: no broker keeps them either.
void PeerSender::send_signals(const core::Peer& numbers) {
  const auto signals = std::exchange(signals_, {});
  if (!up_ || signals.empty()) return;
  messages::PeerBatch batch = empty_batch(numbers, items_.size());
  batch.signals = signals;
  link_->publish(topic_, encode_peer_batch(batch, {}), 0, false, {}, 0);
}

messages::PeerBatch PeerSender::empty_batch(const core::Peer& numbers, std::size_t from) const {
  return {numbers.epoch,
          from < items_.size() ? items_[from].number : numbers.next,
          numbers.in_epoch,
          numbers.in_upto,
          {},
          numbers.version,
          messages::kPeerVersion,
          {messages::kPeerFeatures.begin(), messages::kPeerFeatures.end()}};
}

/// How many items it has sent.
std::size_t PeerSender::send_batch(const core::Peer& numbers, std::size_t from, std::int64_t real_ms) {
  std::vector<std::string_view> texts;
  std::size_t bytes = 0;
  for (std::size_t i = from; i < items_.size() && texts.size() < messages::kMaxPeerItems; ++i) {
    bytes += items_[i].text.size();
    if (!texts.empty() && bytes > messages::kMaxPeerBytes) break;
    texts.push_back(items_[i].text);
  }
  const messages::PeerBatch batch = empty_batch(numbers, from);
  sent_ms_ = real_ms;
  if (!texts.empty()) items_sent_ms_ = real_ms;
  owes_ack_ = false;
  link_->publish(topic_, encode_peer_batch(batch, texts), 1, false, {}, 1);
  return texts.size();
}

std::int64_t PeerSender::lag_ms(std::int64_t real_ms) const {
  return items_.empty() ? 0 : std::max<std::int64_t>(real_ms - items_.front().since_ms, 0);
}

}  // namespace convoke::egress
