#include "backend/egress/outbox.h"

#include <algorithm>
#include <utility>

namespace convoke::egress {
namespace {

// Publishes on their way to the broker at one time. Paho searches all of them for each one that is sent or
// taken, so more would only cost; these bridge the time from one turn of the loop to the next.
constexpr std::size_t kMaxOut = 200;

}  // namespace

void Outbox::push(Entry entry) {
  if (entry.seq == 0 && !connected_) return;
  entries_.push_back({std::move(entry)});
}

std::optional<Outbox::Next> Outbox::next() {
  if (!connected_ || sent_ == entries_.size()) return std::nullopt;
  const Slot& slot = entries_[sent_];
  if (is_feed(slot) ? publishes_out_ > 0 : feeds_out_ > 0 || publishes_out_ >= kMaxOut) return std::nullopt;
  ++(is_feed(slot) ? feeds_out_ : publishes_out_);
  return Next{first_ + sent_++, &slot.entry.message};
}

std::optional<core::Outgoing> Outbox::done(std::uint64_t number) {
  if (number < first_ || number >= first_ + sent_) return std::nullopt;
  Slot& slot = entries_[number - first_];
  if (std::exchange(slot.done, true)) return std::nullopt;
  --(is_feed(slot) ? feeds_out_ : publishes_out_);
  if (slot.entry.seq) finished_.push_back(slot.entry.seq);
  std::optional<core::Outgoing> message = std::move(slot.entry.message);
  if (std::holds_alternative<core::FeedChange>(*message))
    slot.entry.message = core::FeedChange{};
  else
    slot.entry.message = core::Publish{};
  while (!entries_.empty() && entries_.front().done) {
    entries_.pop_front();
    ++first_;
    --sent_;
  }
  return message;
}

void Outbox::restart() {
  std::erase_if(entries_, [](const Slot& s) { return s.done || s.entry.seq == 0; });
  first_ += 1'000'000'000;  // numbers of the old connection mean nothing any more
  sent_ = publishes_out_ = feeds_out_ = 0;
  connected_ = false;
}

std::vector<std::uint64_t> Outbox::take_finished() { return std::exchange(finished_, {}); }

std::optional<std::uint64_t> Outbox::oldest() const {
  for (const Slot& slot : entries_)
    if (!slot.done && slot.entry.seq != 0) return slot.entry.seq;
  return std::nullopt;
}

}  // namespace convoke::egress
