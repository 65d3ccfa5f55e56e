#include "mobile-sdk/src/transcript.h"

#include <algorithm>

namespace convoke::sdk {

bool Transcript::first_sight(std::string_view from, std::string_view id) {
  std::string key = std::string(from) + "/" + std::string(id);  // neither may hold a slash
  if (!seen_.insert(key).second) return false;
  seen_order_.push_back(std::move(key));
  if (seen_order_.size() > kMaxSeen) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return true;
}

bool Transcript::live(std::string_view from, std::string_view id, Place place, std::int64_t now_ms) {
  if (place <= complete_) return false;
  ahead_.insert(place);
  if (ahead_.size() > kMaxAhead) ahead_.erase(ahead_.begin());
  advance();
  watch_gap(now_ms);
  return first_sight(from, id);
}

bool Transcript::archived(std::string_view from, std::string_view id, Place place) {
  complete_ = std::max(complete_, place);
  return first_sight(from, id);
}

void Transcript::acked(Place upto, std::int64_t now_ms) {
  acked_ = std::max(acked_, upto);
  watch_gap(now_ms);
}

void Transcript::advance() {
  ahead_.erase(ahead_.begin(), ahead_.upper_bound(complete_));
  while (!ahead_.empty()) {
    const Place next = *ahead_.begin();
    // The first of a new epoch follows on whatever came before: a broker restart cuts every connection, and
    // each new connection asks the archive for the old epoch's rest.
    const bool follows = next.epoch == complete_.epoch ? next.n == complete_.n + 1 : next.n == 1;
    if (!follows) return;
    complete_ = next;
    ahead_.erase(ahead_.begin());
  }
}

void Transcript::watch_gap(std::int64_t now_ms) {
  if (acked_ > complete_) {
    due_ = std::min(due_.value_or(now_ms + kAckedGapMs), now_ms + kAckedGapMs);
  } else if (!ahead_.empty()) {
    due_ = due_.value_or(now_ms + gap_ms_);
  } else {
    due_.reset();
    gap_ms_ = kGapMs;
  }
}

void Transcript::tick(std::int64_t now_ms) {
  if (!due_ || *due_ > now_ms) return;
  want_ = true;
  due_.reset();
}

std::optional<Place> Transcript::take_history_request() {
  if (!want_ || asking_) return std::nullopt;
  want_ = false;
  asking_ = true;
  target_ = acked_;
  return complete_;
}

void Transcript::history_done(bool more, std::int64_t now_ms) {
  asking_ = false;
  want_ = want_ || more;
  if (!more) complete_ = std::max(complete_, target_);
  advance();
  if (!ahead_.empty()) gap_ms_ = std::min(gap_ms_ * 2, kMaxGapMs);
  watch_gap(now_ms);
}

}  // namespace convoke::sdk
